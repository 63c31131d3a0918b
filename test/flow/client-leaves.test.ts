import { createServer, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import type { BalanceView, DecisionView } from '../../src/contract/index.ts';
import { eventually, getJson } from './demo-exchange.ts';

/** An answer that the upstream has been asked for. */
interface Asked {
  readonly instance: string;
  readonly prompt: string;
  readonly isStream: boolean;
  readonly response: ServerResponse;
}
const asked: Asked[] = [];
const open = new Set<ServerResponse>();

/** Every instance is a path of one server, which answers when the test says so. */
const upstream = createServer((request, response) => {
  const [, instance = '', ...path] = request.url!.split('/');
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    if (path.join('/') !== 'v1/chat/completions') {
      response.end('{}');
      return;
    }
    const { messages, stream } = JSON.parse(body) as {
      readonly messages: readonly { readonly content: string }[];
      readonly stream?: boolean;
    };
    open.add(response);
    response.on('close', () => open.delete(response));
    const prompt = messages[0]!.content;
    asked.push({ instance, prompt, isStream: stream === true, response });
  });
});

function answer({ response }: Asked): void {
  const message = { role: 'assistant', content: 'Hello' };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  const usage = { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ id: 'c', object: 'chat.completion', choices, usage }));
}
const event = (content: string): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;

const ROUTES = {
  plain: 'use: { models: [m] }',
  narrow: 'use: { models: [narrow] }',
  queued: 'use: { models: [narrow], queue: { order: arrival, maxMs: 60000 } }',
  cached: 'use: { models: [m] }, cache: { exact: true, ttlSeconds: 60 }',
  hedged: 'use: { models: [m], hedge: { afterMs: 20, maxShare: 1, maxLoad: 1 } }',
  cascaded: 'use: { models: [small, m], cascade: { models: [small, m] } }',
} as const;
type RouteName = keyof typeof ROUTES;
/** Of the tenant; more leave here, one after the other. */
const CONCURRENCY = 4;

let app: RunningApp;
beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const price = 'price: { inputPerMTok: 1, outputPerMTok: 2 }';
  const configText = `version: 1
server: { port: 0, admin: { port: 0 }, shutdown: { drainSeconds: 1 }, limits: { concurrency: ${CONCURRENCY} } }
log: { level: silent }
understanding: { deep: off }
health: { pollMs: 60000, timeoutMs: 20000, breaker: { failures: 10000 } }
attempts: { max: 3, firstTokenTimeoutMs: 60000, idleTimeoutMs: 60000 }
models:
  - { id: m, ${price}, accuracy: { default: 0.9 }, contextWindowTokens: 1000000 }
  - { id: small, price: { inputPerMTok: 0.1, outputPerMTok: 0.2 }, accuracy: { default: 0.6 } }
  - { id: narrow, ${price}, accuracy: { default: 0.9 }, contextWindowTokens: 1000000 }
instances:
  - { id: n, model: narrow, engine: vllm, maxRunning: 1, url: "${at}/n" }
  - { id: a, model: m, engine: vllm, url: "${at}/a" }
  - { id: b, model: m, engine: vllm, url: "${at}/b" }
  - { id: s, model: small, engine: vllm, url: "${at}/s" }
routes:
${Object.entries(ROUTES)
  .map(
    ([name, rule]) =>
      `  - { name: ${name}, when: { metadata: { header: x-case, equals: ${name} } }, ${rule} }`,
  )
  .join('\n')}
budgets: [{ id: all, tenant: "*", per: total, tokens: 100_000_000 }]
`;
  app = await startServe({ configText, env: {}, overrides: { port: 0, adminPort: 0 } });
}, 60_000);
afterAll(async () => {
  await app.close();
  upstream.closeAllConnections();
  upstream.close();
});

/** A client that can leave. */
class Leaver {
  readonly #request: ClientRequest;
  readonly response = Promise.withResolvers<IncomingMessage>();
  readonly closed = Promise.withResolvers<void>();

