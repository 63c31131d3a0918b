import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readKey } from '../../src/cache/request-key.ts';
import type { RequestKey } from '../../src/cache/request-key.ts';
import type { CacheRule, Mandate, Surface, Workload } from '../../src/contract/index.ts';
import type { DecisionId, KeyId, TenantId } from '../../src/kernel/index.ts';
import { chatFromMessages } from '../../src/wire/index.ts';
import { readWorkload } from '../../src/workload/index.ts';

const MANDATE = {
  route: 'faq',
  mode: 'economy',
  models: null,
  injection: { systemPrompt: null, reasoning: null, maxOutputTokens: null, fields: [] },
  tools: null,
} as unknown as Mandate;
const RULE = { scope: 'tenant' } as unknown as CacheRule;
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

type Api = 'chat' | 'responses' | 'messages';
const APIS: readonly Api[] = ['chat', 'responses', 'messages'];

function workloadOf(surface: Surface, bytes: Buffer, tenant = 'acme'): Workload {
  return readWorkload({
    id: 'd' as DecisionId,
    surface,
    caller: { tenant: tenant as TenantId, key: 'k' as KeyId, roles: [] },
    bytes,
    headers: {},
    receivedAtMs: 0,
    startedMs: 0,
  });
}

const keyOf = (workload: Workload, rule = RULE): RequestKey | null =>
  readKey(workload, { mandate: MANDATE, rule, digest });

function keyOfBody(api: Api, body: unknown): RequestKey {
  const bytes = Buffer.from(JSON.stringify(body));
  const isMessages = api === 'messages';
  return keyOf(
    workloadOf(isMessages ? 'chat' : api, isMessages ? chatFromMessages(bytes, null).chat : bytes),
  )!;
}

const contextOf = ({ bytes, contextBytes }: RequestKey): string =>
  bytes.toString('latin1', 0, contextBytes);
const turnOf = ({ bytes, contextBytes }: RequestKey): string =>
  bytes.toString('utf8', contextBytes);

/** What is said, whatever the surface. */
interface Said {
  readonly system: string;
  readonly earlier: readonly { readonly user: string; readonly assistant: string }[];
  readonly pictures: readonly string[];
  readonly isPictureFirst: boolean;
  readonly last: string;
  readonly tool: string | null;
  readonly temperature: number;
}

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const SAID: fc.Arbitrary<Said> = fc.record({
  system: words,
  earlier: fc.array(fc.record({ user: words, assistant: words }), { maxLength: 3 }),
  pictures: fc.array(
    words.map((path) => `https://pictures.example/${encodeURIComponent(path)}`),
    { maxLength: 2 },
  ),
  isPictureFirst: fc.boolean(),
  last: words,
  tool: fc.option(words),
  temperature: fc.integer({ min: 0, max: 6 }).map((tenths) => tenths / 10),
});

type Wrap = 'string' | 'part';

function bodyOf(api: Api, said: Said, wrap: Wrap): Record<string, unknown> {
  const { system, earlier, pictures, last, tool, temperature, isPictureFirst } = said;
  const text = { type: api === 'responses' ? 'input_text' : 'text', text: last };
  const shown = pictures.map((url) => pictureOf(api, url));
  const parts = isPictureFirst ? [...shown, text] : [text, ...shown];
  const content = shown.length === 0 && wrap === 'string' ? last : parts;
  const turns = [
    ...earlier.flatMap(({ user, assistant }) => [
      { role: 'user', content: user },
      { role: 'assistant', content: assistant },
    ]),
    { role: 'user', content },
  ];
  const schema = { type: 'object', properties: {} };
  const definition = { name: 'look_up', description: tool };
  if (api === 'chat') {
    return {
      model: 'auto',
      messages: [{ role: 'system', content: system }, ...turns],
      temperature,
      ...(tool !== null && {
        tools: [{ type: 'function', function: { ...definition, parameters: schema } }],
      }),
    };
  }
  if (api === 'responses') {
    return {
      model: 'auto',
      instructions: system,
      input: turns,
      temperature,
      ...(tool !== null && { tools: [{ type: 'function', ...definition, parameters: schema }] }),
    };
  }
  return {
    model: 'auto',
    max_tokens: 100,
    system,
    messages: turns,
    temperature,
    ...(tool !== null && { tools: [{ ...definition, input_schema: schema }] }),
  };
}

