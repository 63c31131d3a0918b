import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { startDemoFleet } from '../../src/simulate/index.ts';
import type { DecisionView } from '../../src/contract/index.ts';
import { eventually, getJson } from './demo-exchange.ts';
import type { DemoFleet } from './demo-exchange.ts';
import { createFolder, spawnServer } from './spawned-server.ts';
import type { SpawnedServer } from './spawned-server.ts';

const PRICE = 'price: { inputPerMTok: 1, outputPerMTok: 1 }';
const CARD = 'accuracy: { default: 0.7 }, accuracyQuestions: 10';
const POLICY = `version: 1
models:
  - { id: cook, upstreamName: qwen2.5-7b, ${PRICE}, ${CARD} }
  - { id: banker, upstreamName: qwen2.5-7b, ${PRICE}, ${CARD} }
instances:
  - { id: one, model: cook, engine: simulated, url: "\${BOURSE_SIM_SMALL_A_URL}" }
  - { id: two, model: banker, engine: simulated, url: "\${BOURSE_SIM_SMALL_B_URL}" }
  - { id: away, model: banker, engine: simulated, url: "\${BOURSE_SIM_SMALL_B_URL}", labels: { site: abroad } }
understanding: { deep: off }
learning:
  exploration: { kind: thompson }
  accuracy: { reliability: { score: 1 }, drift: { watch: false } }
constraints:
  - { name: stays, forbid: { site: abroad } }
modes: { able: { usdPerError: 0.05, usdPerSecond: 0, usdPerKilojoule: 0 } }
routes:
  - { name: named-mode, use: { mode: able } }
`;

const DISHES = [
  'onion soup',
  'roast chicken',
  'apple pie',
  'rice pudding',
  'fish stew',
  'bean salad',
  'pumpkin bread',
];
const TROUBLES = [
  'was charged twice',
  'has not arrived',
  'was declined abroad',
  'is about to expire',
  'was swallowed by the machine',
  'shows a wrong balance',
  'cannot be activated',
];
const cooking = (i: number): string =>
  `Which herbs and how much butter do I need to cook ${DISHES[i % DISHES.length]!} for ${2 + (i % 6)} guests?`;
const banking = (i: number): string =>
  `My bank card ${TROUBLES[i % TROUBLES.length]!}, what should I do about the ${10 + i} pounds on my account?`;

let fleet: DemoFleet;
let folder: Awaited<ReturnType<typeof createFolder>>;
let server: SpawnedServer;

beforeAll(async () => {
  fleet = await startDemoFleet({ clock: createSystemClock(), rng: createRng(6), speedup: 200 });
  folder = await createFolder();
  server = await spawnServer({ folder: folder.path, policy: POLICY, env: fleet.env, workers: 1 });
}, 60_000);
afterAll(async () => {
  await server.end('SIGTERM');
  await fleet.close();
  await folder.remove();
});

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(`${server.modelUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

async function ask(
  text: string,
): Promise<{ id: string; instance: string; propensity: string | null }> {
  const messages = [{ role: 'user', content: text }];
  const response = await post('/v1/chat/completions', { model: 'auto', max_tokens: 4, messages });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
  const header = (name: string): string | null => response.headers.get(`x-bourse-${name}`);
  return {
    id: header('decision-id')!,
    instance: header('instance')!,
    propensity: header('propensity'),
  };
}

const view = async (id: string): Promise<DecisionView> =>
  (await getJson(`${server.adminUrl}/admin/v1/decisions/${id}`)) as DecisionView;

/** What is believed of both models on a text that nobody asked before. */
async function believed(text: string): Promise<Record<string, number>> {
  const { bids } = await view((await ask(text)).id);
  return Object.fromEntries(bids.map(({ model, accuracy }) => [model, accuracy!.mean]));
}

describe('a market that explores', () => {
  const served = new Set<string>();
  const asked: { id: string; propensity: string | null }[] = [];

  test('learns from feedback who is best on what is alike', async () => {
    // Both are right at the same rate overall: one in the kitchen, the other in the bank.
    for (let i = 0; i < 80; i++) {
      const isKitchen = i % 2 === 0;
      const answer = await ask(isKitchen ? cooking(i) : banking(i));
      served.add(answer.instance);
      asked.push(answer);
      const score = (answer.instance === 'one') === isKitchen ? 1 : 0;
      const told = await post('/v1/feedback', { decision_id: answer.id, score });
      expect(told.status).toBe(200);
    }
    const gaps = await eventually(async () => {
      const kitchen = await believed(
        'Which spices and how much oil do I need to cook a lamb curry for nine guests?',
      );
      const bank = await believed(
        'The cash machine kept my debit card, and money is missing from my account.',
      );
      const far = await believed('Who won the war of the roses?');
      const gap = {
        kitchen: kitchen['cook']! - kitchen['banker']!,
        bank: bank['banker']! - bank['cook']!,
        far: Math.abs(far['cook']! - far['banker']!),
      };
      return gap.kitchen > 0.1 && gap.bank > 0.1 ? gap : null;
    });
    // Far from both, it has learned little of which is better.
    expect(gaps.far).toBeLessThan(gaps.kitchen);
    expect(gaps.far).toBeLessThan(gaps.bank);
  }, 60_000);

  test('moves traffic among neighbours', async () => {
    let right = 0;
    for (let i = 0; i < 20; i++) {
      if ((await ask(cooking(200 + i))).instance === 'one') right++;
      if ((await ask(banking(200 + i))).instance === 'two') right++;
    }
    expect(right).toBeGreaterThan(30);
  }, 60_000);

  test('logs the probability of each choice in the answer, the decision and the ledger', async () => {
    const drawn = asked.filter(({ propensity }) => propensity !== null);
    expect(drawn.length).toBeGreaterThan(20);
    const { id, propensity } = drawn[0]!;
    expect(Number(propensity)).toBeGreaterThan(0);
    expect(Number(propensity)).toBeLessThan(1);
    const decision = await eventually(async () => {
      const found = await view(id);
      return found.outcome === null ? null : found;
    });
    expect(decision.propensity).toBeCloseTo(Number(propensity), 5);
    expect(decision.outcome!.propensity).toBeCloseTo(Number(propensity), 5);
  });

  test('never tries who is barred', () => {
    expect(served).toEqual(new Set(['one', 'two']));
  });
});
