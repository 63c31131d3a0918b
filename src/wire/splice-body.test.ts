import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { members, plainKey, readBack, style, writeBody } from './fixtures/json-bodies.ts';
import { scanBody } from './scan-body.ts';
import { spliceBody } from './splice-body.ts';

const splice = (text: string, edits: Record<string, string | null>): string =>
  spliceBody(
    scanBody(Buffer.from(text)),
    new Map(
      Object.entries(edits).map(([key, json]) => [key, json === null ? null : Buffer.from(json)]),
    ),
  ).toString();

describe('spliceBody', () => {
  test('equals parse, modify, serialise', () => {
    const edit = fc.option(fc.oneof(fc.string(), fc.integer(), fc.constant({ model: ['"'] })));
    fc.assert(
      fc.property(
        members,
        style,
        fc.array(fc.tuple(plainKey, edit), { maxLength: 5 }),
        fc.infiniteStream(fc.boolean()),
        (entries, how, others, coins) => {
          const bytes = writeBody(entries, how);
          // Half of the body's own keys are edited too, so that replacing and removing are common.
          const own = entries
            .filter(() => coins.next().value)
            .map(([key]) => [key, coins.next().value ? null : 'new'] as const);
          const edits = new Map<string, unknown>([...others, ...own]);
          const expected = new Map<string, unknown>(entries);
          for (const [key, value] of edits) {
            if (value === null) expected.delete(key);
            else expected.set(key, value);
          }
          const spliced = spliceBody(
            scanBody(bytes),
            new Map(
              [...edits].map(([key, value]) => [
                key,
                value === null ? null : Buffer.from(JSON.stringify(value)),
              ]),
            ),
          );
          expect(readBack(spliced)).toEqual(Object.fromEntries(expected));
          expect([...scanBody(spliced).fields.keys()].toSorted()).toEqual(
            [...expected.keys()].toSorted(),
          );
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('keeps every other byte, numbers and escapes included', () => {
    expect(splice('{ "a" : 1.0e+2,"model":"x" , "b":"\\u0041"}', { model: '"y"' })).toBe(
      '{ "a" : 1.0e+2,"model":"y" , "b":"\\u0041"}',
    );
  });

  test('removes first, middle, last and all members, and adds to what is left', () => {
    const body = '{"a":1, "b":2 ,"c":3}';
    expect(splice(body, { a: null })).toBe('{"b":2 ,"c":3}');
    expect(splice(body, { b: null })).toBe('{"a":1, "c":3}');
    expect(splice(body, { c: null })).toBe('{"a":1, "b":2}');
    expect(splice(body, { b: null, c: null })).toBe('{"a":1}');
    expect(splice(body, { a: null, b: null, c: null })).toBe('{}');
    expect(splice(body, { a: null, b: null, c: null, d: '4', e: '5' })).toBe('{"d":4,"e":5}');
    expect(splice(body, { c: null, d: '4', x: null })).toBe('{"a":1, "b":2,"d":4}');
    expect(splice('{}', { d: '4' })).toBe('{"d":4}');
  });

  test('drops what stands around the object', () => {
    expect(splice('\ufeff\n {"a":1}\n', { a: '2' })).toBe('{"a":2}');
  });
});
