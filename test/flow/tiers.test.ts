import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import type { BidView, DecisionView, InstanceState } from '../../src/contract/index.ts';
import { eventually, getJson } from './demo-exchange.ts';
import { startTierServer } from './tier-server.ts';
import type { TierServer } from './tier-server.ts';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const CLOUD_KEY = 'sk-cloud';

/** One route for all that is asked: who answers is the market's choice. */
const policyOf = (tiers: Readonly<Record<'local' | 'cheap' | 'dear', TierServer>>): string => `
version: 1
server: { port: 0, admin: { port: 0 } }
health: { pollMs: 50, timeoutMs: 20000, breaker: { failures: 1000 } }
log: { level: silent }
keys:
  - { tenant: acme, sha256: ${hash('acme-key')} }
  - { tenant: thrifty, sha256: ${hash('thrifty-key')} }
models:
  - id: qwen3-4b
    price: { inputPerMTok: 0, outputPerMTok: 0 }
    accuracy: { default: 0.9, math: 0.4 }
    accuracyQuestions: 10
  - { id: mini, price: { inputPerMTok: 1, outputPerMTok: 5 }, accuracy: { default: 0.9, math: 0.65 } }
  - { id: large, price: { inputPerMTok: 10, outputPerMTok: 50 }, accuracy: { default: 0.92, math: 0.95 } }
instances:
  - { id: local, model: qwen3-4b, engine: llama-cpp, url: "${tiers.local.url}" }
  - { id: cheap, model: mini, engine: openai, url: "${tiers.cheap.url}", apiKey: "\${CLOUD_KEY:-none}" }
  - { id: dear, model: large, engine: openai, url: "${tiers.dear.url}", apiKey: "\${CLOUD_KEY:-none}" }
modes:
  balanced: { usdPerError: 0.02, usdPerSecond: 0.00005, usdPerKilojoule: 0 }
  patient: { usdPerError: 0.02, usdPerSecond: 0, usdPerKilojoule: 0 }
routes:
  - name: interactive
    when: { metadata: { header: x-interactive, exists: true } }
    use: { models: "*", mode: patient, limits: { maxLatencyMs: 4000 } }
  - { name: all, use: { models: "*", mode: balanced }, cache: { exact: true } }
budgets:
  - { id: purse, tenant: thrifty, per: month, usd: 0.01, pacing: { target: 0.4 } }
learning: { accuracy: { reliability: { score: 1 } } }
understanding: { deep: off }
`;

let tiers: Record<'local' | 'cheap' | 'dear', TierServer>;
let app: RunningApp;
let asked = 0;

beforeAll(async () => {
  tiers = {
    local: await startTierServer({ tokenMs: 30, key: null }),
    cheap: await startTierServer({ tokenMs: 2, key: CLOUD_KEY }),
    dear: await startTierServer({ tokenMs: 2, key: CLOUD_KEY }),
  };
  app = await serve({ CLOUD_KEY });
  // How fast each is has to be seen.
  for (const model of ['qwen3-4b', 'mini', 'large']) {
    for (let i = 0; i < 12; i++) await ask('What is your favourite colour?', { model });
  }
});
afterAll(async () => {
  await app.close();
  await Promise.all(Object.values(tiers).map((tier) => tier.close()));
});

async function serve(env: Readonly<Record<string, string>>): Promise<RunningApp> {
  const served = await startServe({ configText: policyOf(tiers), env, overrides: {} });
  await untilIn(served, ({ local }) => local?.lifecycle === 'ready');
  return served;
}

type Seen = Pick<InstanceState, 'lifecycle' | 'reason' | 'telemetry'>;

/** Waits until the keeper has seen the instances like this. */
const untilIn = (
  { adminUrl }: RunningApp,
  isSo: (instances: Partial<Record<string, Seen>>) => boolean,
): Promise<true> =>
  eventually(async () => {
    type List = { instances: readonly (Seen & { id: string })[] };
    const { instances } = await getJson<List>(`${adminUrl}/admin/v1/instances`);
    return isSo(Object.fromEntries(instances.map((each) => [each.id, each]))) && true;
  });

