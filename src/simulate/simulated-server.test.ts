import { once } from 'node:events';
import { connect } from 'node:net';
import OpenAI from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import { createRng, createSystemClock } from '../kernel/index.ts';
import type { SimulatedSpec } from './engine-spec.ts';
import type { SimulatedServer } from './simulated-server.ts';
import { DEMO_FLEET } from './demo-fleet.ts';
import { createSimulatedServer } from './simulated-server.ts';

const CHAT = DEMO_FLEET[1]!;
const ENCODER = DEMO_FLEET.at(-1)!;
const MODEL = CHAT.model;
const open: SimulatedServer[] = [];

async function serve(spec: SimulatedSpec = CHAT, speedup = 200): Promise<SimulatedServer> {
  const clock = createSystemClock();
  const server = await createSimulatedServer({ spec, clock, rng: createRng(1), speedup });
  open.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const clientOf = (server: SimulatedServer): OpenAI =>
  new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1`, maxRetries: 0 });
const ask = (text: string): OpenAI.ChatCompletionMessageParam[] => [
  { role: 'user', content: text },
];

function post(server: SimulatedServer, path: string, body: unknown): Promise<Response> {
  return fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function metric(server: SimulatedServer, name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const line = text.split('\n').find((row) => row.startsWith(`${name}{model_name="`));
  return Number(line?.split(' ').at(-1));
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the condition never came true');
}

describe('the openai client', () => {
  test('chat: counted tokens, and an answer that says what it is', async () => {
    const server = await serve();
    const answer = await clientOf(server).chat.completions.create({
      model: MODEL,
      messages: [{ role: 'system', content: 'be brief' }, ...ask('What is 2 + 2?')],
    });
    const text = answer.choices[0]!.message.content!;
    expect(text).toMatch(/^\[simulated qwen2\.5-7b\]/);
    expect(answer.usage).toEqual({
      prompt_tokens: 4 + 2 + 4 + 4,
      completion_tokens: text.length / 4,
      total_tokens: 14 + text.length / 4,
      prompt_tokens_details: { cached_tokens: 0 },
    });
    expect(answer).toMatchObject({
      bourse_sim: { simulated: true, correct: expect.any(Boolean), domain: expect.any(String) },
    });
  });

  test('a stream says the same as the whole answer, then its usage, then ends', async () => {
    const client = clientOf(await serve());
    const body = { model: MODEL, messages: ask('Tell me a story.') };
    const whole = await client.chat.completions.create(body);
    const stream = await client.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collect(stream);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    expect(text).toBe(whole.choices[0]!.message.content);
    expect(chunks[0]!.choices[0]!.delta).toEqual({ role: 'assistant', content: '' });
    expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { completion_tokens: whole.usage!.completion_tokens },
    });
    const bare = await client.chat.completions.create({ ...body, stream: true });
    expect((await collect(bare)).some((chunk) => chunk.usage)).toBe(false);
  });

  test('tools: a required call, streamed and whole, has arguments that fit', async () => {
    const client = clientOf(await serve());
    const tools: OpenAI.ChatCompletionTool[] = ['get_time', 'get_weather'].map((name) => ({
      type: 'function',
      function: {
        name,
        parameters: {
          type: 'object',
          required: ['city'],
          properties: { city: { type: 'string' } },
        },
      },
    }));
    const body = { model: MODEL, messages: ask('Weather?'), tools };
    const whole = await client.chat.completions.create({ ...body, tool_choice: 'required' });
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null, tool_calls: [{ function: { name: 'get_time' } }] },
    });
    const stream = client.chat.completions.stream({
      ...body,
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    });
    const call = (await stream.finalChatCompletion()).choices[0]!.message.tool_calls![0]!;
    expect(call).toMatchObject({ function: { name: 'get_weather' } });
    expect('function' in call && JSON.parse(call.function.arguments)).toEqual({
      city: 'simulated',
    });
    const free = await client.chat.completions.create(body);
    expect(free.choices[0]!.finish_reason).toBe('stop');
  });

  test('structured output, several choices, a ceiling, hints of difficulty', async () => {
    const client = clientOf(await serve());
    const answer = await client.chat.completions.create({
      model: MODEL,
      messages: ask('JSON please'),
      n: 3,
      response_format: { type: 'json_object' },
    });
    expect(answer.choices).toHaveLength(3);
    expect(JSON.parse(answer.choices[2]!.message.content!)).toMatchObject({ simulated: true });
    const hinted = { bourse_sim: { difficulty: 0.9, domain: 'law' } };
    const short = await client.chat.completions.create({
      model: MODEL,
      messages: ask('Hi'),
      max_tokens: 2,
      ...hinted,
    });
    expect(short.choices[0]!.finish_reason).toBe('length');
    expect(short.usage!.completion_tokens).toBe(2);
    expect(short).toMatchObject(hinted);
  });

  test('completions, of text and of token ids', async () => {
    const client = clientOf(await serve());
    const text = await client.completions.create({ model: MODEL, prompt: 'Once upon a time' });
    expect(text.choices[0]!.finish_reason).toBe('length');
    expect(text.usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 16 });
    const many = await client.completions.create({
      model: MODEL,
      prompt: [
        [1, 2, 3],
        [4, 5],
      ],
      max_tokens: 4,
    });
    expect(many.choices.map((choice) => choice.index)).toEqual([0, 1]);
    expect(many.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 8 });
  });

  test('embeddings: in both encodings, and on encoders only', async () => {
    const server = await serve(ENCODER);
    const input = ['good morning', 'good evening'];
    const client = clientOf(server);
    const packed = await client.embeddings.create({ model: ENCODER.model, input });
    const plain = await client.embeddings.create({
      model: ENCODER.model,
      input,
      encoding_format: 'float',
    });
    expect(packed.data.map((entry) => entry.embedding)).toEqual(
      plain.data.map((entry) => entry.embedding),
    );
    expect(packed.data[1]!.embedding).toHaveLength(384);
    expect(packed.usage).toEqual({ prompt_tokens: 6, total_tokens: 6 });
    const chat = client.chat.completions.create({ model: ENCODER.model, messages: ask('Hi') });
    await expect(chat).rejects.toMatchObject({ status: 404 });
  });

  test('models, health, version', async () => {
    const server = await serve();
    const models = await collect(clientOf(server).models.list());
    expect(models).toMatchObject([{ id: MODEL, max_model_len: 32_768 }]);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    const version = await (await fetch(`${server.url}/version`)).json();
    expect(version).toEqual({ version: expect.stringContaining('simulated') });
  });
});

