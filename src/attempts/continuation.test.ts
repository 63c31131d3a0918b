import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OutputCeiling } from '../contract/index.ts';
import { Fault } from '../kernel/index.ts';
import { listen } from '../pool/fixtures/local-server.ts';
import type { Answer, LocalServer } from '../pool/fixtures/local-server.ts';
import { Client, createExchange, decide, serve } from './fixtures/exchange.ts';
import type { Candidate, Exchange } from './fixtures/exchange.ts';
import { readStream, writer } from './fixtures/writer.ts';

const servers: LocalServer[] = [];
let exchange: Exchange;
beforeEach(() => {
  exchange = createExchange();
});
afterEach(async () => {
  await exchange.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serverThat(answer: Answer): Promise<LocalServer> {
  const server = await listen(answer);
  servers.push(server);
  return server;
}

const at = (id: string, server: LocalServer, more: Partial<Candidate> = {}): Candidate => ({
  id,
  url: server.url,
  engine: 'vllm',
  limitTokens: 2,
  ...more,
});
const codeOf = (client: Client): string | null =>
  Fault.isInstance(client.error) ? client.error.code : null;
const bodies = (server: LocalServer): Record<string, unknown>[] =>
  server.requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

const STREAM =
  '{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}';
const WHOLE = '{"model":"m","messages":[{"role":"user","content":"hi"}]}';
const TOKENS = ['One', ' two', ' three', ' four', ' five', ' six', ' seven', '.'];
const TEXT = TOKENS.join('');

describe('a stream that our own limit cuts', () => {
  test('goes on as one stream: one name, one role, one finish, one usage', async () => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const client = await serve(exchange, { body: STREAM }, [at('a', server)]);
    expect(readStream(client.text)).toEqual({
      text: TEXT,
      thoughts: '',
      ids: ['c1'],
      created: [1],
      roles: 1,
      finishes: ['stop'],
      usages: [{ prompt_tokens: 10, completion_tokens: 8, total_tokens: 18 }],
      dones: 1,
      last: '[DONE]',
    });
    expect(client.result).toMatchObject({
      status: 'ok',
      finishReason: 'stop',
      usage: { promptTokens: 10, outputTokens: 8, isEstimated: false },
      costPicoUsd: 10 * 1_000_000 + 8 * 2_000_000,
    });
    expect(client.result.attempts).toHaveLength(1);
    expect([client.terminals, client.dones, exchange.inFlight('a')]).toEqual([1, 1, 0]);
    expect(exchange.events).toEqual([
      expect.objectContaining({ kind: 'answer-continued', instance: 'a', limitTokens: 2 }),
      expect.objectContaining({ kind: 'answer-continued', instance: 'a', limitTokens: 4 }),
    ]);
  });

  test('the further requests hand the text back, each with a limit twice as high', async () => {
    const tokens = [...TOKENS, ...Array.from({ length: 20 }, (_, i) => ` ${i}`)];
    const server = await serverThat(writer({ tokens }));
    await serve(exchange, { body: STREAM }, [at('a', server)]);
    const asked = bodies(server);
    expect(asked.map((body) => body['max_tokens'])).toEqual([2, 4, 8, undefined]);
    const { max_tokens: _, ...first } = asked[0]!;
    expect(first).toEqual(JSON.parse(STREAM));
    expect(asked[1]).toEqual({
      ...first,
      max_tokens: 4,
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'One two' },
      ],
      continue_final_message: true,
      add_generation_prompt: false,
    });
  });

  test('one that ends within its limit passes byte for byte', async () => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const limited = await serve(exchange, { body: STREAM }, [at('a', server, { limitTokens: 8 })]);
    const other = await serverThat(writer({ tokens: TOKENS }));
    const plain = await serve(exchange, { body: STREAM }, [
      { id: 'b', url: other.url, engine: 'vllm' },
    ]);
    expect(limited.text).toBe(plain.text);
    expect(server.requests).toHaveLength(1);
  });

  test('space at its end is not handed back, and not written twice', async () => {
    const tokens = ['One', '.\n\n', 'Two', '.\n\n', 'Three'];
    const server = await serverThat(writer({ tokens, trims: true }));
    const client = await serve(exchange, { body: STREAM }, [at('a', server)]);
    expect(bodies(server)[1]!['messages']).toContainEqual({ role: 'assistant', content: 'One.' });
    expect(readStream(client.text).text).toBe(tokens.join(''));
  });

  test('usage stays hidden from a client who did not ask, and is counted', async () => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const body = STREAM.replace('"stream_options":{"include_usage":true},', '');
    const client = await serve(exchange, { body }, [at('a', server)]);
    expect(readStream(client.text)).toMatchObject({ text: TEXT, usages: [], finishes: ['stop'] });
    expect(client.result.usage).toMatchObject({ promptTokens: 10, outputTokens: 8 });
  });

  test('a server that does not count is taken at its word', async () => {
    const server = await serverThat(writer({ tokens: TOKENS, hidesUsage: true }));
    const client = await serve(exchange, { body: STREAM }, [at('a', server)]);
    expect(readStream(client.text)).toMatchObject({ text: TEXT, usages: [] });
    expect(client.result.usage).toMatchObject({ outputTokens: 8, isEstimated: true });
  });

  test('text in the event of the finish goes on too', async () => {
    const server = await serverThat(writer({ tokens: TOKENS, finishesWithText: true }));
    const client = await serve(exchange, { body: STREAM }, [at('a', server)]);
    expect(readStream(client.text)).toMatchObject({ text: TEXT, finishes: ['stop'], dones: 1 });
  });

  test('completions go on with their prompt, by any engine', async () => {
    const server = await serverThat(writer({ tokens: TOKENS, prompt: 'Count: ' }));
    const body = String.raw`{"model":"m","stream":true,"prompt":"Count\u003a "}`;
    const client = await serve(exchange, { body, surface: 'completions' }, [
      at('a', server, { engine: 'openai' }),
    ]);
    expect(readStream(client.text)).toMatchObject({ text: TEXT, finishes: ['stop'] });
    expect(server.requests[1]!.body).toContain(String.raw`"prompt":"Count\u003a One two"`);
  });

  test('a responses request that is put as chat goes on as one response', async () => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const body = '{"model":"m","stream":true,"input":"hi"}';
    const client = await serve(exchange, { body, surface: 'responses' }, [at('a', server)]);
    const deltas = client.text
      .split('\n')
      .filter((line) => line.startsWith('data: {"type":"response.output_text.delta"'))
      .map((line) => (JSON.parse(line.slice(6)) as { delta: string }).delta);
    expect(deltas.join('')).toBe(TEXT);
    expect(client.text.match(/^event: response\.(completed|incomplete|failed)$/gm)).toEqual([
      'event: response.completed',
    ]);
    expect(client.text).toContain('"usage":{"input_tokens":10');
    expect(client.text).toContain('"output_tokens":8');
  });
});

