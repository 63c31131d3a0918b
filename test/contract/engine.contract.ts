import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createExchange, serve } from '../../src/attempts/fixtures/exchange.ts';
import type { Exchange } from '../../src/attempts/fixtures/exchange.ts';
import type { Engine, EngineFeatures, Telemetry, Usage } from '../../src/contract/index.ts';
import { NO_TELEMETRY } from '../../src/contract/index.ts';
import { createSystemClock } from '../../src/kernel/index.ts';
import { instanceAt, listen } from '../../src/pool/fixtures/local-server.ts';
import type { LocalServer } from '../../src/pool/fixtures/local-server.ts';
import { createProber } from '../../src/pool/prober.ts';

/** What the recorded bytes of one engine say, in the words of the exchange. */
interface EngineCase {
  /** Where the format of the bytes is from. */
  readonly source: string;
  readonly path: string;
  /** The header that carries the key. */
  readonly auth: string;
  readonly text: string;
  /** What the model thought; empty: nothing. */
  readonly thought: string;
  readonly usage: Usage;
  readonly finishReason: string;
  readonly errorMessage: string;
  /** Members that the server has to get; null: it must not get them. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Answers by path; those that are posted to have `POST ` before them, and a status. */
  readonly probes: Readonly<Record<string, unknown>>;
  readonly features: EngineFeatures;
  readonly telemetry: Partial<Telemetry>;
}

const KEY = 'sk-contract';
const ASK = {
  model: 'm',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'A colour?' },
  ],
  max_tokens: 50,
};
/** Each rate is another, so that a token at the wrong one shows. */
const PRICE = {
  inputPicoUsd: 1_000_000,
  cachedInputPicoUsd: 100_000,
  outputPicoUsd: 4_000_000,
  cacheWritePicoUsd: 1_250_000,
  reasoningPicoUsd: 6_000_000,
};

/** What every engine does, against the bytes in its `fixtures`. */
export function engineContract(engine: Engine, folder: string): void {
  describe(`engine contract: ${engine.kind}`, () => {
    const read = (name: string): string => readFileSync(join(folder, 'fixtures', name), 'utf8');
    const known = JSON.parse(read('case.json')) as EngineCase;
    const subject: Subject = { engine, known, read };
    describesItself(subject, folder);
    answers(subject);
    reads(subject);
    isProbed(subject, existsSync(join(folder, 'fixtures', 'metrics.txt')));
  });
}

interface Subject {
  readonly engine: Engine;
  readonly known: EngineCase;
  readonly read: (name: string) => string;
}

