import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BalanceView, DecisionView } from '../../src/contract/index.ts';
import { eventually, getJson, startDemoExchange, without } from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';

const LIMIT = 2_000;
let demo: DemoExchange;

beforeAll(async () => {
  demo = await startDemoExchange({
    speedup: 10,
    edit: (yaml) => `${['budgets', 'health'].reduce(without, yaml)}
understanding: { deep: off }
health: { pollMs: 50, timeoutMs: 10000 }
budgets:
  - { id: paced, tenant: "*", per: month, tokens: ${LIMIT}, timeZone: Asia/Kolkata,
      carryOver: { share: 0.5 }, pacing: { target: 0.05 } }
`,
  });
}, 60_000);
afterAll(() => demo.close());

const ask = (): Promise<Response> =>
  fetch(`${demo.app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'auto',
      max_tokens: 150,
      messages: [{ role: 'user', content: 'Tell me of the tides.' }],
    }),
  });

test('a budget that runs out is priced into bids, warned of in answers, and refuses in the end', async () => {
  const seen = { warning: '', decision: '', source: '' };
  const refused = await eventually(async () => {
    const response = await ask();
    if (response.status !== 200) return response;
    await response.arrayBuffer();
    const { headers } = response;
    seen.warning = headers.get('x-bourse-budget-warning') ?? seen.warning;
    seen.decision = headers.get('x-bourse-decision-id')!;
    const source = headers.get('x-bourse-energy-source')!;
    if (source === 'engine') {
      seen.source = source;
      expect(Number(headers.get('x-bourse-energy-j'))).toBeGreaterThan(0);
    }
    return null;
  });
  expect(refused.status).toBe(402);
  expect(seen.source).toBe('engine');
  expect(seen.warning).toMatch(/^paced;tokens=(80|95)$/);

  const view = await getJson<DecisionView>(
    `${demo.app.adminUrl}/admin/v1/decisions/${seen.decision}`,
  );
  expect(view.shadow?.usdPerToken).toBeGreaterThan(0);
  for (const { terms, score } of view.bids) {
    expect(terms.pacing).toBeGreaterThan(0);
    expect(Object.values(terms).reduce((sum, term) => sum + term, 0)).toBeCloseTo(score, 9);
  }
  const { budgets } = await getJson<{ budgets: BalanceView[] }>(
    `${demo.app.adminUrl}/admin/v1/budgets`,
  );
  expect(budgets).toHaveLength(1);
  const [balance] = budgets;
  expect(balance).toMatchObject({ rule: 'paced', timeZone: 'Asia/Kolkata', carriedOver: {} });
  expect(balance!.pace.tokens!.spentRatio).toBeGreaterThan(1);
  expect(balance!.warnings.tokens).toBeGreaterThanOrEqual(0.8);
  expect(Number(balance!.settled.tokens)).toBeLessThanOrEqual(LIMIT);
}, 60_000);