describe('what is not our limit ends the answer', () => {
  test("a ceiling of the client's", async () => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const body = STREAM.replace('{', '{"max_tokens":3,');
    const client = await serve(exchange, { body }, [{ id: 'a', url: server.url, engine: 'vllm' }]);
    expect(readStream(client.text)).toMatchObject({ text: 'One two three', finishes: ['length'] });
    expect(server.requests).toHaveLength(1);
  });

  test('a full window', async () => {
    const server = await serverThat(writer({ tokens: TOKENS, promptTokens: 14 }));
    const client = await serve(exchange, { body: STREAM }, [
      at('a', server, { model: { contextWindowTokens: 16 } }),
    ]);
    expect(readStream(client.text)).toMatchObject({
      text: 'One two',
      finishes: ['length'],
      dones: 1,
    });
    expect(server.requests).toHaveLength(1);
  });

  test("the model's own longest answer, towards which it is not limited any more", async () => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const client = await serve(exchange, { body: STREAM }, [
      at('a', server, { model: { maxOutputTokens: 5 } }),
    ]);
    expect(bodies(server).map((body) => body['max_tokens'])).toEqual([2, undefined]);
    expect(readStream(client.text).text).toBe(TEXT);
  });

  test('a budget that does not grow', async () => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const client = await serve(exchange, { body: STREAM }, [at('a', server)], 2);
    expect(readStream(client.text)).toMatchObject({
      text: 'One two',
      finishes: ['length'],
      usages: [{ prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 }],
      dones: 1,
    });
    expect(client.result).toMatchObject({ status: 'ok', finishReason: 'length' });
  });
});

