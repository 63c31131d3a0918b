import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import { listen, refusedUrl } from '../pool/fixtures/local-server.ts';
import type { Answer, LocalServer } from '../pool/fixtures/local-server.ts';
import { Client, PLAN, createExchange, decide, modelNamed, serve } from './fixtures/exchange.ts';
import type { Candidate, Exchange } from './fixtures/exchange.ts';

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

const BODY = '{"model":"auto","messages":[{"role":"user","content":"hi"}]}';
const ANSWER = JSON.stringify({
  id: 'c1',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 10,
    completion_tokens: 5,
    total_tokens: 15,
    prompt_tokens_details: { cached_tokens: 4 },
  },
});

const answerOk: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'up-1' });
  response.end(ANSWER);
};
const answerWith =
  (
    status: number,
    headers: Record<string, string> = {},
    body = '{"error":{"message":"no"}}',
  ): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };

const at = (
  id: string,
  server: LocalServer | string,
  more: Partial<Candidate> = {},
): Candidate => ({
  id,
  url: typeof server === 'string' ? server : server.url,
  ...more,
});

const codeOf = (client: Client): string | null =>
  Fault.isInstance(client.error) ? client.error.code : null;

describe('one attempt', () => {
  test('an answer goes through untouched, with its headers, its usage and its charge', async () => {
    const server = await serverThat(answerOk);
    const client = await serve(exchange, { body: BODY }, [at('a', server)]);
    expect(client.text).toBe(ANSWER);
    expect(client.status).toBe(200);
    expect(client.headers).toEqual({
      'content-type': 'application/json',
      'x-bourse-decision-id': 'd-0-test0000000000',
      'x-bourse-route': 'default',
      'x-bourse-model': 'm',
      'x-bourse-instance': 'a',
      'x-bourse-mode': 'economy',
      'x-bourse-bid-usd': '0.000012345000',
      'x-bourse-bid-energy-j': 'unknown',
      'x-bourse-energy-j': 'unknown',
      'x-bourse-energy-source': 'unknown',
      'x-bourse-bid-ttft-ms': '120.5',
      // 6 × 1 000 000 + 4 × 100 000 + 5 × 2 000 000 pico-USD
      'x-bourse-charged-usd': '0.000016400000',
      'x-bourse-upstream-request-id': 'up-1',
    });
    expect(client.result).toMatchObject({
      status: 'ok',
      httpStatus: 200,
      finishReason: 'stop',
      usage: { promptTokens: 10, cachedTokens: 4, outputTokens: 5, isEstimated: false },
      costPicoUsd: 16_400_000,
      energyMicrojoules: 0,
      energySource: 'unknown',
      ttftMs: null,
      perTokenMs: null,
    });
    expect(client.result.attempts).toEqual([
      {
        instance: 'a',
        result: 'ok',
        status: 200,
        ttftMs: null,
        totalMs: expect.any(Number) as number,
        promisedTtftMs: 120.5,
        promisedLatencyMs: 500,
        promisedWaitMs: 20,
        promisedOutputTokens: 20,
        batch: null,
        turns: null,
        pendingTokens: null,
      },
    ]);
    expect([client.terminals, client.dones, exchange.inFlight('a')]).toEqual([1, 1, 0]);
    expect(server.requests).toEqual([
      {
        path: '/v1/chat/completions',
        body: BODY.replace('"auto"', '"m"'),
        authorization: undefined,
      },
    ]);
  });

  test('without an edit to make, the very bytes go out', async () => {
    const server = await serverThat(answerOk);
    const body = '{ "messages" : [],\n "model":"m", "temperature":1e-1 }';
    await serve(exchange, { body }, [at('a', server)]);
    expect(server.requests[0]!.body).toBe(body);
  });

  test('an unknown price is shown as unknown, never as zero', async () => {
    const server = await serverThat(answerOk);
    const client = await serve(exchange, { body: BODY }, [
      at('a', server, { model: { price: null } }),
    ]);
    expect(client.headers['x-bourse-charged-usd']).toBe('unknown');
    expect(client.result.costPicoUsd).toBe(0);
  });

  test('energy comes from the power curve', async () => {
    const server = await serverThat(answerOk);
    const power = { idleWatts: 70, peakWatts: 300, gpus: 1, steepness: 1, midpoint: 4 };
    const client = await serve(exchange, { body: BODY }, [at('a', server, { model: { power } })]);
    expect(client.result.energySource).toBe('curve');
    expect(client.result.energyMicrojoules).toBeGreaterThan(0);
    expect(Number.isSafeInteger(client.result.energyMicrojoules)).toBe(true);
  });

  test('usage that never comes is estimated, and says so', async () => {
    const text = '{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}';
    const server = await serverThat(answerWith(200, {}, text));
    const client = await serve(exchange, { body: BODY }, [at('a', server)], 12);
    expect(client.result.usage).toEqual({
      promptTokens: 40,
      cachedTokens: 0,
      outputTokens: 12,
      isEstimated: true,
    });
  });

  test('what the client did wrong comes back unchanged, uncharged, unretried', async () => {
    const wrong = '{"error":{"message":"messages[0] is odd","type":"invalid_request_error"}}';
    const server = await serverThat(answerWith(422, {}, wrong));
    const other = await serverThat(answerOk);
    const client = await serve(exchange, { body: BODY }, [at('a', server), at('b', other)]);
    expect([client.status, client.text]).toEqual([422, wrong]);
    expect(client.result).toMatchObject({ status: 'failed', httpStatus: 422, costPicoUsd: 0 });
    expect(client.result.usage).toMatchObject({ promptTokens: 0, outputTokens: 0 });
    // The instance did what it should: neither breaker nor reputation hears of a failure.
    expect(client.result.attempts).toMatchObject([{ result: 'ok', status: 422 }]);
    expect(other.requests).toEqual([]);
    expect(exchange.events).toEqual([]);
  });

  test('names that a header cannot carry are encoded', async () => {
    const server = await serverThat(answerOk);
    const mandate = { route: 'über-路\r\nx: y', mode: 'economy' };
    const client = await serve(exchange, { body: BODY, mandate }, [at('a', server)]);
    expect(client.headers['x-bourse-route']).toBe('%C3%BCber-%E8%B7%AF%0D%0Ax%3A%20y');
  });
});

