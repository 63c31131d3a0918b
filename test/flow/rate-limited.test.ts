import { createServer } from 'node:http';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import type { DecisionView } from '../../src/contract/index.ts';
import { eventually, getJson } from './demo-exchange.ts';

type Reply = (response: ServerResponse) => void;

/** One arrival at an instance. */
interface Arrival {
  readonly instance: string;
  readonly key: string;
  readonly atMs: number;
}
const arrivals: Arrival[] = [];
/** What an instance does with a key, `INSTANCE KEY`; else it serves. */
const replies = new Map<string, Reply>();
const held: (() => void)[] = [];

const serve: Reply = (response) => {
  const message = { role: 'assistant', content: 'Hello' };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  const usage = { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ id: 'c', object: 'chat.completion', choices, usage }));
};
const hold: Reply = (response) => void held.push(() => serve(response));
const limit =
  (headers: () => OutgoingHttpHeaders): Reply =>
  (response) =>
    void response.writeHead(429, headers()).end('{}');

/** Every instance is a path of one server. */
const upstream = createServer((request, response) => {
  const [, instance = '', ...path] = request.url!.split('/');
  const key = request.headers.authorization?.slice('Bearer '.length) ?? '';
  request.resume().on('end', () => {
    if (path.join('/') !== 'v1/chat/completions') {
      response.end('{}');
      return;
    }
    arrivals.push({ instance, key, atMs: performance.now() });
    (replies.get(`${instance} ${key}`) ?? serve)(response);
  });
});
const arrivedAt = (instance: string): readonly Arrival[] =>
  arrivals.filter((each) => each.instance === instance);

const FORMS: Readonly<Record<string, { waitMs: number; headers: () => OutgoingHttpHeaders }>> = {
  seconds: { waitMs: 1_000, headers: () => ({ 'retry-after': '1' }) },
  milliseconds: { waitMs: 700, headers: () => ({ 'retry-after-ms': '700', 'retry-after': '60' }) },
  date: {
    waitMs: 1_000,
    // By a clock of the server's own, which is a year behind.
    headers: () => ({
      date: 'Fri, 21 Nov 2025 12:00:00 GMT',
      'retry-after': 'Fri, 21 Nov 2025 12:00:01 GMT',
    }),
  },
};

const model = (id: string, price: number): string =>
  `  - { id: ${id}, upstreamName: m, price: { inputPerMTok: ${price}, outputPerMTok: ${price} }, accuracy: { default: 0.9 } }`;
const route = (name: string, models: string): string =>
  `  - { name: ${name}, when: { metadata: { header: x-case, equals: ${name} } }, use: { models: [${models}] } }`;

let app: RunningApp;
beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const names = Object.keys(FORMS);
  const keyed = ['keys', 'spent'];
  const configText = `version: 1
server: { port: 0, admin: { port: 0 }, shutdown: { drainSeconds: 1 } }
log: { level: silent }
understanding: { deep: off }
health: { pollMs: 60000, timeoutMs: 20000, breaker: { failures: 10000, rampFrom: 2 } }
models:
${[...names, ...keyed, 'only'].map((id) => model(id, 1)).join('\n')}
${model('dear', 100)}
instances:
${[...names, 'only', 'dear'].map((id) => `  - { id: ${id}, model: ${id}, engine: vllm, url: "${at}/${id}" }`).join('\n')}
${keyed.map((id) => `  - { id: ${id}, model: ${id}, engine: openai, url: "${at}/${id}", apiKeys: [k1, k2, k3] }`).join('\n')}
routes:
${[...names.map((id) => route(id, `${id}, dear`)), ...[...names, ...keyed, 'only'].map((id) => route(`${id}-alone`, id))].join('\n')}
`;
  app = await startServe({ configText, env: {}, overrides: { port: 0, adminPort: 0 } });
}, 60_000);
afterAll(async () => {
  await app.close();
  upstream.closeAllConnections();
  upstream.close();
});

interface Told {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly code: string | undefined;
  readonly attempts: readonly string[];
}