describe('a budget grows with the answer', () => {
  const growing = (most: number, isSlow = false): OutputCeiling & { asked: number[] } => ({
    ceilingTokens: 2,
    asked: [],
    grow(tokens) {
      this.asked.push(tokens);
      const add = (): void => {
        (this as { ceilingTokens: number }).ceilingTokens += Math.min(
          tokens,
          most - this.ceilingTokens,
        );
      };
      return isSlow ? new Promise((resolve) => setImmediate(resolve)).then(add) : add();
    },
  });

  test.each([false, true])('as far as it needs; slowly: %s', async (isSlow) => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const ceiling = growing(100, isSlow);
    const client = await serve(exchange, { body: STREAM }, [at('a', server)], ceiling);
    expect(readStream(client.text)).toMatchObject({ text: TEXT, finishes: ['stop'] });
    expect(ceiling.asked).toEqual([4, 8]);
  });

  test('and the answer ends honestly where it cannot', async () => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const client = await serve(exchange, { body: STREAM }, [at('a', server)], growing(5));
    expect(bodies(server).map((body) => body['max_tokens'])).toEqual([2, 3]);
    expect(readStream(client.text)).toMatchObject({
      text: 'One two three four five',
      finishes: ['length'],
      dones: 1,
    });
    expect(client.result.usage.outputTokens).toBe(5);
  });

  test('a client that leaves while it grows gets nothing more, and what it had is settled', async () => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const client = new Client();
    let grown = (): void => {};
    const ceiling: OutputCeiling = {
      ceilingTokens: 2,
      grow: () => new Promise((resolve) => (grown = resolve)),
    };
    const decision = decide({ body: STREAM }, [at('a', server)]);
    const flow = exchange.run(decision, ceiling, client, client.onDone);
    await new Promise<void>((resolve) => {
      const wait = (): void => void (client.text.includes(' two') ? resolve() : setImmediate(wait));
      wait();
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    flow.abort();
    grown();
    const result = await client.done.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(result).toMatchObject({
      status: 'aborted',
      usage: { promptTokens: 10, outputTokens: 2 },
    });
    expect([client.terminals, client.dones, exchange.inFlight('a')]).toEqual([1, 1, 0]);
    expect(server.requests).toHaveLength(1);
    expect(exchange.events).toEqual([]);
  });
});

describe('an unstreamed answer that our own limit cuts', () => {
  test('is put together from its parts', async () => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const client = await serve(exchange, { body: WHOLE }, [at('a', server)]);
    expect(JSON.parse(client.text)).toEqual({
      id: 'c1',
      object: 'chat.completion',
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 8, total_tokens: 18 },
    });
    expect(client.result).toMatchObject({
      finishReason: 'stop',
      usage: { promptTokens: 10, outputTokens: 8 },
      costPicoUsd: 26_000_000,
    });
    expect(client.result.attempts).toHaveLength(1);
    expect(exchange.inFlight('a')).toBe(0);
  });

  test('begins anew, without a limit, where the engine cannot go on; only the whole one is charged', async () => {
    const server = await serverThat(writer({ tokens: TOKENS }));
    const client = await serve(exchange, { body: WHOLE }, [at('a', server, { engine: 'openai' })]);
    expect(JSON.parse(client.text)).toMatchObject({
      id: 'c2',
      choices: [{ message: { content: TEXT } }],
    });
    expect(bodies(server).map((body) => body['max_tokens'])).toEqual([2, undefined]);
    expect(client.result).toMatchObject({ usage: { promptTokens: 10, outputTokens: 8 } });
    expect(client.result.attempts.map(({ result }) => result)).toEqual(['ok', 'ok']);
    expect(exchange.events.map(({ kind }) => kind)).toEqual(['answer-restarted']);
  });

  test('begins anew where there is thinking in it', async () => {
    const server = await serverThat(writer({ tokens: TOKENS, thoughts: ['Hm'] }));
    const client = await serve(exchange, { body: WHOLE }, [at('a', server, { limitTokens: 4 })]);
    const { message } = (JSON.parse(client.text) as { choices: { message: object }[] }).choices[0]!;
    expect(message).toEqual({ role: 'assistant', content: TEXT, reasoning_content: 'Hm' });
    expect(server.requests).toHaveLength(2);
  });

  test('goes to the next instance where a further part fails', async () => {
    const failing = await serverThat(
      writer({ tokens: TOKENS, instead: { 2: (response) => response.writeHead(500).end() } }),
    );
    const other = await serverThat(writer({ tokens: TOKENS }));
    const client = await serve(exchange, { body: WHOLE }, [
      at('a', failing),
      at('b', other, { limitTokens: 20 }),
    ]);
    expect(JSON.parse(client.text)).toMatchObject({ choices: [{ message: { content: TEXT } }] });
    expect(client.headers['x-bourse-instance']).toBe('b');
    expect(client.result.usage).toMatchObject({ promptTokens: 10, outputTokens: 8 });
    expect([exchange.inFlight('a'), exchange.inFlight('b')]).toEqual([0, 0]);
  });
});

