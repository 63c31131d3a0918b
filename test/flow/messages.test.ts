import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../src/pool/fixtures/local-server.ts';
import type { LocalServer } from '../../src/pool/fixtures/local-server.ts';
import { startDemoExchange, without } from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';

type Json = Readonly<Record<string, unknown>>;

let demo: DemoExchange;
let anthropic: LocalServer;

const USAGE = {
  input_tokens: 26,
  cache_creation_input_tokens: 30,
  cache_read_input_tokens: 64,
  output_tokens: 18,
};
const ANSWER = {
  id: 'msg_up',
  type: 'message',
  role: 'assistant',
  model: 'claude-test',
  content: [
    { type: 'thinking', thinking: 'Hm.', signature: 'c2lnbmVk' },
    { type: 'text', text: 'I look it up.' },
    { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Paris' } },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: USAGE,
};
const event = (type: string, fields: Json = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const delta = (index: number, value: Json): string =>
  event('content_block_delta', { index, delta: value });
const begin = (index: number, block: Json): string =>
  event('content_block_start', { index, content_block: block });
const STREAM = [
  event('message_start', {
    message: { ...ANSWER, content: [], usage: { ...USAGE, output_tokens: 1 } },
  }),
  begin(0, { type: 'thinking', thinking: '', signature: '' }),
  delta(0, { type: 'thinking_delta', thinking: 'Hm.' }),
  delta(0, { type: 'signature_delta', signature: 'c2lnbmVk' }),
  event('content_block_stop', { index: 0 }),
  event('ping'),
  begin(1, { type: 'text', text: '' }),
  delta(1, { type: 'text_delta', text: 'I look ' }),
  delta(1, { type: 'text_delta', text: 'it up.' }),
  event('content_block_stop', { index: 1 }),
  begin(2, { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }),
  delta(2, { type: 'input_json_delta', partial_json: '{"city":' }),
  delta(2, { type: 'input_json_delta', partial_json: '"Paris"}' }),
  event('content_block_stop', { index: 2 }),
  event('message_delta', {
    delta: { stop_reason: 'tool_use', stop_sequence: null },
    usage: { output_tokens: 18 },
  }),
  event('message_stop'),
];

const RULES = `
health: { timeoutMs: 20000 }
constraints:
  - { name: no-shell, tools: { deny: [shell], message: The shell is closed. } }
`;

beforeAll(async () => {
  anthropic = await listen((response, body, request) => {
    if (request.method === 'GET') {
      response.end('{"data":[]}');
      return;
    }
    const asked = JSON.parse(body) as { stream?: boolean; max_tokens?: number };
    if (asked.max_tokens === 13) {
      response.writeHead(400, { 'content-type': 'application/json' });
      const error = { type: 'invalid_request_error', message: 'thirteen is unlucky' };
      response.end(JSON.stringify({ type: 'error', error }));
      return;
    }
    const type = asked.stream === true ? 'text/event-stream' : 'application/json';
    response.writeHead(200, { 'content-type': type });
    const events = asked.max_tokens === 14 ? STREAM.slice(0, 8) : STREAM;
    response.end(asked.stream === true ? events.join('') : JSON.stringify(ANSWER));
  });
  demo = await startDemoExchange({
    edit: (yaml) =>
      `${without(yaml, 'constraints')}\n${RULES}`
        .replace(
          'models:\n',
          'models:\n  - { id: claude-test, reasoning: claude, price: { inputPerMTok: 3, cachedInputPerMTok: 0.3, cacheWritePerMTok: 3.75, outputPerMTok: 15 } }\n',
        )
        .replace(
          'instances:\n',
          `instances:\n  - { id: cloud, model: claude-test, engine: anthropic, url: "${anthropic.url}", apiKey: sk-ant-test }\n`,
        ),
  });
});
afterAll(async () => {
  await demo.close();
  await anthropic.close();
});

const ask = (body: Json, path = '/v1/messages'): Promise<Response> =>
  fetch(demo.app.modelUrl + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'context-1m-2025-08-07',
    },
    body: JSON.stringify(body),
  });

const HELLO = {
  model: 'auto',
  max_tokens: 64,
  messages: [{ role: 'user', content: 'What is the weather in Paris?' }],
};
const WEATHER = {
  name: 'weather',
  description: 'Tells the weather.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

interface Seen {
  readonly types: readonly string[];
  readonly blocks: readonly Json[];
  readonly stop: unknown;
  readonly usage: Json;
}

/** Reads a stream as strictly as a client may: one block after the other, each whole before the next. */
function follow(text: string): Seen {
  const types: string[] = [];
  const blocks: Record<string, unknown>[] = [];
  let open = -1;
  let stop: unknown = null;
  let usage: Json = {};
  let input = '';
  for (const part of text.split('\n\n').filter((each) => each !== '')) {
    const [name, data] = part.split('\n') as [string, string];
    const value = JSON.parse(data.slice('data: '.length)) as Record<string, unknown>;
    expect(name).toBe(`event: ${String(value['type'])}`);
    const type = String(value['type']);
    types.push(type);
    if (type === 'message_start') expect(types).toHaveLength(1);
    else if (type === 'content_block_start') {
      expect(open).toBe(-1);
      expect(value['index']).toBe(blocks.length);
      open = blocks.length;
      input = '';
      blocks.push({ ...(value['content_block'] as Json) });
    } else if (type === 'content_block_delta') {
      expect(value['index']).toBe(open);
      const piece = value['delta'] as Record<string, string>;
      const block = blocks[open]!;
      if (piece['type'] === 'text_delta') block['text'] = String(block['text']) + piece['text'];
      else if (piece['type'] === 'thinking_delta')
        block['thinking'] = String(block['thinking']) + piece['thinking'];
      else if (piece['type'] === 'signature_delta') block['signature'] = piece['signature'];
      else input += piece['partial_json'];
    } else if (type === 'content_block_stop') {
      expect(value['index']).toBe(open);
      if (blocks[open]!['type'] === 'tool_use')
        blocks[open]!['input'] = JSON.parse(input === '' ? '{}' : input);
      open = -1;
    } else if (type === 'message_delta') {
      stop = (value['delta'] as Json)['stop_reason'];
      usage = value['usage'] as Json;
    }
  }
  expect(open).toBe(-1);
  return { types, blocks, stop, usage };
}

describe('POST /v1/messages, served by a model of chat completions', () => {
  test('a message with its usage', async () => {
    const response = await ask(HELLO);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-bourse-decision-id')).not.toBeNull();
    const message = (await response.json()) as Json;
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: expect.stringContaining('simulated') }],
      stop_sequence: null,
      usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number) },
    });
    expect(['end_turn', 'max_tokens']).toContain(message['stop_reason']);
    expect((message['usage'] as { input_tokens: number }).input_tokens).toBeGreaterThan(0);
  });

  test('a stream: one block after the other, and the usage at its end', async () => {
    const response = await ask({ ...HELLO, stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const { types, blocks, usage } = follow(await response.text());
    expect(types.at(0)).toBe('message_start');
    expect(types.slice(-2)).toEqual(['message_delta', 'message_stop']);
    expect(blocks).toMatchObject([{ type: 'text', text: expect.stringContaining('simulated') }]);
    expect(usage['input_tokens']).toBeGreaterThan(0);
    expect(usage['output_tokens']).toBeGreaterThan(0);
  });

  test.each([false, true])(
    'a tool is called, and its result goes back (stream: %s)',
    async (stream) => {
      const first = await ask({
        ...HELLO,
        stream,
        tools: [WEATHER],
        tool_choice: { type: 'any' },
      });
      const blocks = stream
        ? follow(await first.text()).blocks
        : ((await first.json()) as { content: Json[] }).content;
      const call = blocks.find(({ type }) => type === 'tool_use')!;
      expect(call).toMatchObject({ name: 'weather', input: expect.any(Object) });
      const second = await ask({
        ...HELLO,
        tools: [WEATHER],
        messages: [
          ...HELLO.messages,
          { role: 'assistant', content: [call] },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: call['id'],
                content: [{ type: 'text', text: '21 °C' }],
              },
              { type: 'text', text: 'And tomorrow?' },
            ],
          },
        ],
      });
      expect(second.status).toBe(200);
    },
  );

  test('a rule of the policy binds: the denied tool is not offered', async () => {
    const response = await ask({
      ...HELLO,
      tools: [{ ...WEATHER, name: 'shell' }, WEATHER],
      tool_choice: { type: 'any' },
      bourse_sim: { call: 'shell' },
    });
    expect(JSON.stringify(await response.json())).not.toContain('"name":"shell"');
  });

  test('tokens are counted without an answer', async () => {
    const { max_tokens: _ceiling, ...rest } = HELLO;
    const response = await ask(rest, '/v1/messages/count_tokens');
    const { input_tokens: tokens } = (await response.json()) as { input_tokens: number };
    expect(tokens).toBeGreaterThan(3);
    expect(tokens).toBeLessThan(200);
  });
});