  constructor(route: RouteName, prompt: string, stream = false, sends = 1) {
    const body = JSON.stringify({
      model: 'auto',
      stream,
      messages: [{ role: 'user', content: prompt }],
    });
    this.#request = httpRequest(`${app.modelUrl}/v1/chat/completions`, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/json',
        'x-case': route,
        'content-length': body.length,
      },
    });
    this.#request.on('response', (response) => this.response.resolve(response));
    this.#request.on('error', () => {});
    this.#request.on('close', () => this.closed.resolve());
    this.#request.write(body.slice(0, Math.ceil(body.length * sends)));
    if (sends === 1) this.#request.end();
  }

  async leave(): Promise<void> {
    this.#request.destroy();
    await this.closed.promise;
  }

  /** The answer, read to its end. */
  async text(): Promise<string> {
    let text = '';
    for await (const chunk of await this.response.promise) text += String(chunk);
    return text;
  }
}

const promptsAsked = (prompt: string): readonly Asked[] =>
  asked.filter((each) => each.prompt === prompt);
const arrived = (prompt: string, count = 1): Promise<readonly Asked[]> =>
  eventually(async () => {
    const those = promptsAsked(prompt);
    return those.length >= count ? those : null;
  });

/** How the newest decisions ended, newest first; waits until all of them are settled. */
const endings = (count: number): Promise<readonly NonNullable<DecisionView['outcome']>[]> =>
  eventually(async () => {
    const { decisions } = await getJson<{ decisions: DecisionView[] }>(
      `${app.adminUrl}/admin/v1/decisions?limit=${count}`,
    );
    const ended = decisions.flatMap(({ outcome }) => (outcome === null ? [] : [outcome]));
    return ended.length === count ? ended : null;
  });

/** No upstream is asked any more. */
const isQuiet = (): Promise<boolean> => eventually(async () => open.size === 0);

describe('a client that leaves', () => {
  test('in the middle of its own body asks nobody', async () => {
    const before = asked.length;
    for (let i = 0; i < CONCURRENCY + 2; i++) {
      const client = new Leaver('plain', 'half of it', false, 0.5);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await client.leave();
    }
    expect(asked).toHaveLength(before);
  });

  test.each([false, true])(
    'before the head (streamed: %s): the instance is let go',
    async (stream) => {
      const prompt = `before the head ${stream}`;
      for (let i = 1; i <= CONCURRENCY + 2; i++) {
        const client = new Leaver('plain', prompt, stream);
        await arrived(prompt, i);
        await client.leave();
        await isQuiet();
      }
      const [last] = await endings(1);
      expect(last).toMatchObject({ status: 'aborted', attempts: [{ result: 'aborted' }] });
      expect(last!.usage.promptTokens).toBeGreaterThan(0);
    },
  );

  test('in the middle of a stream is charged for what had come', async () => {
    const client = new Leaver('plain', 'in the middle', true);
    const [one] = await arrived('in the middle');
    one!.response.setHeader('content-type', 'text/event-stream');
    one!.response.write(event('One') + event(' two') + event(' three'));
    const response = await client.response.promise;
    await new Promise((resolve) => response.once('data', resolve));
    await client.leave();
    await isQuiet();
    const [last] = await endings(1);
    expect(last).toMatchObject({ status: 'aborted', httpStatus: 200, usage: { outputTokens: 3 } });
  });

  test('while the second instance is asked, after the first has failed', async () => {
    const client = new Leaver('plain', 'second');
    const [first] = await arrived('second');
    first!.response.writeHead(500).end('{}');
    await arrived('second', 2);
    await client.leave();
    await isQuiet();
    const [last] = await endings(1);
    expect(last!.attempts.map(({ result }) => result)).toEqual(['status', 'aborted']);
    expect(promptsAsked('second')).toHaveLength(2);
  });

  test('while two instances race lets go of both', async () => {
    const client = new Leaver('hedged', 'race', true);
    await arrived('race', 2);
    await client.leave();
    await isQuiet();
    const [last] = await endings(1);
    expect(last!.attempts.map(({ result }) => result)).toEqual(['aborted', 'aborted']);
  });

  test('during a step of a cascade begins no further one', async () => {
    const client = new Leaver('cascaded', 'step');
    await arrived('step');
    await client.leave();
    await isQuiet();
    const [last] = await endings(1);
    expect(last).toMatchObject({
      status: 'aborted',
      attempts: [{ instance: 's', result: 'aborted' }],
    });
  });

  test('in the queue never reaches an instance, and costs nothing', async () => {
    // A prompt that keeps the one place of its instance busy for seconds.
    const long = 'long '.repeat(60_000);
    const busy = new Leaver('narrow', long);
    await arrived(long);
    const waiting = new Leaver('queued', 'queued');
    // It would be there by now: whoever does not wait passes it.
    const passing = new Leaver('plain', 'passing');
    answer((await arrived('passing'))[0]!);
    await passing.text();
    expect(promptsAsked('queued')).toHaveLength(0);
    await waiting.leave();
    const last = await eventually(async () =>
      (await endings(1)).find(({ route }) => route === 'queued'),
    );
    expect(last).toMatchObject({ status: 'aborted', attempts: [], costPicoUsd: 0 });
    for (const each of promptsAsked(long)) answer(each);
    await busy.text();
    await endings(1);
    expect(promptsAsked('queued')).toHaveLength(0);
  });

  test('while it waits for the answer of another leaves that one alone', async () => {
    const leader = new Leaver('cached', 'shared');
    const [one] = await arrived('shared');
    const waiter = new Leaver('cached', 'shared');
    const passing = new Leaver('plain', 'passing too');
    answer((await arrived('passing too'))[0]!);
    await passing.text();
    await waiter.leave();
    answer(one!);
    expect(await leader.text()).toContain('Hello');
    await isQuiet();
    expect(promptsAsked('shared')).toHaveLength(1);
  });

  test('whose answer others wait for leaves them to be served', async () => {
    const leader = new Leaver('cached', 'inherited');
    await arrived('inherited');
    const waiter = new Leaver('cached', 'inherited');
    const passing = new Leaver('plain', 'passing at last');
    answer((await arrived('passing at last'))[0]!);
    await passing.text();
    await leader.leave();
    const [, second] = await arrived('inherited', 2);
    answer(second!);
    expect(await waiter.text()).toContain('Hello');
    await isQuiet();
  });
});

