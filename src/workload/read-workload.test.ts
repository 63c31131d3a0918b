import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ingress, Surface, Workload } from '../contract/index.ts';
import { Fault } from '../kernel/index.ts';
import type { DecisionId, KeyId, TenantId } from '../kernel/index.ts';
import { readWorkload } from './read-workload.ts';

function ingress(
  body: unknown,
  more: { surface?: Surface; headers?: Ingress['headers'] } = {},
): Ingress {
  return {
    id: 'd-0-x' as DecisionId,
    surface: more.surface ?? 'chat',
    caller: { tenant: 'acme' as TenantId, key: 'k' as KeyId, roles: [] },
    bytes: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    headers: more.headers ?? {},
    receivedAtMs: 1,
    startedMs: 2,
  };
}

const hi = { role: 'user', content: 'hi' };
const chat = (fields: object, headers: Ingress['headers'] = {}): Workload =>
  readWorkload(ingress({ model: 'auto', messages: [hi], ...fields }, { headers }));

function faultOf(body: unknown, surface: Surface = 'chat'): Fault {
  try {
    readWorkload(ingress(body, { surface }));
  } catch (error) {
    if (Fault.isInstance(error)) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('parameters', () => {
  test('what the client said, as it said it', () => {
    const workload = chat({ model: 'llama-70b', stream: true, user: 'ann', max_tokens: 9, n: 2 });
    expect(workload).toMatchObject({
      id: 'd-0-x',
      surface: 'chat',
      requestedModel: 'llama-70b',
      isStream: true,
      wantsStreamUsage: false,
      user: 'ann',
      session: 'ann',
      outputCeilingTokens: 9,
      choices: 2,
      preferences: { mode: null, weights: null, limits: null },
      receivedAtMs: 1,
      startedMs: 2,
    });
    expect(workload.caller.tenant).toBe('acme');
  });

  test('usage in the stream, where it is asked for', () => {
    expect(chat({ stream: true, stream_options: { include_usage: true } }).wantsStreamUsage).toBe(
      true,
    );
    expect(chat({ stream: true, stream_options: null }).wantsStreamUsage).toBe(false);
    expect(chat({ stream_options: { include_usage: true } }).wantsStreamUsage).toBe(false);
  });

  test('the ceiling goes by the newest name', () => {
    expect(chat({ max_tokens: 9, max_completion_tokens: 5 }).outputCeilingTokens).toBe(5);
    expect(chat({ max_output_tokens: 4, max_tokens: null }).outputCeilingTokens).toBe(4);
    expect(chat({}).outputCeilingTokens).toBeNull();
  });

  test('answers count by prompt, and as many as are generated', () => {
    const prompts = (fields: object): number =>
      readWorkload(ingress({ model: 'm', ...fields }, { surface: 'completions' })).choices;
    expect(prompts({ prompt: 'x' })).toBe(1);
    expect(prompts({ prompt: ['x', 'y', 'z'], n: 2 })).toBe(6);
    expect(prompts({ prompt: [[1, 2], [3]], best_of: 4, n: 2 })).toBe(8);
    expect(prompts({ prompt: [1, 2, 3] })).toBe(1);
  });

  test('the session: a header, else the user, else the response that is continued', () => {
    const fields = { user: 'u', previous_response_id: 'resp_1' };
    expect(chat(fields, { 'x-session-id': 's', 'x-conversation-id': 'c' }).session).toBe('s');
    expect(chat(fields, { 'x-conversation-id': ['c', 'd'], 'x-bourse-session': 'b' }).session).toBe(
      'c',
    );
    expect(chat(fields, { 'x-bourse-session': 'b', 'x-session-id': '' }).session).toBe('b');
    expect(chat(fields).session).toBe('u');
    expect(chat({ previous_response_id: 'resp_1' }).session).toBe('resp_1');
    expect(chat({}).session).toBeNull();
  });

  test('a header is read by name; of several, the first', () => {
    expect(chat({}, { 'x-a': ['1', '2'] }).header('x-a')).toBe('1');
    expect(chat({}).header('x-a')).toBeUndefined();
  });
});

describe('wrong input names its place', () => {
  const base = { model: 'auto', messages: [hi] };
  test.each<[object | string, string, string]>([
    [{ messages: [hi] }, 'BRS_FIELD_MISSING', 'model'],
    [{ ...base, model: null }, 'BRS_FIELD_MISSING', 'model'],
    [{ ...base, model: 5 }, 'BRS_FIELD_TYPE', 'model'],
    [{ ...base, model: '' }, 'BRS_FIELD_TYPE', 'model'],
    [{ model: 'auto' }, 'BRS_FIELD_MISSING', 'messages'],
    [{ ...base, messages: null }, 'BRS_FIELD_MISSING', 'messages'],
    [{ ...base, messages: 'hi' }, 'BRS_FIELD_TYPE', 'messages'],
    [{ ...base, messages: [] }, 'BRS_FIELD_TYPE', 'messages'],
    [{ ...base, messages: [hi, 'x'] }, 'BRS_FIELD_TYPE', 'messages[1]'],
    [{ ...base, messages: [hi, { content: 'x' }] }, 'BRS_FIELD_MISSING', 'messages[1].role'],
    [{ ...base, messages: [{ role: 1, content: 'x' }] }, 'BRS_FIELD_TYPE', 'messages[0].role'],
    [
      { ...base, messages: [{ role: 'user', content: {} }] },
      'BRS_FIELD_TYPE',
      'messages[0].content',
    ],
    [
      { ...base, messages: [{ role: 'user', content: [1] }] },
      'BRS_FIELD_TYPE',
      'messages[0].content',
    ],
    [{ ...base, stream: 'yes' }, 'BRS_FIELD_TYPE', 'stream'],
    [{ ...base, stream: true, stream_options: [] }, 'BRS_FIELD_TYPE', 'stream_options'],
    [
      { ...base, stream: true, stream_options: { include_usage: 1 } },
      'BRS_FIELD_TYPE',
      'stream_options.include_usage',
    ],
    [{ ...base, max_tokens: 0 }, 'BRS_FIELD_TYPE', 'max_tokens'],
    [{ ...base, max_tokens: 1.5 }, 'BRS_FIELD_TYPE', 'max_tokens'],
    [{ ...base, max_completion_tokens: '9' }, 'BRS_FIELD_TYPE', 'max_completion_tokens'],
    [{ ...base, n: -1 }, 'BRS_FIELD_TYPE', 'n'],
    [{ ...base, n: 129 }, 'BRS_FIELD_TYPE', 'n'],
    [{ ...base, user: 7 }, 'BRS_FIELD_TYPE', 'user'],
    [{ ...base, user: 'u'.repeat(513) }, 'BRS_FIELD_TYPE', 'user'],
    [
      '{"model":"a","messages":[{"role":"user","role":"system"}]}',
      'BRS_FIELD_DUPLICATE',
      'messages[0].role',
    ],
    [
      '{"model":"a","messages":[{"role":"user","content":"a","content":"b"}]}',
      'BRS_FIELD_DUPLICATE',
      'messages[0].content',
    ],
    [
      '{"model":"a","messages":[{"role":"user","c\\u006fntent":"b"}]}',
      'BRS_FIELD_ESCAPED',
      'messages[0]',
    ],
    [
      '{"model":"a","messages":[{"role":"user","content":[{"type":"x","im\\u0061ge_url":"b"}]}]}',
      'BRS_FIELD_ESCAPED',
      'messages[0]',
    ],
  ])('%j', (body, code, param) => {
    const problem = faultOf(body);
    expect([problem.code, problem.param]).toEqual([code, param]);
  });

  test.each<[Surface, object, string, string]>([
    ['completions', { model: 'm' }, 'BRS_FIELD_MISSING', 'prompt'],
    ['completions', { model: 'm', prompt: {} }, 'BRS_FIELD_TYPE', 'prompt'],
    ['completions', { model: 'm', prompt: [] }, 'BRS_FIELD_TYPE', 'prompt'],
    ['completions', { model: 'm', prompt: ['a', 1] }, 'BRS_FIELD_TYPE', 'prompt[1]'],
    ['embeddings', { model: 'm' }, 'BRS_FIELD_MISSING', 'input'],
    ['embeddings', { model: 'm', input: [null] }, 'BRS_FIELD_TYPE', 'input'],
    ['responses', { model: 'm' }, 'BRS_FIELD_MISSING', 'input'],
    ['responses', { model: 'm', input: 5 }, 'BRS_FIELD_TYPE', 'input'],
    ['responses', { model: 'm', input: [5] }, 'BRS_FIELD_TYPE', 'input[0]'],
  ])('%s %j', (surface, body, code, param) => {
    const problem = faultOf(body, surface);
    expect([problem.code, problem.param]).toEqual([code, param]);
  });
});

describe('the conversation', () => {
  const image = {
    type: 'image_url',
    image_url: { url: `data:image/png;base64,${'A'.repeat(9000)}` },
  };
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };

  test('is decoded when asked for', () => {
    const workload = chat({
      messages: [
        { role: 'system', content: 'Be \u00e9.' },
        {
          role: 'user',
          content: [{ type: 'text', text: 'one' }, image, { type: 'text', text: 'two' }],
        },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'c', content: 'result' },
      ],
    });
    expect(workload.messages()).toEqual([
      { role: 'system', text: 'Be \u00e9.', hasToolCalls: false },
      { role: 'user', text: 'one\ntwo', hasToolCalls: false },
      { role: 'assistant', text: '', hasToolCalls: true },
      { role: 'tool', text: 'result', hasToolCalls: false },
    ]);
    expect(workload.messages()).toBe(workload.messages());
    expect(workload.lastUserText()).toBe('one\ntwo');
    expect(workload.modality()).toEqual({ image: true, audio: false });
  });

  test('the last text of the user is what JSON.parse finds, in any conversation', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"role":"user"', '\\', '}]', 'x'.repeat(99)),
    );
    const message = fc.record({
      role: fc.constantFrom('user', 'assistant', 'system', 'tool', 'developer'),
      content: fc.oneof(
        text,
        fc.constant(null),
        fc.array(
          text.map((it) => ({ type: 'text', text: it })),
          { maxLength: 3 },
        ),
      ),
      name: text,
    });
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (messages, isSpread) => {
          const json = JSON.stringify({ messages, model: 'auto' }, null, isSpread ? 2 : 0);
          const workload = readWorkload(ingress(json));
          const views = workload.messages();
          const parsed = (
            JSON.parse(Buffer.from(json).toString()) as {
              messages: { role: string; content: unknown }[];
            }
          ).messages;
          const texts = parsed.map(({ content }): string =>
            Array.isArray(content)
              ? content.map((part: { text: string }) => part.text).join('\n')
              : ((content as string | null) ?? ''),
          );
          expect(views.map((view) => view.text)).toEqual(texts);
          expect(workload.lastUserText()).toBe(
            texts[parsed.findLastIndex(({ role }) => role === 'user')] ?? '',
          );
          const bytes = texts.reduce<number>((sum, it) => sum + Buffer.byteLength(it), 0);
          expect(workload.promptBytes).toBeGreaterThanOrEqual(bytes);
          expect(workload.promptTokensBound).toBeGreaterThanOrEqual(workload.promptBytes);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a message that another reader would take for one of the user is taken for one', () => {
    const sneaky = { type: 'function_call', role: 'user', content: 'Project Titan' };
    expect(chat({ messages: [hi, sneaky] }).lastUserText()).toBe('Project Titan');
  });

  test('pictures and sound count by the piece, not by their bytes', () => {
    const plain = chat({ messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] });
    const seen = chat({
      messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }, image] }],
    });
    expect(seen.promptBytes).toBe(plain.promptBytes);
    const added = seen.promptTokensBound - plain.promptTokensBound;
    expect(added).toBeGreaterThanOrEqual(1600);
    expect(added).toBeLessThan(1700);
    const audio = {
      type: 'input_audio',
      input_audio: { data: 'A'.repeat(320_000), format: 'mp3' },
    };
    const heard = chat({
      messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }, audio] }],
    });
    expect(heard.promptBytes).toBe(plain.promptBytes);
    expect(heard.modality()).toEqual({ image: false, audio: true });
    expect(heard.promptTokensBound - plain.promptTokensBound).toBeGreaterThan(10_000);
  });

  test('text that only looks like a picture counts as text', () => {
    const text = `data:image/png;base64,${'A'.repeat(5000)}`;
    expect(chat({ messages: [{ role: 'user', content: text }] }).promptBytes).toBe(text.length);
    expect(
      chat({ messages: [{ role: 'user', content: 'x', url: text }] }).promptBytes,
    ).toBeGreaterThan(5000);
  });

  test('tools count as prompt, and twice in the bound', () => {
    const tools = [{ type: 'function', function: { name: 'f', description: 'd'.repeat(500) } }];
    const bytes = JSON.stringify(tools).length;
    const workload = chat({ tools });
    expect(workload.toolCount()).toBe(1);
    expect(workload.promptBytes).toBe(chat({}).promptBytes + bytes);
    expect(workload.promptTokensBound - chat({}).promptTokensBound).toBeGreaterThan(2 * bytes);
    expect(chat({ tools: [] }).toolCount()).toBe(0);
    expect(chat({ functions: [{}, {}] }).toolCount()).toBe(2);
  });

  test('tools are read with their descriptions, however they are declared', () => {
    const described = { name: 'f', description: 'finds' };
    const tools = [{ type: 'function', function: described }, { name: 'g' }, 7, null, { name: 1 }];
    expect(chat({ tools, functions: [{ name: 'h', description: 2 }] }).tools()).toEqual([
      described,
      { name: 'g', description: '' },
      { name: 'h', description: '' },
    ]);
    expect(chat({}).tools()).toEqual([]);
    expect(chat({ tools: 'all' }).tools()).toEqual([]);
  });

  test('the tool loop', () => {
    const asks = { role: 'assistant', content: null, tool_calls: [call] };
    const result = { role: 'tool', tool_call_id: 'c', content: '1' };
    const says = { role: 'assistant', content: 'done', tool_calls: [] };
    const loop = (...messages: object[]): boolean => chat({ messages }).isInToolLoop();
    expect(loop(hi)).toBe(false);
    expect(loop(hi, asks)).toBe(true);
    expect(loop(hi, asks, result)).toBe(true);
    expect(loop(hi, asks, hi)).toBe(true);
    expect(loop(hi, asks, result, says)).toBe(false);
    expect(loop(hi, asks, result, hi)).toBe(false);
    expect(loop(hi, { role: 'function', name: 'f', content: '1' })).toBe(true);
  });
});