async function ask(name: string): Promise<Told> {
  const response = await fetch(`${app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-case': name },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'hi' }] }),
  });
  const { error } = (await response.json()) as { error?: { bourse_code: string } };
  const id = response.headers.get('x-bourse-decision-id');
  const view = await eventually(async () => {
    const read = await getJson<DecisionView>(`${app.adminUrl}/admin/v1/decisions/${id}`);
    return read.outcome !== null || read.refusal !== null ? read : null;
  });
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    code: error?.bourse_code,
    attempts: (view.outcome?.attempts ?? []).map(({ instance, result }) => `${instance} ${result}`),
  };
}

describe.each(Object.keys(FORMS))('429 with a wait in %s', (name) => {
  const { waitMs, headers } = FORMS[name]!;

  test('others serve meanwhile; then it is tried by one, and gets two at first', async () => {
    const key = `${name} `;
    replies.set(key, limit(headers));
    const before = performance.now();
    expect((await ask(name)).attempts).toEqual([`${name} rate-limited`, 'dear ok']);
    for (let i = 0; i < 3; i++) {
      const { status, attempts } = await ask(name);
      expect(status).toBe(200);
      // On a slow machine its time may be over by now.
      if (performance.now() - before < waitMs) expect(attempts).toEqual(['dear ok']);
    }
    const alone = await ask(`${name}-alone`);
    if (performance.now() - before < waitMs) {
      expect(alone).toMatchObject({ status: 429, code: 'BRS_UPSTREAM_RATE', attempts: [] });
      expect(alone.retryAfter).toBe('1');
    }
    replies.set(key, hold);
    let trial: Promise<Told> | null = null;
    await eventually(async () => {
      trial = ask(name);
      await Promise.race([trial, eventually(async () => held.length > 0)]);
      return held.length > 0;
    });
    const [limited, tried] = arrivedAt(name);
    expect(tried!.atMs - limited!.atMs).toBeGreaterThanOrEqual(waitMs);
    // While it is tried, nobody else goes there.
    expect((await ask(name)).attempts).toEqual(['dear ok']);
    expect((await ask(`${name}-alone`)).retryAfter).toBe('1');
    held.pop()!();
    expect((await trial!).attempts).toEqual([`${name} ok`]);
    const burst = Array.from({ length: 8 }, () => ask(name));
    let elsewhere = 0;
    for (const each of burst) void each.then(() => elsewhere++);
    await eventually(async () => elsewhere === 6);
    expect(held).toHaveLength(2);
    for (const go of held.splice(0)) go();
    const attempts = (await Promise.all(burst)).flatMap((each) => each.attempts).toSorted();
    expect(attempts.filter((each) => each === `${name} ok`)).toHaveLength(2);
    expect(arrivedAt(name)).toHaveLength(4);
  });
});

test('with nobody else, the client is told as long as the instance asked, and then what is left of it', async () => {
  replies.set(
    'only ',
    limit(() => ({ 'retry-after': '40' })),
  );
  const first = await ask('only-alone');
  expect(first).toMatchObject({ status: 429, retryAfter: '40', code: 'BRS_UPSTREAM_RATE' });
  const second = await ask('only-alone');
  expect(second).toMatchObject({ status: 429, code: 'BRS_UPSTREAM_RATE', attempts: [] });
  expect(Number(second.retryAfter)).toBeGreaterThan(0);
  expect(Number(second.retryAfter)).toBeLessThanOrEqual(40);
  expect(arrivedAt('only')).toHaveLength(1);
});

describe('an instance with several keys', () => {
  test('goes on with the next, silently, and leaves alone the one that was limited', async () => {
    replies.set(
      'keys k1',
      limit(() => ({ 'retry-after-ms': '900' })),
    );
    for (let i = 0; i < 3; i++) expect((await ask('keys-alone')).attempts).toEqual(['keys ok']);
    replies.delete('keys k1');
    const back = await eventually(async () => {
      expect((await ask('keys-alone')).status).toBe(200);
      return arrivedAt('keys')
        .slice(1)
        .find(({ key }) => key === 'k1');
    });
    const [limited, next] = arrivedAt('keys');
    expect([limited!.key, next!.key]).toEqual(['k1', 'k2']);
    expect(back.atMs - limited!.atMs).toBeGreaterThanOrEqual(900);
    const between = arrivedAt('keys').filter(
      ({ atMs }) => atMs > limited!.atMs && atMs < back.atMs,
    );
    expect(new Set(between.map(({ key }) => key))).toEqual(new Set(['k2']));
  });

  test('all of which are limited is left alone until the first of them is free', async () => {
    for (const [key, seconds] of [
      ['k1', '90'],
      ['k2', '30'],
      ['k3', '60'],
    ] as const) {
      replies.set(
        `spent ${key}`,
        limit(() => ({ 'retry-after': seconds })),
      );
    }
    const first = await ask('spent-alone');
    expect(first).toMatchObject({ status: 429, attempts: ['spent rate-limited'] });
    const second = await ask('spent-alone');
    for (const { retryAfter } of [first, second]) {
      expect(Number(retryAfter)).toBeGreaterThan(0);
      expect(Number(retryAfter)).toBeLessThanOrEqual(30);
    }
    expect(arrivedAt('spent').map(({ key }) => key)).toEqual(['k1', 'k2', 'k3']);
  });
});
