import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import type { CacheView } from '../../src/contract/index.ts';
import { startAnsweringServer } from './answering-server.ts';
import type { AnsweringServer } from './answering-server.ts';
import { eventually, getJson } from './demo-exchange.ts';

/** What the operator sees of the cache, over HTTP, after real hits. */

const policyOf = (url: string): string => `version: 1
server: { port: 0, admin: { port: 0 } }
health: { timeoutMs: 20000 }
log: { level: silent }
models:
  - { id: small, price: { inputPerMTok: 1, outputPerMTok: 2 }, accuracy: { default: 0.8 } }
instances:
  - { id: a, model: small, engine: vllm, url: "${url}" }
signals:
  keywords:
    - { name: parts, anyOf: [spare] }
routes:
  - name: parts
    when: { keyword: parts }
    cache: { entries: 2, tags: [parts] }
    use: { models: "*" }
  - name: faq
    cache: { semantic: { maxErrorRate: 0.5, explore: 0.2 }, tags: [faq] }
    use: { weights: { usdPerError: 0, usdPerSecond: 0.01 } }
understanding: { deep: off }
`;

let server: AnsweringServer;
let app: RunningApp;
let gate: Promise<void> = Promise.resolve();

beforeAll(async () => {
  server = await startAnsweringServer(async ({ messages }) => {
    await gate;
    const said = messages.at(-1)!.content.toLowerCase();
    const thing = /lamp|tent|sofa|kettle/.exec(said)?.[0] ?? 'thing';
    return `The ${thing} goes back within a month.`;
  });
  app = await startServe({ configText: policyOf(server.url), env: {}, overrides: {} });
});
afterAll(async () => {
  await app.close();
  await server.close();
});