describe('POST /v1/messages, served by Anthropic', () => {
  const CLAUDE = {
    ...HELLO,
    model: 'claude-test',
    max_tokens: 2_000,
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
    thinking: { type: 'enabled', budget_tokens: 1024 },
    metadata: { user_id: 'user-7' },
    tools: [{ ...WEATHER, cache_control: { type: 'ephemeral', ttl: '1h' } }],
    messages: [
      {
        role: 'user',
        content: [{ type: 'text', text: 'Weather?', cache_control: { type: 'ephemeral' } }],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'A', signature: 'c2ln' },
          { type: 'tool_use', id: 'toolu_0', name: 'weather', input: { city: 'Rome' } },
        ],
      },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'toolu_0', content: 'no', is_error: true }],
      },
    ],
  };

  test('what chat has no place for arrives as it was sent', async () => {
    const response = await ask(CLAUDE);
    const message = (await response.json()) as Json;
    expect(message).toMatchObject({
      content: ANSWER.content,
      stop_reason: 'tool_use',
      usage: USAGE,
    });
    const sent = JSON.parse(anthropic.requests.at(-1)!.body) as Json;
    const { messages, system, thinking, metadata, tools } = CLAUDE;
    expect(sent).toMatchObject({ system, thinking, metadata, tools, max_tokens: 2_000 });
    expect(sent['messages']).toEqual(messages);
    expect(sent).not.toHaveProperty('anthropic');
    // (26 plain + 30 written + 64 read) of the prompt, 18 of output.
    const usd = (26 * 3 + 30 * 3.75 + 64 * 0.3 + 18 * 15) / 1e6;
    expect(Number(response.headers.get('x-bourse-charged-usd'))).toBeCloseTo(usd, 12);
  });

  test('a stream keeps thoughts signed and calls whole', async () => {
    const { blocks, stop, usage } = follow(await (await ask({ ...CLAUDE, stream: true })).text());
    expect(blocks).toEqual(ANSWER.content);
    expect(stop).toBe('tool_use');
    expect(usage).toEqual(USAGE);
  });

  test('its errors stay its errors, and a broken stream ends with one', async () => {
    const refused = await ask({ ...CLAUDE, max_tokens: 13, thinking: { type: 'disabled' } });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'thirteen is unlucky' },
    });
    const broken = await ask({
      ...CLAUDE,
      max_tokens: 14,
      thinking: { type: 'disabled' },
      stream: true,
    });
    expect(await broken.text()).toMatch(/event: error\ndata: \{"type":"error"[^\n]*\}\n\n$/);
  });

  test('a chat client gets the same answer as chat', async () => {
    const response = await ask(
      {
        model: 'claude-test',
        messages: [{ role: 'user', content: 'Weather?' }],
        tools: [{ type: 'function', function: { name: 'weather' } }],
      },
      '/v1/chat/completions',
    );
    expect(await response.json()).toMatchObject({
      choices: [
        {
          finish_reason: 'tool_calls',
          message: { content: 'I look it up.', tool_calls: [{ function: { name: 'weather' } }] },
        },
      ],
      usage: { prompt_tokens: 120, completion_tokens: 18, total_tokens: 138 },
    });
  });
});

