import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import { members, readBack, style, writeBody } from './fixtures/json-bodies.ts';
import { scanBody } from './scan-body.ts';

const scan = (text: string): ReturnType<typeof scanBody> => scanBody(Buffer.from(text));

function faultOf(bytes: Buffer | string): Fault {
  try {
    scanBody(Buffer.from(bytes));
  } catch (error) {
    if (Fault.isInstance(error)) return error;
    throw error;
  }
  throw new Error(`accepted: ${bytes.toString().slice(0, 80)}`);
}

describe('scanBody', () => {
  test('finds every top-level member, whatever its text holds', () => {
    fc.assert(
      fc.property(members, style, (entries, how) => {
        const bytes = writeBody(entries, how);
        const body = scanBody(bytes);
        expect([...body.fields.keys()]).toEqual(entries.map(([key]) => key));
        for (const [key, value] of entries) {
          const { keyStart, start, end } = body.fields.get(key)!;
          expect(bytes[keyStart]).toBe(0x22);
          expect(readBack(bytes.subarray(start, end))).toEqual(value);
        }
        expect(bytes[body.open]).toBe(0x7b);
        expect(bytes[body.close]).toBe(0x7d);
      }),
      { numRuns: 1000 },
    );
  });

  test('finds them in a body too long to be checked inside of its strings', () => {
    const long = `${'a"\\'.repeat(3000)}\\`;
    const body = scan(JSON.stringify({ first: long, model: 'm', nested: { model: [long] } }));
    const { start, end } = body.fields.get('model')!;
    expect(body.bytes.toString('utf8', start, end)).toBe('"m"');
    expect([...body.fields.keys()]).toEqual(['first', 'model', 'nested']);
  });

  test('accepts a small body exactly when JSON.parse reads an object from it', () => {
    const insertions = [
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '0',
      '-',
      '.',
      'e',
      'u',
      't',
      'null',
    ];
    const stranger = [' ', '\n', '\u0001', '1', '+', '\\u12', '01', '"":', ''];
    const edit = fc.record({
      at: fc.nat(),
      insert: fc.constantFrom(...insertions, ...stranger),
      removed: fc.integer({ min: 0, max: 2 }),
    });
    let rejected = 0;
    fc.assert(
      fc.property(members, fc.array(edit, { maxLength: 2 }), (entries, edits) => {
        let text = JSON.stringify(Object.fromEntries(entries));
        for (const { at, insert, removed } of edits) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + insert + text.slice(place + removed);
        }
        const isObject = isJsonObject(text);
        try {
          scan(text);
          expect(isObject, text).toBe(true);
        } catch (error) {
          if (!Fault.isInstance(error)) throw error;
          rejected++;
          const isStricter = /FIELD_DUPLICATE|FIELD_ESCAPED/.test(error.code);
          expect(isObject && !isStricter, `${error.message} in ${text}`).toBe(false);
        }
      }),
      { numRuns: 5000 },
    );
    expect(rejected).toBeGreaterThan(500);
  });

  test.each([
    ['', 'BRS_BODY_EMPTY'],
    ['  \n', 'BRS_BODY_EMPTY'],
    ['\ufeff', 'BRS_BODY_EMPTY'],
    ['[]', 'BRS_BODY_NOT_OBJECT'],
    ['"text"', 'BRS_BODY_NOT_OBJECT'],
    ['12', 'BRS_BODY_NOT_OBJECT'],
    ['null', 'BRS_BODY_NOT_OBJECT'],
    ['hello', 'BRS_BODY_NOT_JSON'],
    ['{"a":1', 'BRS_BODY_NOT_JSON'],
    ['{"a":1}}', 'BRS_BODY_NOT_JSON'],
    ['{"a":1,}', 'BRS_BODY_NOT_JSON'],
    ['{"a":tru}', 'BRS_BODY_NOT_JSON'],
    ['{"a":"\t"}', 'BRS_BODY_NOT_JSON'],
    ['{"a":"\u001f"}', 'BRS_BODY_NOT_JSON'],
    ['{"model":"a","model":"b"}', 'BRS_FIELD_DUPLICATE'],
    ['{"x":1,"model":"a","x":2}', 'BRS_FIELD_DUPLICATE'],
    ['{"\\u006dodel":"a"}', 'BRS_FIELD_ESCAPED'],
    ['{"a\\"b":"a"}', 'BRS_FIELD_ESCAPED'],
  ])('refuses %j with %s', (text, code) => {
    expect(faultOf(text).code).toBe(code);
  });

  test('says what is wrong, and at which byte', () => {
    expect(faultOf('{"a":"é" 1}').message).toBe(
      'The body is not valid JSON: a comma or "}" is expected at byte 10.',
    );
    expect(faultOf('{"a":').message).toContain('it ends too early at byte 5');
    expect(faultOf(`{"a":"${'x'.repeat(9000)}`).message).toContain(
      'it ends too early at byte 9006',
    );
    expect(faultOf('{"model":1,"model":2}').param).toBe('model');
  });

  test('a nested key may stand twice: only the top level decides', () => {
    expect(scan('{"a":{"b":1,"b":2},"\u00e9":{"\\u0062":1}}').fields.size).toBe(2);
  });

  test('a huge hostile body costs one pass', () => {
    const n = 4_000_000;
    expect(scan(`{"a":"${'\\"'.repeat(n)}"}`).fields.size).toBe(1);
    expect(scan(`{"a":"${'\\\\'.repeat(n)}"}`).fields.size).toBe(1);
    expect(faultOf(`{"a":"${'\\'.repeat(n)}`).code).toBe('BRS_BODY_NOT_JSON');
    expect(faultOf(`{"a":${'['.repeat(n)}`).message).toContain('deeper than 128');
    expect(faultOf(`{"a":${'{"a":'.repeat(n)}`).message).toContain('deeper than 128');
    expect(faultOf(`{"a":"${'x'.repeat(n)}`).code).toBe('BRS_BODY_NOT_JSON');
    expect(faultOf(`{${Array.from({ length: 100_000 }, (_, i) => `"${i}":1`).join()}}`).code).toBe(
      'BRS_FIELD_COUNT',
    );
  });
});

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