describe('an answer that is gone on with', () => {
  const chat = async (server: SimulatedServer, more: object): Promise<Whole> => {
    const body = { model: MODEL, messages: ask('Explain the sea at length.'), ...more };
    return (await (await post(server, '/v1/chat/completions', body)).json()) as Whole;
  };
  interface Whole {
    readonly choices: readonly {
      readonly message: { readonly content: string };
      readonly finish_reason: string;
    }[];
    readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  }
  const begun = (content: string): object => ({
    messages: [...ask('Explain the sea at length.'), { role: 'assistant', content }],
    continue_final_message: true,
    add_generation_prompt: false,
  });

  test('has what the whole one has after its beginning', async () => {
    const server = await serve();
    const whole = await chat(server, {});
    const text = whole.choices[0]!.message.content;
    const cut = await chat(server, { max_tokens: 7 });
    expect(cut.choices[0]).toMatchObject({ finish_reason: 'length' });
    const first = cut.choices[0]!.message.content;
    const rest = await chat(server, begun(first));
    expect(first + rest.choices[0]!.message.content).toBe(text);
    expect(rest.choices[0]!.finish_reason).toBe('stop');
    expect(rest.usage.prompt_tokens).toBeGreaterThan(whole.usage.prompt_tokens);
    expect(rest.usage.completion_tokens).toBe(whole.usage.completion_tokens - 7);
  });

  test('on the completions surface is found at the end of the prompt', async () => {
    const server = await serve();
    const complete = async (prompt: string, max: number): Promise<string> => {
      const body = { model: MODEL, prompt, max_tokens: max };
      const response = await post(server, '/v1/completions', body);
      return ((await response.json()) as { choices: { text: string }[] }).choices[0]!.text;
    };
    const whole = await complete('The sea is', 4_000);
    const first = await complete('The sea is', 9);
    expect(first + (await complete(`The sea is${first}`, 4_000))).toBe(whole);
  });

  test.each([
    ['a generation prompt beside it', { add_generation_prompt: true }],
    ['the default of it', { add_generation_prompt: undefined }],
    ['no message of the assistant', { messages: ask('hi') }],
  ])('is refused with %s, as by vLLM', async (_, change) => {
    const server = await serve();
    const body = { model: MODEL, ...begun('The'), ...change };
    const response = await post(server, '/v1/chat/completions', body);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('continue_final_message');
  });
});

