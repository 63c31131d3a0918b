import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import type { SystemPrompt } from '../contract/index.ts';
import { BodyEdits } from './body-edits.ts';
import { TARGETS, rawJson } from './fixtures/raw-json.ts';
import { isGenericPrompt } from './generic-prompt.ts';
import { scanBody } from './scan-body.ts';
import { systemPromptEdit } from './system-prompt.ts';

function setAt(body: string, ...changes: (readonly [path: string[], value: unknown])[]): string {
  const edits = new BodyEdits(scanBody(Buffer.from(body)));
  for (const [path, value] of changes) edits.setAt(path, Buffer.from(JSON.stringify(value)));
  return edits.build().toString();
}

describe('BodyEdits', () => {
  test('without changes gives the very bytes', () => {
    const bytes = Buffer.from('\ufeff {"a":1}\n');
    expect(new BodyEdits(scanBody(bytes)).build()).toBe(bytes);
  });

  test.each([
    ['{"a": 1.0 }', ['a'], '{"a": 7 }'],
    ['{"b":1}', ['a'], '{"b":1,"a":7}'],
    ['{"b":1}', ['a', 'x', 'y'], '{"b":1,"a":{"x":{"y":7}}}'],
    ['{"a":{"z": 1.0 , "x":0}, "b":2}', ['a', 'x'], '{"a":{"z": 1.0 , "x":7}, "b":2}'],
    ['{"a":{"z":12345678901234567890}}', ['a', 'x'], '{"a":{"z":12345678901234567890,"x":7}}'],
    ['{"a":{ }}', ['a', 'x'], '{"a":{ "x":7}}'],
    ['{"a":null}', ['a', 'x'], '{"a":{"x":7}}'],
    ['{"a":[1]}', ['a', '0'], '{"a":{"0":7}}'],
    ['{"a":{"x":"s"}}', ['a', 'x', 'y'], '{"a":{"x":{"y":7}}}'],
    ['{"a":{"b":{"x":1}},"x":2}', ['a', 'b', 'x'], '{"a":{"b":{"x":7}},"x":2}'],
  ])('%s at %j is %s', (body, path, expected) => {
    expect(setAt(body, [path, 7])).toBe(expected);
  });

  test('changes of one member follow one another', () => {
    expect(setAt('{"a":{"x":1}}', [['a', 'y'], 2], [['a', 'x'], 3], [['a', 'z', 'w'], 4])).toBe(
      '{"a":{"x":3,"y":2,"z":{"w":4}}}',
    );
  });

  test('a key of the path that stands twice, or escaped, is refused; elsewhere it is not its matter', () => {
    expect(() => setAt('{"a":{"x":1,"x":2}}', [['a', 'x'], 7])).toThrow(
      /"x" stands more than once/,
    );
    expect(() => setAt(String.raw`{"a":{"\u0078":1}}`, [['a', 'x'], 7])).toThrow(/with escapes/);
    expect(setAt('{"a":{"y":1,"y":2}}', [['a', 'x'], 7])).toBe('{"a":{"y":1,"y":2,"x":7}}');
  });
});

/** A hundred thousand with SPLICE_RUNS=100000. */
const RUNS = Number(process.env['SPLICE_RUNS'] ?? 1500);

type Json = Record<string, unknown>;
type Edit = readonly [path: readonly string[], json: string | null];

const key = fc.constantFrom<string>(...TARGETS);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.array(key, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('1', '"\\ud83d"', '{"alpha":{"beta_1":2}}', '[]', 'null'),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.tuple(key), fc.constant(null)) },
);

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const parse = (text: string): unknown => JSON.parse(text.replace(/^\ufeff/, ''));

function modified(body: string, edits: readonly Edit[]): unknown {
  const root = parse(body) as Json;
  for (const [path, json] of edits) {
    let parent = root;
    for (const name of path.slice(0, -1)) {
      if (!isObject(parent[name])) parent[name] = {};
      parent = parent[name] as Json;
    }
    if (json === null) delete parent[path.at(-1)!];
    else parent[path.at(-1)!] = JSON.parse(json);
  }
  return root;
}

/** What splicing gives, parsed; null for a refusal. Anything but a coded refusal is thrown on. */
function spliced(run: () => Buffer): unknown {
  try {
    return parse(run().toString());
  } catch (error) {
    if (
      Fault.isInstance(error) &&
      ['BRS_FIELD_DUPLICATE', 'BRS_FIELD_ESCAPED'].includes(error.code)
    )
      return null;
    throw error;
  }
}

function isEqual(actual: unknown, expected: unknown): boolean {
  return isDeepStrictEqual(actual, expected);
}

describe.each([true, false])(
  'fuzz: parse, modify, serialise, or a refusal (plain keys: %s)',
  (isPlain) => {
    const raw = rawJson(isPlain);

    test('members by path', { timeout: 600_000 }, () => {
      let served = 0;
      fc.assert(
        fc.property(raw.body, fc.array(edit, { minLength: 1, maxLength: 4 }), (body, edits) => {
          const result = spliced(() => {
            const target = new BodyEdits(scanBody(Buffer.from(body)));
            for (const [path, json] of edits) {
              if (json === null) target.set(path[0]!, null);
              else target.setAt(path, Buffer.from(json));
            }
            return target.build();
          });
          if (result === null) return !isPlain;
          served++;
          return isEqual(result, modified(body, edits));
        }),
        { numRuns: RUNS },
      );
      expect(served).toBeGreaterThan(RUNS / 10);
    });

    test('system prompts', { timeout: 600_000 }, () => {
      let served = 0;
      const mode = fc.constantFrom<SystemPrompt['mode']>(
        'replace',
        'prepend',
        'append',
        'onlyIfGeneric',
      );
      fc.assert(
        fc.property(raw.conversation, mode, (body, how) => {
          const prompt: SystemPrompt = { mode: how, text: 'Be "brief"\\.\n😀' };
          const result = spliced(() => {
            const scanned = scanBody(Buffer.from(body));
            const edits = new BodyEdits(scanned);
            const messages = systemPromptEdit(scanned, prompt);
            if (messages !== null) edits.set('messages', messages);
            return edits.build();
          });
          if (result === null) return !isPlain;
          served++;
          return isEqual(result, prompted(body, prompt));
        }),
        { numRuns: RUNS },
      );
      expect(served).toBeGreaterThan(RUNS / 10);
    });
  },
);

function prompted(body: string, { mode, text }: SystemPrompt): unknown {
  const root = parse(body) as { messages: unknown[] };
  const system = root.messages.find(
    (it): it is Json => isObject(it) && ['system', 'developer'].includes(it['role'] as string),
  );
  if (system === undefined) {
    root.messages.unshift({ role: 'system', content: text });
  } else {
    system['content'] = contentOf(system['content'], mode, text);
  }
  return root;
}

function contentOf(own: unknown, mode: SystemPrompt['mode'], text: string): unknown {
  if (mode === 'onlyIfGeneric') return isGenericContent(own) ? text : own;
  if (mode === 'replace') return text;
  if (typeof own === 'string') {
    if (own === '') return text;
    return mode === 'prepend' ? `${text}\n\n${own}` : `${own}\n\n${text}`;
  }
  if (!Array.isArray(own)) return text;
  const part = { type: 'text', text };
  return mode === 'prepend' ? [part, ...(own as unknown[])] : [...(own as unknown[]), part];
}

function isGenericContent(own: unknown): boolean {
  if (own === undefined || own === null) return true;
  if (typeof own === 'string') return isGenericPrompt(own);
  return Array.isArray(own) && own.every((part: Json) => isGenericPrompt(part['text'] as string));
}