function describesItself({ engine, known }: Subject, folder: string): void {
  test('has a README that names the source of its fixtures', () => {
    expect(engine.apiVersion).toBe(1);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(known.source);
  });

  test('has no key in a path, and none in a header where there is none', () => {
    const withKey = instanceAt('http://127.0.0.1:1', { engine: engine.kind, apiKey: KEY });
    const headers = engine.headers(withKey);
    expect(headers['content-type']).toBe('application/json');
    expect(headers[known.auth]).toContain(KEY);
    expect(JSON.stringify(engine.headers({ ...withKey, apiKey: null }))).not.toContain(known.auth);
    for (const surface of ['chat', 'completions', 'embeddings', 'responses'] as const) {
      const path = engine.path(surface, { hasResponses: true }, withKey);
      if (path === null) continue;
      expect(path).toMatch(/^\/[^\s#]*$/);
      expect(path).not.toContain(KEY);
    }
    expect(engine.path('chat', { hasResponses: false }, withKey)).toBe(known.path);
    expect(engine.path('responses', { hasResponses: false }, withKey)).toBeNull();
  });

  test('bears any telemetry', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const value of Object.values(engine.readTelemetry(text, 'm'))) {
          expect(value === null || Number.isFinite(value)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
    expect(engine.readTelemetry('', 'm')).toEqual(NO_TELEMETRY);
  });
}

interface ChatAnswer {
  readonly choices: readonly {
    readonly message: Readonly<Record<string, unknown>>;
    readonly finish_reason: string;
  }[];
}

function answers({ engine, known, read }: Subject): void {
  let server: LocalServer;
  let exchange: Exchange;
  let status = 200;
  const streamType = engine.dialect?.streamType ?? 'text/event-stream';
  beforeAll(async () => {
    exchange = createExchange();
    server = await listen((response, body) => {
      const isStream = (JSON.parse(body) as { stream?: boolean }).stream === true;
      const type = status === 200 && isStream ? streamType : 'application/json';
      response.writeHead(status, { 'content-type': type });
      response.end(
        status !== 200 ? read('error.json') : read(isStream ? 'stream.txt' : 'answer.json'),
      );
    });
  });
  afterAll(async () => {
    await exchange.close();
    await server.close();
  });
  const candidate = () => ({
    id: 'a',
    url: server.url,
    engine: engine.kind,
    apiKey: KEY,
    model: { price: PRICE },
  });
  const ask = (changes: Readonly<Record<string, unknown>> = {}) =>
    serve(exchange, { body: JSON.stringify({ ...ASK, ...changes }) }, [candidate()]);

  const isAsWanted = (text: string): void => {
    const body = JSON.parse(text) as Record<string, unknown>;
    for (const [member, value] of Object.entries(known.request)) {
      if (value === null) expect(body).not.toHaveProperty(member);
      else expect(body[member]).toEqual(value);
    }
  };

  test('a whole answer, asked for as the server wants it', async () => {
    const client = await ask();
    const asked = server.requests.at(-1)!;
    expect(asked.path).toBe(known.path);
    isAsWanted(asked.body);
    const answer = JSON.parse(client.text) as ChatAnswer;
    const { message, finish_reason: finish } = answer.choices[0]!;
    expect(message['content']).toBe(known.text);
    expect(thoughtIn(message)).toBe(known.thought);
    expect(finish).toBe(known.finishReason);
    expect(client.result.usage).toEqual(known.usage);
    expect(client.result.attempts.map(({ result }) => result)).toEqual(['ok']);
  });

  test('a stream says the same, costs the same, and is one of chat', async () => {
    const whole = await ask();
    const streamed = await ask({ stream: true, stream_options: { include_usage: true } });
    isAsWanted(server.requests.at(-1)!.body);
    expect(streamed.headers['content-type']).toContain('text/event-stream');
    expect(said(streamed.text)).toEqual({ text: known.text, thought: known.thought });
    expect(streamed.text.trimEnd()).toMatch(/data: \[DONE\]$/);
    expect(streamed.result.usage).toEqual(whole.result.usage);
    expect(streamed.result.costPicoUsd).toBe(whole.result.costPicoUsd);
    expect(streamed.result.costPicoUsd).toBeGreaterThan(0);
    expect(streamed.result.finishReason).toBe(known.finishReason);
  });

  test('usage is counted for a client that did not ask for it, and hidden from it', async () => {
    const client = await ask({ stream: true });
    expect(client.result.usage).toEqual(known.usage);
    expect(client.text).not.toContain('prompt_tokens');
  });

  test('what is wrong with a request is said as OpenAI says it, and costs nothing', async () => {
    status = 400;
    const client = await ask();
    status = 200;
    expect(client.status).toBe(400);
    expect(client.text).toContain(JSON.stringify(known.errorMessage).slice(1, -1));
    expect(client.result.costPicoUsd).toBe(0);
  });

  test.each([
    [401, 'credential'],
    [429, 'rate-limited'],
    [500, 'status'],
  ] as const)('status %i is %s', async (code, result) => {
    status = code;
    const client = await ask({ stream: true });
    status = 200;
    expect(client.error).not.toBeNull();
    expect(client.result.attempts[0]!.result).toBe(result);
  });
}

/** Every way in which a stream can arrive, or break. */
function reads({ engine, known, read }: Subject): void {
  const bytes = Buffer.from(read('stream.txt'));
  const type = engine.dialect?.streamType ?? 'text/event-stream';
  const pushed = async (pieces: readonly Buffer[]) => {
    const exchange = createExchange({
      upstream: {
        dispatch: (_call, sink) => {
          const flow = { pause: () => {}, resume: () => {}, abort: () => {} };
          queueMicrotask(() => {
            sink.onStart(200, { 'content-type': type }, flow);
            for (const piece of pieces) sink.onData(Buffer.from(piece));
            sink.onEnd();
          });
          return flow;
        },
      },
    });
    const body = JSON.stringify({ ...ASK, stream: true, stream_options: { include_usage: true } });
    const at = { id: 'a', url: 'http://127.0.0.1:1', engine: engine.kind, model: { price: PRICE } };
    const client = await serve(exchange, { body }, [at]);
    await exchange.close();
    return client;
  };

  test.each([1, 3, 64])('a stream in pieces of %i bytes is the same', async (size) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    const client = await pushed(pieces);
    expect(client.error).toBeNull();
    expect(said(client.text)).toEqual({ text: known.text, thought: known.thought });
    expect(client.result.usage).toEqual(known.usage);
  });

  test('a stream that is cut is no answer, wherever it is cut before its end', async () => {
    const finish = bytes.lastIndexOf(Buffer.from(known.text.slice(-4)));
    for (let end = 1; end < finish; end += Math.max(1, Math.floor(finish / 12))) {
      const client = await pushed([bytes.subarray(0, end)]);
      expect(client.error, `cut after ${end} bytes`).not.toBeNull();
      expect(client.terminals).toBe(1);
      expect(known.text.startsWith(said(client.text).text)).toBe(true);
    }
  });
}

function isProbed({ engine, known, read }: Subject, hasMetrics: boolean): void {
  test('is found to be ready, with its load and what it can do', async () => {
    const server = await listen((response, _body, request) => {
      const path = request.url!;
      if (request.method === 'POST') {
        const answer = known.probes[`POST ${path}`] as
          | { status: number; body?: object }
          | undefined;
        response.writeHead(answer?.status ?? 404).end(JSON.stringify(answer?.body ?? {}));
      } else if (hasMetrics && path === engine.probe.telemetryPath) {
        response.end(read('metrics.txt'));
      } else {
        const answer = known.probes[path];
        response.writeHead(answer === undefined ? 404 : 200);
        response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
      }
    });
    const prober = createProber({ engines: [engine], clock: createSystemClock() });
    const probe = await prober.probe(instanceAt(server.url, { engine: engine.kind }), 5_000);
    await prober.close();
    await server.close();
    expect(probe).toEqual({
      lifecycle: 'ready',
      reason: null,
      telemetry: { ...NO_TELEMETRY, ...known.telemetry },
      features: known.features,
    });
  });

  test('is down where nothing answers', async () => {
    const server = await listen(() => {});
    await server.close();
    const prober = createProber({ engines: [engine], clock: createSystemClock() });
    const probe = await prober.probe(instanceAt(server.url, { engine: engine.kind }), 5_000);
    await prober.close();
    expect(probe.lifecycle).toBe('down');
  });
}

const thoughtIn = (message: Readonly<Record<string, unknown>>): string =>
  textIn(message['reasoning_content']) + textIn(message['reasoning']);

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The text and the thoughts of a stream of the chat surface. */
function said(stream: string): { readonly text: string; readonly thought: string } {
  let text = '';
  let thought = '';
  for (const line of stream.split('\n')) {
    if (!line.startsWith('data: {')) continue;
    const chunk = JSON.parse(line.slice(6)) as {
      choices?: { delta?: Record<string, unknown> }[];
    };
    const delta = chunk.choices?.[0]?.delta ?? {};
    text += typeof delta['content'] === 'string' ? delta['content'] : '';
    thought += thoughtIn(delta);
  }
  return { text, thought };
}