function pictureOf(api: Api, url: string): object {
  if (api === 'responses') return { type: 'input_image', image_url: url };
  return api === 'chat'
    ? { type: 'image_url', image_url: { url } }
    : { type: 'image', source: { type: 'url', url } };
}

/** Changes of one thing that is not the last text. */
const CHANGES: readonly ((said: Said, more: string) => Said)[] = [
  (said, more) => ({ ...said, system: said.system + more }),
  (said, more) => ({ ...said, earlier: [...said.earlier, { user: more, assistant: more }] }),
  (said, more) => ({
    ...said,
    earlier: said.earlier.map((turn) => ({ ...turn, user: turn.user + more })),
    system: said.earlier.length === 0 ? said.system + more : said.system,
  }),
  (said, more) => ({
    ...said,
    earlier: said.earlier.map((turn) => ({ ...turn, assistant: more + turn.assistant })),
    system: said.earlier.length === 0 ? said.system + more : said.system,
  }),
  (said, more) => ({
    ...said,
    pictures: [...said.pictures, `https://pictures.example/${encodeURIComponent(more)}`],
  }),
  (said) =>
    said.pictures.length > 0
      ? { ...said, isPictureFirst: !said.isPictureFirst }
      : { ...said, temperature: 0.7 },
  (said) => ({
    ...said,
    pictures: said.pictures.map((url) => `${url}.png`),
    temperature: said.pictures.length > 0 ? said.temperature : 0.65,
  }),
  (said, more) => ({ ...said, tool: (said.tool ?? '') + more }),
  (said) => ({ ...said, temperature: said.temperature + 0.05 }),
];

describe('what is told apart', () => {
  test.each(APIS)('%s: all but the last text is context, and the last text is not', (api) => {
    const wrap = fc.constantFrom<Wrap>('string', 'part');
    const change = fc.constantFrom(...CHANGES);
    fc.assert(
      fc.property(SAID, wrap, change, words, (said, how, changed, more) => {
        const key = keyOfBody(api, bodyOf(api, said, how));
        expect(JSON.parse(turnOf(key))).toBe(said.last);
        const other = keyOfBody(api, bodyOf(api, changed(said, more), how));
        expect(contextOf(other)).not.toBe(contextOf(key));
        const reworded = { ...said, last: `${said.last}${more}` };
        const asked = keyOfBody(api, bodyOf(api, reworded, how));
        expect(contextOf(asked)).toBe(contextOf(key));
        expect(asked.bytes.equals(key.bytes)).toBe(false);
        expect(asked.contextHash).toBe(key.contextHash);
      }),
      { numRuns: 300 },
    );
  });

  test.each(APIS)('%s: a text alone in its list of parts is the string', (api) => {
    fc.assert(
      fc.property(SAID, (said) => {
        const plain = { ...said, pictures: [] };
        const [text, part] = (['string', 'part'] as const).map((wrap) =>
          keyOfBody(api, bodyOf(api, plain, wrap)),
        );
        expect(part!.bytes.equals(text!.bytes)).toBe(true);
        expect(part!.contextBytes).toBe(text!.contextBytes);
      }),
    );
  });

  test('responses: an input of one message of a user is the string', () => {
    const forms = [
      'Hi "you"',
      [{ role: 'user', content: 'Hi "you"' }],
      [{ type: 'message', role: 'user', content: 'Hi "you"' }],
      [{ role: 'user', content: [{ type: 'input_text', text: 'Hi "you"' }], type: 'message' }],
    ].map((input) => keyOfBody('responses', { model: 'auto', input }));
    for (const each of forms) expect(each.bytes.equals(forms[0]!.bytes)).toBe(true);
    const others = [
      [{ role: 'user', content: 'Hi "you"', name: 'bob' }],
      [{ role: 'system', content: 'Hi "you"' }],
      [
        { role: 'user', content: 'Hi' },
        { role: 'user', content: 'Hi "you"' },
      ],
    ].map((input) => keyOfBody('responses', { model: 'auto', input }));
    for (const each of others) expect(contextOf(each)).not.toBe(contextOf(forms[0]!));
  });
});

