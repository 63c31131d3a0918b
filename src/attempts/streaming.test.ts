import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import { listen } from '../pool/fixtures/local-server.ts';
import type { Answer, LocalServer } from '../pool/fixtures/local-server.ts';
import { Client, createExchange, decide, serve, sse } from './fixtures/exchange.ts';
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

const at = (id: string, server: LocalServer): Candidate => ({ id, url: server.url });
const codeOf = (client: Client): string | null =>
  Fault.isInstance(client.error) ? client.error.code : null;

const BODY = '{"model":"m","stream":true,"messages":[]}';
const WITH_USAGE = '{"model":"m","stream":true,"stream_options":{"include_usage":true}}';

/** Streams the pieces, one write each, and leaves the end to `close`. */
const streams =
  (
    pieces: readonly string[],
    close: (response: ServerResponse) => void = (it) => it.end(),
  ): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    const next = (index: number): void => {
      const piece = pieces[index];
      if (piece === undefined) return close(response);
      response.write(piece, () => setImmediate(() => next(index + 1)));
    };
    next(0);
  };
const cut = (response: ServerResponse): void => void response.socket!.destroy();

const WHOLE = [
  sse.role(),
  sse.text('Hel'),
  sse.text('lo'),
  sse.finish(),
  sse.usage(9, 2),
  sse.done(),
];
const WITHOUT_USAGE = WHOLE.filter((piece) => !piece.includes('usage')).join('');

describe('a stream', () => {
  test('usage is asked for, counted, and hidden from a client who did not ask', async () => {
    const server = await serverThat(streams(WHOLE));
    const client = await serve(exchange, { body: BODY }, [at('a', server)]);
    expect(JSON.parse(server.requests[0]!.body)).toMatchObject({
      stream_options: { include_usage: true },
    });
    expect(client.text).toBe(WITHOUT_USAGE);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-bourse-instance': 'a',
    });
    expect(client.headers).not.toHaveProperty('x-bourse-charged-usd');
    expect(client.result).toMatchObject({
      status: 'ok',
      httpStatus: 200,
      finishReason: 'stop',
      usage: { promptTokens: 9, outputTokens: 2, isEstimated: false },
      costPicoUsd: 13_000_000,
    });
    expect(client.result.ttftMs).toBeGreaterThan(0);
    expect(client.result.perTokenMs).toBeGreaterThan(0);
    expect(client.result.attempts[0]!.ttftMs).toBe(client.result.ttftMs);
    expect([client.terminals, client.dones]).toEqual([1, 1]);
  });

  test('a client who asked for usage gets it, and its bytes go up untouched', async () => {
    const server = await serverThat(streams(WHOLE));
    const client = await serve(exchange, { body: WITH_USAGE }, [at('a', server)]);
    expect(server.requests[0]!.body).toBe(WITH_USAGE);
    expect(client.text).toBe(WHOLE.join(''));
  });

  test("the client's other stream options stay", async () => {
    const server = await serverThat(streams(WHOLE));
    const body = '{"model":"m","stream":true,"stream_options":{"x":[1],"include_usage":false}}';
    await serve(exchange, { body }, [at('a', server)]);
    expect(server.requests[0]!.body).toBe(
      '{"model":"m","stream":true,"stream_options":{"x":[1],"include_usage":true}}',
    );
  });

  test('events that are torn over writes arrive whole', async () => {
    const bytes = WHOLE.join('');
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) =>
      bytes.slice(index * 7, index * 7 + 7),
    );
    const server = await serverThat(streams(pieces));
    const client = await serve(exchange, { body: WITH_USAGE }, [at('a', server)]);
    expect(client.text).toBe(bytes);
  });

  test('tool calls are content', async () => {
    const call = (part: object): string =>
      sse.frame({ choices: [{ index: 0, delta: { tool_calls: [part] }, finish_reason: null }] });
    const pieces = [
      sse.role(),
      call({ index: 0, id: 't1', type: 'function', function: { name: 'f', arguments: '' } }),
      call({ index: 0, function: { arguments: '{"a"' } }),
      call({ index: 0, function: { arguments: ':1}' } }),
      sse.finish('tool_calls'),
      sse.done(),
    ];
    const server = await serverThat(streams(pieces));
    const client = await serve(exchange, { body: BODY }, [at('a', server)]);
    expect(client.text).toBe(pieces.join(''));
    expect(client.result).toMatchObject({
      finishReason: 'tool_calls',
      usage: { promptTokens: 40, outputTokens: 3, isEstimated: true },
    });
  });

  test('start-up events wait for content, then all go at once', async () => {
    const release = Promise.withResolvers<void>();
    const server = await serverThat((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sse.role());
      void release.promise.then(() => response.end(WHOLE.slice(1).join('')));
    });
    const client = new Client();
    exchange.run(decide({ body: WITH_USAGE }, [at('a', server)]), null, client, client.onDone);
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(client.status).toBe(0);
    release.resolve();
    await client.done.promise;
    expect(client.text).toBe(WHOLE.join(''));
  });

  test('endless start-up events are let go at a limit', async () => {
    const pieces = [...Array.from({ length: 80 }, () => sse.role()), sse.finish(), sse.done()];
    const server = await serverThat(streams(pieces));
    const client = await serve(exchange, { body: WITH_USAGE }, [at('a', server)]);
    expect(client.text).toBe(pieces.join(''));
  });

  test('an empty answer is an answer', async () => {
    const pieces = [sse.role(), sse.finish(), sse.done()];
    const server = await serverThat(streams(pieces));
    const client = await serve(exchange, { body: WITH_USAGE }, [at('a', server)]);
    expect(client.text).toBe(pieces.join(''));
    expect(client.result.status).toBe('ok');
  });

  test('a server that closes after the finish without [DONE] is taken at its word', async () => {
    const pieces = [sse.role(), sse.text('x'), sse.finish()];
    const server = await serverThat(streams(pieces, cut));
    const client = await serve(exchange, { body: WITH_USAGE }, [at('a', server)]);
    expect(client.error).toBeNull();
    expect(client.text).toBe(pieces.join('') + sse.done());
  });
});