describe('retries before the answer', () => {
  const failing: readonly (readonly [name: string, answer: Answer, result: string])[] = [
    ['500', answerWith(500), 'status'],
    ['503', answerWith(503), 'status'],
    ['404: the exchange chose the model', answerWith(404), 'status'],
    ['429', answerWith(429, { 'retry-after': '7' }), 'rate-limited'],
    ['401', answerWith(401), 'credential'],
    ['403', answerWith(403), 'credential'],
    ['cut before the head', (response) => response.socket!.destroy(), 'cut'],
    [
      'cut within the body',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '999' });
        response.write('{"half":', () => response.socket!.destroy());
      },
      'cut',
    ],
    [
      'a page',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      'protocol',
    ],
    [
      'an event stream that nobody asked for',
      (response) =>
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: 1\n\n'),
      'protocol',
    ],
    ['half a JSON object', answerWith(200, {}, '{"a":1'), 'protocol'],
    ['no body', answerWith(200, {}, ''), 'protocol'],
  ];

  test.each(failing)('%s: the next of the ranking serves', async (_name, answer, result) => {
    const bad = await serverThat(answer);
    const good = await serverThat(answerOk);
    const client = await serve(exchange, { body: BODY }, [
      at('bad', bad),
      at('good', good, { model: modelNamed('other') }),
    ]);
    expect(client.error).toBeNull();
    expect(client.text).toBe(ANSWER);
    expect(client.headers).toMatchObject({
      'x-bourse-instance': 'good',
      'x-bourse-model': 'other',
      'x-bourse-attempt': '2',
    });
    expect(client.result.attempts).toMatchObject([
      { instance: 'bad', result },
      { instance: 'good', result: 'ok' },
    ]);
    expect(exchange.events[0]).toMatchObject({ kind: 'attempt-failed', instance: 'bad', result });
    expect([exchange.inFlight('bad'), exchange.inFlight('good')]).toEqual([0, 0]);
    // Each attempt is spliced from the original bytes.
    expect(good.requests[0]!.body).toBe(BODY.replace('"auto"', '"other"'));
  });

  test('a refused connection', async () => {
    const good = await serverThat(answerOk);
    const client = await serve(exchange, { body: BODY }, [
      at('bad', await refusedUrl()),
      at('good', good),
    ]);
    expect(client.result.attempts).toMatchObject([
      { result: 'connect', status: null },
      { result: 'ok' },
    ]);
  });

  test('an instance that hangs is left at its deadline', async () => {
    const left = Promise.withResolvers<void>();
    const bad = await serverThat((response) => response.on('close', () => left.resolve()));
    const good = await serverThat(answerOk);
    const mandate = { attempts: { ...PLAN, firstTokenTimeoutMs: 60 } };
    const client = await serve(exchange, { body: BODY, mandate }, [
      at('bad', bad, { latencyMs: 1 }),
      at('good', good),
    ]);
    expect(client.result.attempts).toMatchObject([{ result: 'timeout' }, { result: 'ok' }]);
    await left.promise;
  });

  test('an unstreamed answer gets the time that its bid promised, and some', async () => {
    const slow = await serverThat(
      (response) => void setTimeout(() => answerOk(response, '', null as never), 150),
    );
    const mandate = { attempts: { ...PLAN, firstTokenTimeoutMs: 20 } };
    const client = await serve(exchange, { body: BODY, mandate }, [
      at('a', slow, { latencyMs: 1_000 }),
    ]);
    expect(client.result.status).toBe('ok');
  });

  test('no more attempts than the plan allows, each on another instance', async () => {
    const bad = await serverThat(answerWith(500));
    const never = await serverThat(answerOk);
    const mandate = { attempts: { ...PLAN, max: 2 } };
    const client = await serve(exchange, { body: BODY, mandate }, [
      at('a', bad),
      at('b', bad),
      at('c', never),
    ]);
    expect(codeOf(client)).toBe('BRS_ATTEMPTS_EXHAUSTED');
    expect(client.error!.message).toContain('a: status; b: status');
    expect(client.result).toMatchObject({ status: 'failed', httpStatus: 503, costPicoUsd: 0 });
    expect(never.requests).toEqual([]);
    expect([client.terminals, client.dones]).toEqual([1, 1]);
  });

  test('an embedding never comes from another model', async () => {
    const bad = await serverThat(answerWith(500));
    const other = await serverThat(answerOk);
    const body = '{"model":"m","input":"x"}';
    const client = await serve(exchange, { body, surface: 'embeddings' }, [
      at('a', bad),
      at('b', other, { model: modelNamed('other') }),
    ]);
    expect(codeOf(client)).toBe('BRS_UPSTREAM_STATUS');
    expect(other.requests).toEqual([]);
    expect(bad.requests[0]).toMatchObject({ path: '/v1/embeddings', body });
  });
});