describe('turns that are told apart in full only', () => {
  const ofContent = (content: unknown): RequestKey =>
    keyOfBody('chat', { model: 'auto', messages: [{ role: 'user', content }] });

  test.each([
    [
      'several texts',
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    ],
    ['a text of another kind', [{ type: 'refusal', text: 'a' }]],
    ['a text without a type', [{ text: 'a' }]],
    ['no text', [{ type: 'image_url', image_url: { url: 'https://a.example/1' } }]],
    ['nothing', null],
    ['bare strings', ['a']],
    ['the type of the other surface', [{ type: 'input_text', text: 'a' }]],
    ['a text that is none', [{ type: 'text', text: 7 }]],
  ])('%s', (_name, content) => {
    const key = ofContent(content);
    expect(key.contextBytes).toBe(key.bytes.length);
  });

  test('a member that stands twice', () => {
    for (const part of [
      '{"type":"text","text":"a","text":"b"}',
      '{"type":"text","type":"text","text":"a"}',
    ]) {
      const body = `{"model":"auto","messages":[{"role":"user","content":[${part}]}]}`;
      const key = keyOf(workloadOf('chat', Buffer.from(body)))!;
      expect(key.contextBytes).toBe(key.bytes.length);
    }
  });

  test('a mark beside the text stays context', () => {
    const marked = [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }];
    const key = ofContent(marked);
    expect(JSON.parse(turnOf(key))).toBe('a');
    expect(contextOf(key)).not.toBe(contextOf(ofContent('a')));
    expect(contextOf(key)).toContain('ephemeral');
  });
});

const IRRELEVANT = ['model', 'user', 'metadata', 'stream', 'store'];
/** Control characters reach the key only in bodies that are too long to be checked inside of strings. */
const PADDING = 'x'.repeat(4_200);

/** What a reader of the request sees, whatever the order of its members. */
function meaningOf(bytes: Buffer): readonly unknown[] {
  const isControl = (unit: string): boolean => unit < ' ' && !'\t\n\r'.includes(unit);
  const escaped = Array.from(bytes.toString('utf8'), (unit) =>
    isControl(unit) ? JSON.stringify(unit).slice(1, -1) : unit,
  ).join('');
  const all = JSON.parse(escaped) as Record<string, unknown>;
  for (const name of IRRELEVANT) delete all[name];
  const turns = all['messages'] as { role: string; content: unknown }[];
  const message = turns.at(-1)!;
  const parts = message.content;
  if (Array.isArray(parts) && parts.length === 1 && Object.keys(parts[0] as object).length === 2) {
    const { type, text } = parts[0] as { type: unknown; text: unknown };
    if (type === 'text' && message.role === 'user') message.content = text;
  }
  return Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
}

const MUTATION = fc.record({
  at: fc.nat(),
  cut: fc.nat({ max: 3 }),
  put: fc.oneof(
    fc.constant(''),
    fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', ' ', 'a', '0', '#'),
    fc.constantFrom('\u001d', '\u001e', '\u001f', '\u0000', '\\u0061', 'é', 'e\u0301', '\ufeff'),
    fc.constantFrom('"text"', '"type":"text",', '"content":"b",', ',"role":"user"', '","x":"'),
  ),
});

