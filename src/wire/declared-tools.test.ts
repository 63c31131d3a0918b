import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import { BodyEdits } from './body-edits.ts';
import {
  calledTools,
  chosenTools,
  cutTools,
  declaredTools,
  shownToolName,
} from './declared-tools.ts';
import { trickyText } from './fixtures/json-bodies.ts';
import { scanBody } from './scan-body.ts';

type Json = Record<string, unknown>;

const bodyOf = (text: string) => scanBody(Buffer.from(text));

/** The body without the tools that go by a name of `denied`. */
function cut(text: string, denied: (names: readonly string[]) => boolean): string {
  const body = bodyOf(text);
  const declared = declaredTools(body);
  const places = declared.flatMap(({ names }, place) => (denied(names) ? [place] : []));
  const edits = new BodyEdits(body);
  cutTools(body, edits, declared, places);
  return edits.build().toString();
}

const without = (text: string, ...names: string[]): string =>
  cut(text, (own) => own.some((name) => names.includes(name)));

const chat = (name: string): string => `{"type":"function","function":{"name":"${name}"}}`;

describe('the names of a tool', () => {
  test.each([
    ['{"type":"function","function":{"name":"a"}}', ['a']],
    ['{"type":"function","name":"b","parameters":{"name":"no"}}', ['b']],
    ['{"type":"custom","custom":{"name":"c"}}', ['c']],
    ['{"type":"web_search_preview"}', ['web_search_preview']],
    ['{"type":"mcp","server_label":"x"}', ['mcp']],
    ['{"type":"bash_20250124","name":"bash"}', ['bash_20250124', 'bash']],
    ['{"type":"function","name":"safe","function":{"name":"shell"}}', ['shell', 'safe']],
    [
      '{"type":"namespace","name":"crm","tools":[{"type":"function","name":"d"}]}',
      ['namespace', 'crm', 'd'],
    ],
    ['{"function":{"name":"sh\\u0065ll"}}', ['shell']],
    ['{"type":"function"}', []],
    ['"shell"', []],
    ['{"function":{"name":7}}', []],
  ])('%s', (element, names) => {
    const declared = declaredTools(bodyOf(`{"tools":[${element}]}`));
    expect(declared.map((tool) => tool.names)).toEqual([names]);
  });

  test.each([
    '{"function":{"name":"safe","name":"shell"}}',
    '{"name":"safe","name":"shell"}',
    '{"function":{"n\\u0061me":"shell"}}',
    '{"type":"x","\\u0074ype":"y"}',
    '{"function":{"name":"a"},"function":{"name":"b"}}',
  ])('%s is refused: two readers could see two names', (element) => {
    expect(() => declaredTools(bodyOf(`{"tools":[${element}]}`))).toThrow(Fault);
  });

  test('of the old list, and of the search that has a member of its own', () => {
    const body = bodyOf(
      '{"functions":[{"name":"a"}],"web_search_options":{},"tools":[{"name":"b"}]}',
    );
    expect(declaredTools(body).map(({ names }) => names[0])).toEqual(['b', 'a', 'web_search']);
  });
});

describe('cutting', () => {
  test.each([
    ['{"tools":[A,B,C]}', ['a'], '{"tools":[B,C]}'],
    ['{"tools":[A,B,C]}', ['b'], '{"tools":[A,C]}'],
    ['{"tools":[A,B,C]}', ['c'], '{"tools":[A,B]}'],
    ['{"tools":[ A ,\n B ,C ]}', ['a', 'c'], '{"tools":[ B ]}'],
    ['{"x":1,"tools":[A,B]}', ['x'], '{"x":1,"tools":[A,B]}'],
    ['{"tools":[A],"tool_choice":"auto","parallel_tool_calls":true,"x":1}', ['a'], '{"x":1}'],
    ['{"functions":[{"name":"a"}],"function_call":"auto"}', ['a'], '{}'],
    [
      '{"tools":[A],"functions":[{"name":"b"}],"tool_choice":"auto"}',
      ['a'],
      '{"functions":[{"name":"b"}]}',
    ],
    ['{"web_search_options":{"a":1},"n":1}', ['web_search'], '{"n":1}'],
  ])('%s without %j', (pattern, names, expected) => {
    const write = (text: string): string =>
      text.replaceAll(/\b[ABC]\b/g, (letter) => chat(letter.toLowerCase()));
    expect(without(write(pattern), ...names)).toBe(write(expected));
  });
});

describe('the choice and the conversation', () => {
  test.each([
    ['"tool_choice":"required"', []],
    ['"tool_choice":{"type":"function","function":{"name":"a"}}', ['a']],
    ['"tool_choice":{"type":"function","name":"a"}', ['a']],
    ['"tool_choice":{"type":"web_search_preview"}', ['web_search_preview']],
    [
      '"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"a"},{"type":"mcp"}]}',
      ['a', 'mcp'],
    ],
    [
      '"tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[{"function":{"name":"a"}}]}}',
      ['a'],
    ],
    ['"function_call":{"name":"a"}', ['a']],
  ])('%s', (member, names) => {
    expect(chosenTools(bodyOf(`{${member}}`))).toEqual(names);
  });

  test.each([
    [
      '"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"a"}},{"function":{"name":"b"}}]}]',
      ['a', 'b'],
    ],
    ['"messages":[{"role":"assistant","function_call":{"name":"a"}}]', ['a']],
    ['"messages":[{"role":"user","content":"tool_calls"}]', []],
    [
      '"input":[{"type":"function_call","name":"a"},{"type":"web_search_call"},{"type":"custom_tool_call","name":"c"}]',
      ['a', 'web_search', 'c'],
    ],
    ['"input":"text"', []],
  ])('%s', (member, names) => {
    expect([...calledTools(bodyOf(`{${member}}`))]).toEqual(names);
  });

  test('a call that is hidden by escapes is refused', () => {
    const hidden = '{"messages":[{"tool\\u005fcalls":[{"function":{"name":"shell"}}]}]}';
    expect(() => calledTools(bodyOf(hidden))).toThrow(Fault);
  });
});