describe('when nobody serves', () => {
  test.each([
    [500, {}, 'BRS_UPSTREAM_STATUS', 502],
    [401, {}, 'BRS_UPSTREAM_CREDENTIAL', 502],
    [403, {}, 'BRS_UPSTREAM_CREDENTIAL', 502],
    [429, { 'retry-after': '7' }, 'BRS_UPSTREAM_RATE', 429],
  ])('a single %i is told by its own fault', async (status, headers, code, httpStatus) => {
    const body = '{"error":{"message":"Incorrect API key sk-up-secret"}}';
    const server = await serverThat(answerWith(status, headers, body));
    const client = await serve(exchange, { body: BODY }, [
      at('a', server, { apiKey: 'sk-up-secret' }),
    ]);
    expect(codeOf(client)).toBe(code);
    expect(client.result.httpStatus).toBe(httpStatus);
    expect(client.error!.message).not.toContain('secret');
    expect(client.chunks).toEqual([]);
    if (code === 'BRS_UPSTREAM_RATE') expect((client.error as Fault).retryAfterSeconds).toBe(7);
  });

  test('instances whose circuit is open are passed over, and named', async () => {
    const bad = await serverThat(answerWith(429, { 'retry-after': '30' }));
    await serve(exchange, { body: BODY }, [at('a', bad)]);
    const client = await serve(exchange, { body: BODY }, [at('a', bad)]);
    expect(bad.requests).toHaveLength(1);
    expect(client.error!.message).toContain('a: circuit open');
    expect(client.result).toMatchObject({ bid: null, attempts: [] });
    const good = await serverThat(answerOk);
    const served = await serve(exchange, { body: BODY }, [at('a', bad), at('b', good)]);
    expect(served.headers['x-bourse-instance']).toBe('b');
    expect(served.headers).not.toHaveProperty('x-bourse-attempt');
  });

  test('an engine that is not installed', async () => {
    const client = await serve(exchange, { body: BODY }, [
      at('a', 'http://127.0.0.1:1', { engine: 'x' }),
    ]);
    expect(client.error!.message).toContain('a: its engine is not installed');
  });

  test('a URL that is none is a failed connection', async () => {
    const client = await serve(exchange, { body: BODY }, [at('a', 'nonsense')]);
    expect(codeOf(client)).toBe('BRS_UPSTREAM_CONNECT');
    expect(exchange.inFlight('a')).toBe(0);
  });
});

describe('the client leaves', () => {
  test('before the answer: the instance stops, the prompt is settled, nothing is told twice', async () => {
    const arrived = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const server = await serverThat((response) => {
      response.on('close', () => left.resolve());
      arrived.resolve();
    });
    const client = new Client();
    const flow = exchange.run(
      decide({ body: BODY }, [at('a', server)]),
      null,
      client,
      client.onDone,
    );
    await arrived.promise;
    flow.abort();
    flow.abort();
    await left.promise;
    expect(codeOf(client)).toBe('BRS_ABORTED');
    expect(client.result).toMatchObject({
      status: 'aborted',
      httpStatus: 499,
      usage: { promptTokens: 40, outputTokens: 0, isEstimated: true },
      attempts: [{ instance: 'a', result: 'aborted' }],
    });
    expect([client.terminals, client.dones, exchange.inFlight('a')]).toEqual([1, 1, 0]);
  });

  test('after the answer: nothing happens', async () => {
    const server = await serverThat(answerOk);
    const client = new Client();
    const flow = exchange.run(
      decide({ body: BODY }, [at('a', server)]),
      null,
      client,
      client.onDone,
    );
    await client.done.promise;
    flow.abort();
    flow.pause();
    flow.resume();
    expect([client.terminals, client.dones, client.error]).toEqual([1, 1, null]);
  });

  test('a sink that throws does not keep the request from being settled', async () => {
    const server = await serverThat(answerOk);
    const client = new Client();
    client.onChunk = () => {
      throw new Error('the client is broken');
    };
    exchange.run(decide({ body: BODY }, [at('a', server)]), null, client, client.onDone);
    const result = await client.done.promise;
    expect(result.status).toBe('ok');
    expect(client.dones).toBe(1);
  });
});