describe('a stream that fails before its first content', () => {
  const failing: readonly (readonly [name: string, answer: Answer, result: string])[] = [
    ['cut after the head', streams([], cut), 'cut'],
    ['cut after the role', streams([sse.role()], cut), 'cut'],
    ['ended cleanly, without an answer', streams([sse.role()]), 'cut'],
    ['an error frame', streams([sse.role(), sse.frame({ error: { message: 'oom' } })]), 'status'],
    [
      'JSON instead of a stream',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
      'protocol',
    ],
    ['500', (response) => response.writeHead(500).end(), 'status'],
  ];
  test.each(failing)(
    '%s: the next serves, and the client sees nothing',
    async (_name, answer, result) => {
      const bad = await serverThat(answer);
      const good = await serverThat(streams(WHOLE));
      const client = await serve(exchange, { body: BODY }, [at('bad', bad), at('good', good)]);
      expect(client.error).toBeNull();
      expect(client.text).toBe(WITHOUT_USAGE);
      expect(client.result.attempts).toMatchObject([{ result }, { result: 'ok' }]);
      expect(client.result.usage).toMatchObject({ promptTokens: 9, outputTokens: 2 });
    },
  );
});

describe('a stream that fails after its first content', () => {
  const failing: readonly (readonly [
    name: string,
    answer: Answer,
    result: string,
    output: number,
  ])[] = [
    ['cut', streams([sse.role(), sse.text('a'), sse.text('b')], cut), 'cut', 2],
    ['closed cleanly without an end', streams([sse.role(), sse.text('a')]), 'cut', 1],
    [
      'an error frame',
      streams([sse.text('a'), sse.text('b') + sse.frame({ error: { message: 'x' } })]),
      'status',
      2,
    ],
  ];
  test.each(failing)(
    '%s: an error, no second attempt, what was seen is charged',
    async (...row) => {
      const [, answer, result, output] = row;
      const bad = await serverThat(answer);
      const good = await serverThat(streams(WHOLE));
      const client = await serve(exchange, { body: BODY }, [at('bad', bad), at('good', good)]);
      expect(codeOf(client)).toBe('BRS_UPSTREAM_CUT');
      expect(client.text).toContain('"a"');
      expect(client.text).not.toContain('error');
      expect(good.requests).toEqual([]);
      expect(client.result).toMatchObject({
        status: 'cut',
        httpStatus: 200,
        usage: { promptTokens: 40, outputTokens: output, isEstimated: true },
        costPicoUsd: 40_000_000 + output * 2_000_000,
        attempts: [{ instance: 'bad', result }],
      });
      expect([client.terminals, client.dones, exchange.inFlight('bad')]).toEqual([1, 1, 0]);
    },
  );

  test('usage that came before the cut is what is charged', async () => {
    const bad = await serverThat(streams([sse.text('a'), sse.usage(9, 1)], cut));
    const client = await serve(exchange, { body: BODY }, [at('bad', bad)]);
    expect(client.result).toMatchObject({
      status: 'cut',
      usage: { promptTokens: 9, outputTokens: 1, isEstimated: false },
    });
  });
});