describe('a name that is shown', () => {
  test('cannot break a log or a terminal, and is short', () => {
    expect(shownToolName('get_weather')).toBe('get_weather');
    expect(shownToolName('a"\n\u001b[31m\u202e')).toBe('a\\"\\n\\u001b[31m\\u202e');
    expect(shownToolName('😀'.repeat(100))).toBe(`${'😀'.repeat(64)}…`);
    expect(shownToolName('\ud800')).toBe('\\ud800');
  });
});

/** Raised for a long hunt: SPLICE_RUNS=60000. */
const RUNS = Number(process.env['SPLICE_RUNS'] ?? 700);
const NAMES = ['shell', 'search', 'db_drop', 'sh\\"ell', '', '😀', 'tools', 'function'];

/** Tools with look-alikes in places that are no names. */
const toolValue: fc.Arbitrary<unknown> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...NAMES),
      trickyText,
      fc.boolean(),
      fc.constantFrom('function', 'custom'),
    )
    .map(([name, text, isFlat, kind]) => {
      const body = {
        description: text,
        name,
        parameters: { name: 'shell', type: 'shell', x: [text] },
      };
      return isFlat ? { type: kind, ...body } : { type: kind, [kind]: body, [`${text}_`]: text };
    }),
  fc.constantFrom<unknown>(7, null, 'shell', [], {}, { type: 'shell' }, { type: 'function' }),
  trickyText,
);

const gap = fc.constantFrom('', ' ', '\n\t', '\r\n ');

/** The same value in other bytes: members in their order, white space, every character of a text as an escape. */
function write(value: unknown, between: string, escapes: boolean): string {
  if (Array.isArray(value)) {
    return `[${between}${value.map((item) => write(item, between, escapes)).join(`${between},${between}`)}${between}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([key, member]) =>
        `${JSON.stringify(key)}${between}:${between}${write(member, between, escapes)}`,
    );
    return `{${between}${members.join(`${between},`)}${between}}`;
  }
  const json = JSON.stringify(value);
  if (!escapes || typeof value !== 'string') return json;
  const units = Array.from({ length: value.length }, (_, i) => value.charCodeAt(i));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
}

/** Read once more, from the parsed value. */
function namesOf(tool: unknown): string[] {
  if (typeof tool !== 'object' || tool === null || Array.isArray(tool)) return [];
  const { type, name, function: called, custom } = tool as Json;
  const isHosted = typeof type === 'string' && type !== 'function' && type !== 'custom';
  const inner = [called, custom].map((each) => (each as Json | undefined)?.['name']);
  return [isHosted ? type : null, ...inner, name].filter((each) => typeof each === 'string');
}

describe('any tools, in any bytes', () => {
  test('splicing is parsing, filtering and writing; what stays keeps its bytes', () => {
    const tools = fc.array(toolValue, { maxLength: 6 });
    fc.assert(
      fc.property(
        fc.tuple(tools, tools),
        gap,
        fc.boolean(),
        fc.subarray(NAMES),
        ([list, old], between, escapes, denied) => {
          const isDenied = (names: readonly string[]): boolean =>
            names.some((name) => denied.includes(name));
          const members = { a: 'tools', tools: list, functions: old, tool_choice: 'auto', z: [1] };
          const text = write(members, between, escapes);
          const out = cut(text, isDenied);
          const keep = (each: readonly unknown[]): unknown[] =>
            each.filter((tool) => !isDenied(namesOf(tool)));
          const expected: Json = { ...members, tools: keep(list), functions: keep(old) };
          if (list.length > 0 && keep(list).length === 0) {
            delete expected['tools'];
            delete expected['tool_choice'];
          }
          if (old.length > 0 && keep(old).length === 0) delete expected['functions'];
          expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(expected)));
          for (const tool of keep(list)) expect(out).toContain(write(tool, between, escapes));
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('keys that stand twice or are escaped are refused, or do not matter to any reader', () => {
    const key = fc.constantFrom('name', 'type', 'function', 'n\\u0061me', 'x', 'parameters');
    const value = fc.constantFrom(
      '"shell"',
      '"function"',
      '{"name":"shell"}',
      '{"name":"ok","n\\u0061me":"shell"}',
      '1',
    );
    const element = fc
      .array(fc.tuple(key, value), { maxLength: 5 })
      .map((entries) => `{${entries.map(([k, v]) => `"${k}":${v}`).join(',')}}`);
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 3 }), (elements) => {
        const text = `{"tools":[${elements.join(',')}]}`;
        let out: string;
        try {
          out = without(text, 'shell');
        } catch (error) {
          expect(Fault.isInstance(error)).toBe(true);
          expect(text).toMatch(/\\u0061|("name"|"type"|"function").*\1/);
          return;
        }
        const left = (JSON.parse(out) as { tools?: unknown[] }).tools ?? [];
        expect(left.flatMap(namesOf)).not.toContain('shell');
        const all = (JSON.parse(text) as { tools: unknown[] }).tools;
        expect(left).toEqual(all.filter((tool) => !namesOf(tool).includes('shell')));
      }),
      { numRuns: RUNS },
    );
  });
});