test('two requests of one key say the same, whatever is done to their bytes', () => {
  const texts = [
    `{"model":"auto","user":"u","messages":[{"role":"system","content":"${PADDING}"},{"role":"user","content":"one two"}],"stop":["a","b"]}`,
    `{"model":"auto","user":"u","messages":[{"role":"system","content":"${PADDING}"},{"role":"user","content":[{"type":"text","text":"one two"}]}],"stop":["a","b"]}`,
    `{"model":"auto","messages":[{"role":"system","content":"${PADDING}"},{"role":"user","content":[{"type":"text","text":"one two"},{"type":"image_url","image_url":{"url":"https://a.example/p"}}]}]}`,
  ];
  const byContext = new Map<string, unknown>();
  let again = 0;
  const meet = (bytes: Buffer): void => {
    let key: RequestKey | null;
    let meaning: readonly unknown[];
    try {
      key = keyOf(workloadOf('chat', bytes));
      meaning = meaningOf(bytes);
    } catch {
      return;
    }
    const id = key!.bytes.toString('latin1');
    const said = JSON.stringify(meaning).replaceAll(PADDING, '');
    if (byContext.has(id)) again++;
    expect(byContext.get(id) ?? said).toBe(said);
    byContext.set(id, said);
  };
  for (const text of texts) meet(Buffer.from(text));
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.array(MUTATION, { minLength: 1, maxLength: 3 }),
      (text, changes) => {
        let bytes = Buffer.from(text);
        for (const { at, cut, put } of changes) {
          // Near the end, where what matters stands.
          const place = bytes.length - 1 - (at % Math.min(bytes.length, 220));
          bytes = Buffer.concat([
            bytes.subarray(0, place),
            Buffer.from(put),
            bytes.subarray(place + cut),
          ]);
        }
        meet(bytes);
      },
    ),
    { numRuns: 6_000 },
  );
  expect(byContext.size).toBeGreaterThan(300);
  expect(again).toBeGreaterThan(30);
});

describe('who shares', () => {
  const body = Buffer.from(
    JSON.stringify({ model: 'auto', user: 'x/user/y', messages: [{ role: 'user', content: 'a' }] }),
  );
  const other = Buffer.from(
    JSON.stringify({ model: 'auto', user: 'y', messages: [{ role: 'user', content: 'a' }] }),
  );

  test('no name of a user passes for that of another tenant', () => {
    const rule = { scope: 'user' } as unknown as CacheRule;
    const one = keyOf(workloadOf('chat', body, 'a'), rule)!;
    const two = keyOf(workloadOf('chat', other, 'a/user/x'), rule)!;
    expect(one.bytes.equals(two.bytes)).toBe(false);
  });
});

describe('pictures in the request itself', () => {
  const bodyWith = (picture: string, text = 'What is this?'): object => ({
    model: 'auto',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${picture}` } },
        ],
      },
    ],
  });
  const picture = Buffer.alloc(200_000, 7).toString('base64');

  test('stand in the key by their digest, however long they are', () => {
    const key = keyOfBody('chat', bodyWith(picture));
    expect(key.bytes.length).toBeLessThan(2_000);
    expect(keyOfBody('chat', bodyWith(picture)).bytes.equals(key.bytes)).toBe(true);
    const changed = `${picture.slice(0, 150_000)}A${picture.slice(150_001)}`;
    expect(contextOf(keyOfBody('chat', bodyWith(changed)))).not.toBe(contextOf(key));
    const asked = keyOfBody('chat', bodyWith(picture, 'What might this be?'));
    expect(contextOf(asked)).toBe(contextOf(key));
    expect(JSON.parse(turnOf(asked))).toBe('What might this be?');
  });

  test('no text passes for the digest of one', () => {
    const key = keyOfBody('chat', bodyWith(picture));
    const url = `data:image/png;base64,${picture}`;
    const forged = `#${digest(Buffer.from(JSON.stringify(url)))}`;
    expect(key.bytes.toString('latin1')).toContain(forged);
    const short = bodyWith('') as {
      messages: [{ content: [object, { image_url: { url: string } }] }];
    };
    short.messages[0].content[1].image_url.url = forged;
    expect(keyOfBody('chat', short).bytes.equals(key.bytes)).toBe(false);
  });

  test('long requests without pictures, and those with too much of them, are not cached', () => {
    const text = { model: 'auto', messages: [{ role: 'user', content: 'x'.repeat(70_000) }] };
    expect(keyOf(workloadOf('chat', Buffer.from(JSON.stringify(text))))).toBeNull();
    const much = Buffer.from(JSON.stringify(bodyWith('A'.repeat(5_000_000))));
    expect(keyOf(workloadOf('chat', much))).toBeNull();
    const many = bodyWith(picture, 'short ') as { stop?: string[] };
    many.stop = Array.from({ length: 2_000 }, (_, i) => `${i} ${'y'.repeat(60)}`);
    expect(keyOf(workloadOf('chat', Buffer.from(JSON.stringify(many))))).toBeNull();
  });
});