describe('the client of a stream', () => {
  test('leaves: the instance stops at once, the tokens seen are settled', async () => {
    const left = Promise.withResolvers<void>();
    const server = await serverThat((response) => {
      response.on('close', () => left.resolve());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sse.role() + sse.text('a') + sse.text('b'));
    });
    const client = new Client();
    const first = Promise.withResolvers<void>();
    client.onChunk = () => first.resolve();
    const flow = exchange.run(
      decide({ body: BODY }, [at('a', server)]),
      null,
      client,
      client.onDone,
    );
    await first.promise;
    flow.abort();
    await left.promise;
    expect(codeOf(client)).toBe('BRS_ABORTED');
    expect(client.result).toMatchObject({
      status: 'aborted',
      httpStatus: 200,
      usage: { promptTokens: 40, outputTokens: 2, isEstimated: true },
      attempts: [{ result: 'aborted' }],
    });
    expect([client.terminals, client.dones, exchange.inFlight('a')]).toEqual([1, 1, 0]);
  });

  test('leaves within its own callbacks', async () => {
    const server = await serverThat(streams(WHOLE));
    for (const where of ['onStart', 'onData']) {
      const client = new Client();
      if (where === 'onStart') client.onStart = () => flow.abort();
      else client.onChunk = () => flow.abort();
      const decision = decide({ body: BODY }, [at('a', server)]);
      const flow = exchange.run(decision, null, client, client.onDone);
      const result = await client.done.promise;
      expect(result.status).toBe('aborted');
      expect([client.terminals, client.dones]).toEqual([1, 1]);
    }
  });

  test('reads slowly: the instance is paused, and nothing is lost', async () => {
    const COUNT = 4_000;
    const piece = sse.text('x'.repeat(8_000));
    let written = 0;
    const server = await serverThat((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const pump = (): void => {
        while (written < COUNT) {
          written++;
          if (!response.write(piece)) return void response.once('drain', pump);
        }
        response.end(sse.finish() + sse.done());
      };
      pump();
    });
    const client = new Client();
    client.accepts = false;
    const first = Promise.withResolvers<void>();
    client.onChunk = () => first.resolve();
    exchange.run(decide({ body: WITH_USAGE }, [at('a', server)]), null, client, client.onDone);
    await first.promise;
    let before = -1;
    while (written !== before) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(client.chunks.length).toBeLessThan(4);
    expect(written).toBeLessThan(COUNT);
    client.accepts = true;
    client.flow!.resume();
    const result = await client.done.promise;
    expect(result.status).toBe('ok');
    expect(client.text.length).toBe(COUNT * piece.length + (sse.finish() + sse.done()).length);
  });
});