describe('other surfaces', () => {
  const read = (surface: Surface, fields: object): Workload =>
    readWorkload(ingress({ model: 'm', ...fields }, { surface }));

  test('completions and embeddings: strings and token ids', () => {
    for (const [surface, field] of [
      ['completions', 'prompt'],
      ['embeddings', 'input'],
    ] as const) {
      expect(read(surface, { [field]: 'a"é' }).lastUserText()).toBe('a"é');
      expect(read(surface, { [field]: ['a', 'b'] }).messages()).toEqual([
        { role: 'user', text: 'a\nb', hasToolCalls: false },
      ]);
      expect(read(surface, { [field]: [1, 2, 3] }).promptBytes).toBe(12);
      expect(read(surface, { [field]: [[1, 2], [3]] }).promptBytes).toBe(12);
      expect(read(surface, { [field]: [1, 2] }).lastUserText()).toBe('');
    }
  });

  test('embeddings generate nothing', () => {
    const workload = read('embeddings', { input: ['a', 'b'], stream: true, n: 5, max_tokens: 3 });
    expect(workload).toMatchObject({ isStream: false, choices: 1, outputCeilingTokens: null });
    expect(workload.archetype().weight).toBe('prefill-heavy');
  });

  test('responses: a tool call is one, whatever role it claims', () => {
    const call = { type: 'function_call', role: 'user', call_id: 'c', name: 'f', arguments: '{}' };
    const workload = read('responses', { input: [{ role: 'user', content: 'real' }, call] });
    expect(workload.lastUserText()).toBe('real');
    expect(workload.isInToolLoop()).toBe(true);
    expect(workload.messages().at(-1)).toEqual({ role: 'assistant', text: '', hasToolCalls: true });
  });

  test('responses: a text, or items', () => {
    expect(read('responses', { input: 'hi', stream: true })).toMatchObject({
      wantsStreamUsage: true,
    });
    const workload = read('responses', {
      instructions: 'Be brief.',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'look' },
            { type: 'input_image', file_id: 'f' },
          ],
        },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: 'found' },
      ],
    });
    expect(workload.messages()).toEqual([
      { role: 'system', text: 'Be brief.', hasToolCalls: false },
      { role: 'user', text: 'look', hasToolCalls: false },
      { role: 'assistant', text: '', hasToolCalls: true },
      { role: 'tool', text: 'found', hasToolCalls: false },
    ]);
    expect(workload.lastUserText()).toBe('look');
    expect(workload.isInToolLoop()).toBe(true);
    expect(workload.modality().image).toBe(true);
    expect(workload.archetype()).toMatchObject({ interaction: 'agent', turns: 'multi' });
  });
});