interface Ask {
  readonly model?: string;
  readonly tenant?: 'acme' | 'thrifty';
  readonly interactive?: boolean;
  readonly of?: RunningApp;
  /** Asked as it is, and not as one that was never asked before. */
  readonly isOld?: boolean;
}

const EASY = 'Tell me a short story about a cat that likes to sleep in the sun.';
const HARD =
  'Find all real solutions of the equation x^4 - 5x^2 + 4 = 0, and prove that the polynomial has no other roots.';

/** A question that was not asked before is not in the cache. */
const anew = (text: string): string => `${text} (${++asked})`;

async function ask(text: string, options: Ask = {}) {
  const { model = 'auto', tenant = 'acme', interactive = false, of = app, isOld = false } = options;
  const response = await fetch(`${of.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${tenant}-key`,
      ...(interactive && { 'x-interactive': 'yes' }),
    },
    body: JSON.stringify({
      model,
      max_tokens: 16,
      messages: [{ role: 'user', content: isOld ? text : anew(text) }],
    }),
  });
  await response.arrayBuffer();
  return {
    status: response.status,
    by: response.headers.get('x-bourse-instance'),
    cache: response.headers.get('x-bourse-cache'),
    decision: response.headers.get('x-bourse-decision-id')!,
  };
}

/** What would be decided of the same request in this moment. */
async function explain(text: string, options: Ask = {}): Promise<DecisionView> {
  const { tenant = 'acme', interactive = false, of = app } = options;
  const response = await fetch(`${of.adminUrl}/admin/v1/explain`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      tenant,
      body: { model: 'auto', max_tokens: 16, messages: [{ role: 'user', content: anew(text) }] },
      ...(interactive && { headers: { 'x-interactive': 'yes' } }),
    }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as DecisionView;
}

const excludedIn = ({ excluded }: DecisionView): Record<string, string> =>
  Object.fromEntries(excluded.map(({ instance, cause }) => [instance, cause]));

const decisionOf = ({ decision }: { readonly decision: string }): Promise<DecisionView> =>
  getJson(`${app.adminUrl}/admin/v1/decisions/${decision}`);

const bidOf = ({ bids }: DecisionView, instance: string): BidView =>
  bids.find((bid) => bid.instance === instance)!;

async function queueAtHome(waiting: number): Promise<void> {
  tiers.local.busy = { running: waiting === 0 ? 0 : 2, waiting };
  await untilIn(app, ({ local }) => local?.telemetry.waitingRequests === waiting);
}

test('what is easy is answered at home, since everybody is as likely to be right', async () => {
  const view = await explain(EASY);
  const [local, cheap, dear] = ['local', 'cheap', 'dear'].map((id) => bidOf(view, id));
  expect(view.winner).toBe('local');
  expect(local!.terms.cost).toBe(0);
  expect(cheap!.terms.cost).toBeGreaterThan(0);
  expect(dear!.terms.cost).toBeGreaterThan(cheap!.terms.cost);
  expect((await ask(EASY)).by).toBe('local');
});

test('what is hard goes to the dear one: the mistakes of the others cost more', async () => {
  // What tells topics is loaded when the first request asks for it.
  const view = await eventually(async () => {
    const now = await explain(HARD);
    return now.winner === 'dear' && now;
  });
  expect(bidOf(view, 'local').terms.error).toBeGreaterThan(bidOf(view, 'dear').score);
  expect(bidOf(view, 'cheap').terms.error).toBeGreaterThan(bidOf(view, 'dear').score);
  expect((await ask(HARD)).by).toBe('dear');
});

test('a long queue at home is time, and sends what is easy to the cheap one until it is gone', async () => {
  const idle = bidOf(await explain(EASY), 'local');
  await queueAtHome(80);
  const view = await explain(EASY);
  expect(view.winner).toBe('cheap');
  expect(bidOf(view, 'local').latencyMs.mean).toBeGreaterThan(idle.latencyMs.mean * 5);
  expect(bidOf(view, 'local').terms.time).toBeGreaterThan(bidOf(view, 'cheap').terms.cost);
  expect((await ask(EASY)).by).toBe('cheap');
  await queueAtHome(0);
  expect((await ask(EASY)).by).toBe('local');
});