test('the list of models, as Anthropic gives it', async () => {
  const list = async (headers: Record<string, string>): Promise<Json> =>
    (await fetch(`${demo.app.modelUrl}/v1/models`, { headers })).json() as Promise<Json>;
  expect(await list({ 'anthropic-version': '2023-06-01' })).toMatchObject({
    data: expect.arrayContaining([expect.objectContaining({ type: 'model', id: 'claude-test' })]),
    has_more: false,
    first_id: 'auto',
  });
  expect(await list({})).toMatchObject({ object: 'list' });
});

describe('what is wrong with a message', () => {
  test.each([
    [
      { ...HELLO, messages: [{ role: 'robot', content: 'x' }] },
      400,
      'invalid_request_error',
      'messages[0].role',
    ],
    [
      { ...HELLO, messages: [{ role: 'user', content: [{ type: 'server_tool_use' }] }] },
      400,
      'invalid_request_error',
      'server_tool_use',
    ],
    [
      { ...HELLO, tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      400,
      'invalid_request_error',
      'tools[0].type',
    ],
    [{ ...HELLO, mcp_servers: [{ url: 'http://x' }] }, 400, 'invalid_request_error', 'mcp_servers'],
    [{ ...HELLO, model: 'claude-99' }, 404, 'not_found_error', 'claude-99'],
    [{ ...HELLO, model: undefined }, 400, 'invalid_request_error', 'model'],
  ])('%#: is said as Anthropic says it, with the place', async (body, status, type, place) => {
    const response = await ask(body);
    expect(response.status).toBe(status);
    const answer = (await response.json()) as {
      type: string;
      error: { type: string; message: string };
    };
    expect(answer).toMatchObject({ type: 'error', error: { type } });
    expect(answer.error.message).toContain(place);
  });

  test('a path that is none, and a body that is none', async () => {
    expect((await fetch(`${demo.app.modelUrl}/v1/messages`)).status).toBe(405);
    const response = await fetch(`${demo.app.modelUrl}/v1/messages`, { method: 'POST', body: '{' });
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error' },
    });
  });
});