test('any bytes give a workload or a fault', () => {
  const surface = fc.constantFrom<Surface>('chat', 'completions', 'embeddings', 'responses');
  const field = fc.tuple(
    fc.constantFrom(
      'model',
      'messages',
      'prompt',
      'input',
      'stream',
      'n',
      'bourse',
      'tools',
      'user',
      'stream_options',
    ),
    fc.oneof(fc.json(), fc.constant(JSON.stringify([hi])), fc.constant('"auto:eco"')),
  );
  let read = 0;
  fc.assert(
    fc.property(
      fc.array(field, { maxLength: 6 }),
      surface,
      fc.boolean(),
      (fields, on, hasModel) => {
        const model = hasModel ? ['"model":"m"', '"messages":[{"role":"user","content":"x"}]'] : [];
        const body = `{${[...model, ...fields.map(([key, json]) => `"${key}":${json}`)].join(',')}}`;
        try {
          const workload = readWorkload(ingress(body, { surface: on }));
          workload.messages();
          workload.lastUserText();
          workload.archetype();
          workload.modality();
          read++;
        } catch (error) {
          if (!Fault.isInstance(error)) throw error;
          expect(error.httpStatus).toBe(400);
        }
      },
    ),
    { numRuns: 2000 },
  );
  expect(read).toBeGreaterThan(50);
});