describe('the engine behind it', () => {
  test('a second turn finds the first in the cache, under its own salt only', async () => {
    const server = await serve();
    const messages = ask('x'.repeat(400));
    const cached = async (changes: object): Promise<number> => {
      const body = { model: MODEL, messages, max_tokens: 1, ...changes };
      const answer = await clientOf(server).chat.completions.create(body);
      return answer.usage!.prompt_tokens_details!.cached_tokens!;
    };
    expect(await cached({})).toBe(0);
    expect(await cached({})).toBe(96);
    const longer = [...messages, { role: 'assistant' as const, content: 'yes' }, ...ask('more')];
    expect(await cached({ messages: longer })).toBe(96);
    expect(await cached({ cache_salt: 'tenant-a' })).toBe(0);
    expect(await metric(server, 'vllm:prefix_cache_hits_total')).toBe(192);
  });

  test('a client that leaves frees its place', async () => {
    const server = await serve(CHAT, 1);
    const controller = new AbortController();
    const stream = await clientOf(server).chat.completions.create(
      { model: MODEL, messages: ask('Hi'), max_tokens: 5000, stream: true },
      { signal: controller.signal },
    );
    expect(await metric(server, 'vllm:num_requests_running')).toBeLessThanOrEqual(1);
    await until(() => server.engine.stats().running === 1);
    controller.abort();
    await stream[Symbol.asyncIterator]()
      .next()
      .catch(() => undefined);
    await until(() => server.engine.stats().running === 0);
    expect(server.engine.stats().kvUsedBlocks).toBe(0);
  });

  test('metrics carry labels, power and energy', async () => {
    const server = await serve();
    await clientOf(server).chat.completions.create({ model: MODEL, messages: ask('Hi') });
    const text = await (await fetch(`${server.url}/metrics`)).text();
    for (const line of text.split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      expect(line).toMatch(
        /^[a-z_0-9]+:[a-z_0-9]+\{model_name="qwen2\.5-7b",engine="0"[^}]*\} [\d.e+-]+$/i,
      );
    }
    expect(text).toContain(
      'vllm:request_success_total{model_name="qwen2.5-7b",engine="0",finished_reason="stop"} 1',
    );
    expect(await metric(server, 'vllm:kv_cache_usage_perc')).toBe(0);
    expect(await metric(server, 'vllm:time_to_first_token_seconds_count')).toBe(1);
    expect(await metric(server, 'bourse_sim:power_watts')).toBe(CHAT.engine.power.idleWatts);
    expect(await metric(server, 'bourse_sim:energy_joules_total')).toBeGreaterThan(0);
  });
});