test('a limit on time that home cannot keep sends it away, though time has no price there', async () => {
  expect((await explain(EASY, { interactive: true })).winner).toBe('local');
  await queueAtHome(80);
  const view = await explain(EASY, { interactive: true });
  expect(view).toMatchObject({ route: 'interactive', winner: 'cheap' });
  expect(excludedIn(view)).toMatchObject({ local: 'limit' });
  expect((await ask(EASY, { interactive: true })).by).toBe('cheap');
  await queueAtHome(0);
});

test('a budget that is spent too soon makes the dear ones dearer, until even what is hard stays at home', async () => {
  const tenant = 'thrifty';
  expect((await explain(HARD, { tenant })).winner).toBe('dear');
  // A model that is named is served by whom it is named for, until the budget refuses it.
  const spent = await eventually(async () => {
    const named = await ask(HARD, { tenant, model: 'large' });
    return named.status !== 200 && named;
  });
  expect(spent.status).toBe(402);
  const view = await eventually(async () => {
    const now = await explain(HARD, { tenant });
    return now.winner === 'local' && now;
  });
  expect(view.shadow?.perUsd).toBeGreaterThan(0);
  expect(bidOf(view, 'local').terms.pacing).toBe(0);
  expect(bidOf(view, 'cheap').terms.pacing).toBeGreaterThan(bidOf(view, 'local').terms.error);
  expect((await ask(HARD, { tenant })).by).toBe('local');
  // It is the purse of that tenant alone.
  expect((await explain(HARD)).winner).toBe('dear');
});

test('without the key of a cloud, home answers what it can', async () => {
  const keyless = await serve({});
  try {
    await untilIn(keyless, ({ cheap, dear }) => cheap?.reason !== null && dear?.reason !== null);
    const view = await explain(HARD, { of: keyless });
    expect(view.winner).toBe('local');
    expect(view.excluded).toEqual([
      expect.objectContaining({ instance: 'cheap', detail: expect.stringContaining('credential') }),
      expect.objectContaining({ instance: 'dear', detail: expect.stringContaining('credential') }),
    ]);
    expect((await ask(HARD, { of: keyless })).by).toBe('local');
  } finally {
    await keyless.close();
  }
});

test('what is said of answers moves the next ones elsewhere', async () => {
  const before = bidOf(await explain(EASY), 'local');
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(EASY)));
  for (const { decision } of answers) {
    const response = await eventually(async () => {
      const tried = await fetch(`${app.modelUrl}/v1/feedback`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer acme-key' },
        body: JSON.stringify({ decision_id: decision, score: 0 }),
      });
      return tried.status === 200 && tried;
    });
    await response.arrayBuffer();
  }
  const view = await eventually(async () => {
    const now = await explain(EASY);
    return now.winner !== 'local' && now;
  });
  expect(view.winner).toBe('cheap');
  expect(bidOf(view, 'local').accuracy!.mean).toBeLessThan(before.accuracy!.mean - 0.01);
  expect((await ask(EASY)).by).toBe('cheap');
});

test('where nobody is alive, what was answered before is answered, and the rest is refused', async () => {
  const known = 'How do I return a jacket?';
  await eventually(async () => (await ask(known, { isOld: true })).cache === 'hit');
  await Promise.all(Object.values(tiers).map((tier) => tier.close()));
  await untilIn(app, (all) => Object.values(all).every((each) => each?.lifecycle === 'down'));
  const again = await ask(known, { isOld: true });
  expect(again).toMatchObject({ status: 200, cache: 'hit' });
  expect((await decisionOf(again)).stored).toMatchObject({ isServed: true, similarity: null });
  const view = await explain(EASY);
  expect(view.winner).toBeNull();
  expect(Object.keys(excludedIn(view)).sort()).toEqual(['cheap', 'dear', 'local']);
  expect((await ask(EASY)).status).toBe(503);
});