async function ask(content: string, more: object = {}) {
  const answered = await fetch(`${app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }], ...more }),
  });
  await answered.text();
  return {
    status: answered.headers.get('x-bourse-cache'),
    id: answered.headers.get('x-bourse-decision-id')!,
  };
}

const scrape = async (): Promise<string> => (await fetch(`${app.adminUrl}/metrics`)).text();

/** The value of one line of `/metrics`; 0 where there is none. */
function valueIn(text: string, line: string): number {
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.slice(line.length + 1));
}

const metric = async (line: string): Promise<number> => valueIn(await scrape(), line);

/** The lines of the cache, once what was answered last is learned: when a fifth of a second changes nothing. */
async function settled(): Promise<string> {
  const look = async (): Promise<string> =>
    (await scrape())
      .split('\n')
      .filter((line) => line.startsWith('bourse_cache_'))
      .join('\n');
  let last = '';
  await eventually(async () => {
    const before = last;
    await sleep(200);
    last = await look();
    return last === before;
  });
  return last;
}

const viewed = (): Promise<CacheView> => getJson<CacheView>(`${app.adminUrl}/admin/v1/cache`);

const lookups = (route: string, status: string): Promise<number> =>
  metric(`bourse_cache_lookups_total{route="${route}",status="${status}"}`);

const stored = (route: string): Promise<number> =>
  metric(`bourse_cache_stored_total{route="${route}"}`);

/** Asks, and waits until the answer is stored. */
async function askAndStore(content: string): Promise<Awaited<ReturnType<typeof ask>>> {
  const before = await stored('parts');
  const answer = await ask(content);
  await eventually(async () => (await stored('parts')) > before);
  return answer;
}

test('before anything was asked there is nothing', async () => {
  expect(await viewed()).toMatchObject({ routes: [], removed: {}, savedUsd: 0, savedTokens: 0 });
  expect(await metric('bourse_cache_entries{worker="0"}')).toBe(0);
});

test('misses, hits and what they save', async () => {
  await askAndStore('A spare part of a lamp?');
  for (let i = 0; i < 3; i++) expect((await ask('A spare part of a lamp?')).status).toBe('hit');
  expect((await ask('A spare part of a lamp?', { seed: 1 })).status).toBe('bypass');
  expect(await lookups('parts', 'miss')).toBe(1);
  expect(await lookups('parts', 'hit')).toBe(3);
  expect(await lookups('parts', 'bypass')).toBe(1);
  // 12 tokens of prompt at 1 USD and 7 of the answer at 2 USD for a million, three times.
  expect(await metric('bourse_cache_saved_usd_total{model="small"}')).toBeCloseTo(78e-6, 12);
  expect(await metric('bourse_cache_saved_tokens_total{model="small",kind="prompt"}')).toBe(36);
  expect(await metric('bourse_cache_saved_tokens_total{model="small",kind="output"}')).toBe(21);
  expect(await metric('bourse_cache_entries{worker="0"}')).toBe(1);
  expect(await metric('bourse_cache_bytes{worker="0"}')).toBeGreaterThan(600);
  expect(await viewed()).toMatchObject({
    workers: [{ worker: 0, entries: 1 }],
    routes: [{ route: 'parts', lookups: { hit: 3, miss: 1, bypass: 1 }, stored: 1 }],
    savedTokens: 57,
  });
});

test('requests that waited for the same one', async () => {
  let open = (): void => {};
  gate = new Promise((resolve) => (open = resolve));
  const before = server.asked.length;
  const first = ask('A spare part of a sofa?');
  await eventually(async () => server.asked.length > before);
  const others = [1, 2].map(() => ask('A spare part of a sofa?'));
  await eventually(async () => (await metric('bourse_stage_seconds_count{stage="workload"}')) > 7);
  open();
  expect((await first).status).toBe('miss');
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual(['hit', 'hit']);
  expect(await lookups('parts', 'coalesced')).toBe(2);
});

test('what is gone, and why', async () => {
  const removed = (reason: string): Promise<number> =>
    metric(`bourse_cache_removed_total{reason="${reason}"}`);
  // The route has room for two.
  const { id } = await askAndStore('A spare part of a tent?');
  expect(await removed('route')).toBe(1);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ decision_id: id, thumb: 'down' });
  const url = `${app.modelUrl}/v1/feedback`;
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200);
  await eventually(async () => (await removed('judged')) === 1);
  await fetch(`${app.adminUrl}/admin/v1/cache?tag=parts`, { method: 'DELETE' });
  await eventually(async () => (await removed('forgotten')) === 1);
  expect(await metric('bourse_cache_entries{worker="0"}')).toBe(0);
  expect((await viewed()).removed).toEqual({ route: 1, judged: 1, forgotten: 1 });
});

test('answers by meaning: what was compared, and how much of the bound is used', async () => {
  const wordings = [
    'How do I return a',
    'How can I return a',
    'how do i return a',
    'How do you return a',
    'Please, how do I return a',
    'Hi, how can I return a',
  ];
  let semantic = 0;
  for (const wording of wordings) {
    for (const thing of ['lamp', 'tent', 'sofa', 'kettle']) {
      for (const end of ['?', ' please?', ', please']) {
        if ((await ask(`${wording} ${thing}${end}`)).status === 'semantic') semantic++;
      }
    }
  }
  expect(semantic).toBeGreaterThan(0);
  const text = await settled();
  expect(valueIn(text, 'bourse_cache_lookups_total{route="faq",status="semantic"}')).toBe(semantic);
  const explored = valueIn(text, 'bourse_cache_explored_total{route="faq",result="same"}');
  expect(explored).toBeGreaterThan(0);
  const expected = valueIn(text, 'bourse_cache_expected_errors{route="faq"}');
  const allowed = valueIn(text, 'bourse_cache_allowed_errors{route="faq"}');
  expect(allowed).toBeGreaterThan(0);
  expect(expected).toBeGreaterThan(0);
  const used = valueIn(text, 'bourse_cache_bound_used_ratio{route="faq"}');
  expect(used).toBeCloseTo(expected / allowed, 6);
  expect(used).toBeLessThanOrEqual(1);
  const { routes } = await viewed();
  expect(routes.map(({ route }) => route)).toEqual(['faq', 'parts']);
  expect(routes[0]).toMatchObject({ exploredSame: explored, allowedErrors: allowed });
});