describe('bad input', () => {
  test.each([
    ['not JSON', '{"model":', 400, null],
    ['no messages', { model: MODEL }, 400, 'messages'],
    ['empty messages', { model: MODEL, messages: [] }, 400, 'messages'],
    ['a wrong type', { model: MODEL, messages: 'hello' }, 400, 'messages'],
    ['another model', { model: 'gpt-5', messages: ask('Hi') }, 404, 'model'],
    [
      'an unknown tool',
      { model: MODEL, messages: ask('Hi'), tool_choice: 'required' },
      400,
      'tool_choice',
    ],
    ['too long', { model: MODEL, messages: ask('x'.repeat(140_000)) }, 400, 'messages'],
    [
      'a ceiling beyond the window',
      { model: MODEL, messages: ask('Hi'), max_tokens: 40_000 },
      400,
      'max_tokens',
    ],
  ])('%s is an error in the shape of vLLM', async (_, body, status, param) => {
    const response = await post(await serve(), '/v1/chat/completions', body);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      error: { message: expect.any(String), type: expect.any(String), param, code: status },
    });
  });

  test('a body beyond the limit is 413; an unknown path is 404', async () => {
    const server = await serve();
    const huge = await post(server, '/v1/chat/completions', 'x'.repeat(33 * 1024 * 1024));
    expect(huge.status).toBe(413);
    expect((await fetch(`${server.url}/v1/responses`, { method: 'POST' })).status).toBe(404);
  });

  test('a port that is taken is a coded error', async () => {
    const server = await serve();
    const port = Number(new URL(server.url).port);
    const second = createSimulatedServer({
      spec: CHAT,
      clock: createSystemClock(),
      rng: createRng(1),
      port,
    });
    await expect(second).rejects.toMatchObject({ code: 'BRS_LISTEN' });
  });
});

describe('faults', () => {
  const body = {
    model: MODEL,
    messages: ask('Hi'),
    max_tokens: 50,
    ignore_eos: true,
    stream: true,
  };
  const send = (server: SimulatedServer): Promise<Response> =>
    post(server, '/v1/chat/completions', body);

  test('error500 and rate-limit touch the model paths, and end with none', async () => {
    const server = await serve();
    expect((await post(server, '/sim/fault', { kind: 'error500' })).status).toBe(200);
    expect((await send(server)).status).toBe(500);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    server.fault({ kind: 'rate-limit' });
    const limited = await send(server);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1']);
    server.fault({ kind: 'none' });
    expect((await send(server)).status).toBe(200);
  });

  test('cut breaks the connection after so many tokens', async () => {
    const server = await serve();
    server.fault({ kind: 'cut', afterTokens: 7 });
    const response = await send(server);
    let text = '';
    const read = async (): Promise<void> => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
    };
    await expect(read()).rejects.toThrow();
    expect(text.split('\n\n').filter((event) => event.includes('"content":"')).length).toBe(8);
    expect(text).not.toContain('[DONE]');
    await until(() => server.engine.stats().running === 0);
  });

  test('hang never answers, refuse breaks every connection', async () => {
    const server = await serve();
    server.fault({ kind: 'hang' });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const payload = JSON.stringify(body);
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${payload.length}\r\n\r\n${payload}`,
    );
    let received = 0;
    socket.on('data', (chunk) => (received += chunk.length));
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    expect(received).toBe(0);
    socket.destroy();
    await once(socket, 'close');
    server.fault({ kind: 'refuse' });
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
    await expect(send(server)).rejects.toThrow();
    expect((await post(server, '/sim/fault', { kind: 'none' })).status).toBe(200);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  test('slow stretches the time of the engine', async () => {
    const server = await serve();
    server.fault({ kind: 'slow', factor: 20 });
    await (await send(server)).text();
    // 50 tokens at 19.18 ms of engine time each, 20 times.
    expect(await metric(server, 'vllm:e2e_request_latency_seconds_sum')).toBeGreaterThan(15);
  });

  test('a fault that does not exist, or that comes as a plain form, is refused', async () => {
    const server = await serve();
    expect((await post(server, '/sim/fault', { kind: 'explode' })).status).toBe(400);
    const form = await fetch(`${server.url}/sim/fault`, {
      method: 'POST',
      body: '{"kind":"refuse"}',
    });
    expect(form.status).toBe(403);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });
});