test('a client that does not read holds its instance up, and memory with it', async () => {
  const TOTAL = 128 * 1024 * 1024;
  const client = new Leaver('plain', 'slow', true);
  const [one] = await arrived('slow');
  one!.response.setHeader('content-type', 'text/event-stream');
  const piece = event('x'.repeat(64 * 1024));
  let written = 0;
  const pump = (): void => {
    while (written < TOTAL && open.has(one!.response)) {
      written += piece.length;
      if (!one!.response.write(piece)) return void one!.response.once('drain', pump);
    }
  };
  const before = process.memoryUsage();
  pump();
  (await client.response.promise).pause();
  // It goes on until the buffers on the way are full; then it stands still.
  let last = -1;
  while (written !== last) {
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  expect(written).toBeLessThan(TOTAL / 4);
  const { external, arrayBuffers } = process.memoryUsage();
  expect(external + arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(TOTAL / 2);
  await client.leave();
  await isQuiet();
  const [ended] = await endings(1);
  expect(ended).toMatchObject({ status: 'aborted', httpStatus: 200 });
});

test('everything that was held is let go: budgets hold the ledger, and as many may ask as before', async () => {
  const clients = Array.from(
    { length: CONCURRENCY },
    (_, i) => new Leaver('plain', `at last ${i}`),
  );
  for (const [i, client] of clients.entries()) {
    answer((await arrived(`at last ${i}`))[0]!);
    expect(await client.text()).toContain('Hello');
  }
  await endings(CONCURRENCY);
  const { budgets } = await getJson<{ budgets: BalanceView[] }>(
    `${app.adminUrl}/admin/v1/tenants/default/budgets`,
  );
  const ledger = await getJson<Readonly<Record<string, string | number>>>(
    `${app.adminUrl}/admin/v1/ledger`,
  );
  const tokens = Number(ledger['promptTokens']) + Number(ledger['outputTokens']);
  expect(Number(budgets.find(({ rule }) => rule === 'all')!.settled.tokens)).toBe(tokens);
});