describe('a stream whose further part fails', () => {
  const failures: readonly [string, Answer, string][] = [
    [
      'with a status',
      writer({ tokens: TOKENS, instead: { 2: (r) => r.writeHead(500).end() } }),
      'BRS_UPSTREAM_STATUS',
    ],
    [
      'because the server does not go on with answers',
      writer({
        tokens: TOKENS,
        instead: { 2: (r) => r.writeHead(400, { 'content-type': 'application/json' }).end('{}') },
      }),
      'BRS_UPSTREAM_PROTOCOL',
    ],
    ['on the way', writer({ tokens: TOKENS, breaks: { 2: 2 } }), 'BRS_UPSTREAM_CUT'],
  ];

  test.each(failures)('%s ends in an error, never in a clean end', async (_, answer, code) => {
    const server = await serverThat(answer);
    const client = await serve(exchange, { body: STREAM }, [at('a', server)]);
    expect(codeOf(client)).toBe(code);
    expect(readStream(client.text)).toMatchObject({ finishes: [], dones: 0 });
    expect(client.text).toContain(' two');
    expect(client.result).toMatchObject({ status: 'cut', httpStatus: 200 });
    expect(client.result.usage.outputTokens).toBeGreaterThanOrEqual(2);
    expect([client.terminals, client.dones, exchange.inFlight('a')]).toEqual([1, 1, 0]);
  });

  test('is written by another instance of the same model, where there is one', async () => {
    const failing = await serverThat(
      writer({ tokens: TOKENS, instead: { 2: (response) => response.writeHead(500).end() } }),
    );
    const foreign = await serverThat(writer({ tokens: ['Other'] }));
    const other = await serverThat(writer({ tokens: TOKENS }));
    const client = await serve(exchange, { body: STREAM }, [
      at('a', failing),
      at('x', foreign, { model: { id: 'x' as never } }),
      at('b', other),
    ]);
    expect(readStream(client.text)).toMatchObject({
      text: TEXT,
      ids: ['c1'],
      finishes: ['stop'],
      dones: 1,
    });
    expect(foreign.requests).toHaveLength(0);
    expect(client.result.attempts.map(({ instance, result }) => [instance, result])).toEqual([
      ['a', 'status'],
      ['b', 'ok'],
    ]);
    expect([exchange.inFlight('a'), exchange.inFlight('b')]).toEqual([0, 0]);
  });

  test('because the circuit of its instance has opened since ends in an error', async () => {
    const broken = Object.fromEntries(
      [2, 3, 4, 5, 6].map((n) => [n, (r: ServerResponse) => void r.writeHead(500).end()]),
    );
    const server = await serverThat(writer({ tokens: TOKENS, instead: broken }));
    const client = new Client();
    const isGrowing = Promise.withResolvers<void>();
    const mayGrow = Promise.withResolvers<void>();
    const ceiling: OutputCeiling = {
      ceilingTokens: 2,
      grow() {
        isGrowing.resolve();
        return mayGrow.promise;
      },
    };
    const decision = decide({ body: STREAM }, [at('a', server)]);
    exchange.run(decision, ceiling, client, client.onDone);
    await isGrowing.promise;
    for (let i = 0; i < 5; i++) await serve(exchange, { body: WHOLE }, [at('a', server)]);
    (ceiling as { ceilingTokens: number }).ceilingTokens = 100;
    mayGrow.resolve();
    const result = await client.done.promise;
    expect(codeOf(client)).toBe('BRS_UPSTREAM_CUT');
    expect(result).toMatchObject({ status: 'cut', usage: { promptTokens: 10, outputTokens: 2 } });
    expect([client.terminals, client.dones, exchange.inFlight('a')]).toEqual([1, 1, 0]);
  });

  test('a client that leaves during it stops it, and pays for what it got', async () => {
    const server = await serverThat(writer({ tokens: TOKENS, hidesUsage: true }));
    const client = new Client();
    const decision = decide({ body: STREAM }, [at('a', server)]);
    const flow = exchange.run(decision, null, client, client.onDone);
    client.onChunk = (chunk) => {
      if (chunk.includes(' three')) flow.abort();
    };
    const result = await client.done.promise;
    expect(result).toMatchObject({ status: 'aborted', usage: { outputTokens: 3 } });
    expect([client.terminals, client.dones, exchange.inFlight('a')]).toEqual([1, 1, 0]);
  });
});

test('thinking that no one declared is cut in a stream: the answer begins anew, and is whole', async () => {
  const server = await serverThat(writer({ tokens: TOKENS, thoughts: ['Hm', ' hm'] }));
  const client = await serve(exchange, { body: STREAM }, [at('a', server)]);
  expect(readStream(client.text)).toMatchObject({
    text: TEXT,
    thoughts: 'Hm hmHm hm',
    finishes: ['stop'],
    usages: [{ prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 }],
    dones: 1,
  });
});
