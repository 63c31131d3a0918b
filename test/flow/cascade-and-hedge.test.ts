import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BalanceView, DecisionView } from '../../src/contract/index.ts';
import { ROOT, eventually, getJson, inParallel, startDemoExchange } from './demo-exchange.ts';
import { without } from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';

/** The policy that the guide shows, over the models and instances of the demo. */
const guide = await readFile(join(ROOT, 'docs', 'guides', 'cascade-and-hedge.md'), 'utf8');
const [, shown] = /```yaml\n([\s\S]*?)```/.exec(guide)!;
const policyOver = (yaml: string): string =>
  `${['budgets', 'routes', 'health', 'signals', 'modes', 'constraints'].reduce(without, yaml)}
${shown!}
understanding: { deep: off }
health: { pollMs: 60000, timeoutMs: 10000 }
`;

let demo: DemoExchange;
beforeAll(async () => {
  demo = await startDemoExchange({
    speedup: 200,
    edit: (yaml) => `${policyOver(yaml)}
budgets: [{ id: all, per: total, tokens: 100_000_000, usd: 1000 }]
`,
  });
}, 60_000);
afterAll(() => demo.close());

interface Answered {
  readonly status: number;
  readonly id: string;
  readonly cascade: string | null;
  readonly hedge: string | null;
  readonly text: string;
}

async function ask(content: string, more: object = {}): Promise<Answered> {
  const response = await fetch(`${demo.app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }], ...more }),
  });
  return {
    status: response.status,
    id: response.headers.get('x-bourse-decision-id')!,
    cascade: response.headers.get('x-bourse-cascade'),
    hedge: response.headers.get('x-bourse-hedge'),
    text: await response.text(),
  };
}

type Outcome = NonNullable<DecisionView['outcome']>;
const settled = (id: string): Promise<Outcome> =>
  eventually(async () => {
    const view = await getJson<DecisionView>(`${demo.app.adminUrl}/admin/v1/decisions/${id}`);
    return view.outcome;
  });

const shared = ({ attempts }: Outcome, key: 'costPicoUsd' | 'tokens'): number =>
  attempts.reduce((sum, { share }) => {
    if (share === undefined) return sum;
    const { promptTokens, outputTokens } = share.usage;
    return sum + (key === 'tokens' ? promptTokens + outputTokens : share.costPicoUsd);
  }, 0);

/** What budgets hold and have settled, once nothing is under way. */
const balance = (): Promise<BalanceView> =>
  eventually(async () => {
    const { budgets } = await getJson<{ budgets: BalanceView[] }>(
      `${demo.app.adminUrl}/admin/v1/budgets`,
    );
    const [first] = budgets;
    return first !== undefined && Number(first.reserved.tokens) === 0 ? first : null;
  });

describe('a cascade over real connections', () => {
  test('one answer for each request; some stand, some are asked again; what is settled is the sum of the steps', async () => {
    await ask('The first begins the period.', { max_tokens: 5 });
    const before = await balance();
    const questions = Array.from({ length: 24 }, (_, i) => i);
    const answers = await inParallel(questions, 8, (i) =>
      ask(`Question ${i}: which tide comes first?`, { stream: i % 2 === 1, max_tokens: 60 }),
    );
    for (const { status, text } of answers) {
      expect(status).toBe(200);
      expect(text).not.toContain('"logprob"');
      if (text.startsWith('data:')) expect(text.match(/\[DONE\]/g)).toHaveLength(1);
    }
    const steps = answers.map(({ cascade }) => cascade!.split(', ').length);
    expect(new Set(steps)).toEqual(new Set([1, 2]));

    const outcomes = await Promise.all(answers.map(({ id }) => settled(id)));
    outcomes.forEach((outcome, i) => {
      expect(outcome.attempts).toHaveLength(steps[i]!);
      expect(shared(outcome, 'costPicoUsd')).toBe(outcome.costPicoUsd);
      expect(outcome.attempts.at(-1)!.share!.confidence!.value).toBeLessThan(0);
    });
    const after = await balance();
    const spent = (key: 'tokens' | 'usd'): number =>
      Number(after.settled[key]) - Number(before.settled[key]);
    const tokens = outcomes.reduce((sum, outcome) => sum + shared(outcome, 'tokens'), 0);
    expect(spent('tokens')).toBe(tokens);
    const usd = outcomes.reduce((sum, { costPicoUsd }) => sum + costPicoUsd / 1e12, 0);
    expect(spent('usd')).toBeCloseTo(usd, 9);
  }, 60_000);

  test('a self-check is asked of the model in the same conversation, and charged as one', async () => {
    const answers = await inParallel(
      Array.from({ length: 12 }, (_, i) => i),
      4,
      (i) => ask(`checked ${i}: why is the sea salt?`, { max_tokens: 40 }),
    );
    const outcomes = await Promise.all(answers.map(({ id }) => settled(id)));
    for (const outcome of outcomes) {
      const roles = outcome.attempts.map(({ share }) => share?.role);
      expect(roles.filter((role) => role === 'check')).toHaveLength(1);
      expect(shared(outcome, 'costPicoUsd')).toBe(outcome.costPicoUsd);
    }
  }, 60_000);
});

describe('a hedge over real connections', () => {
  test('an instance that hangs costs its prompt, and not the time', async () => {
    demo.fleet.servers.find(({ spec }) => spec.id === 'small-a')!.fault({ kind: 'hang' });
    const answers = await inParallel(
      Array.from({ length: 12 }, (_, i) => i),
      4,
      (i) => ask(`twice ${i}: what is the sea?`, { stream: i % 2 === 1, max_tokens: 20 }),
    );
    const outcomes = await Promise.all(answers.map(({ id }) => settled(id)));
    const hedged = answers.filter(({ hedge }) => hedge !== null).length;
    expect(hedged).toBeGreaterThan(0);
    for (const [i, outcome] of outcomes.entries()) {
      expect(answers[i]!.status).toBe(200);
      expect(outcome.instance).toBe('small-b');
      if (answers[i]!.hedge === null) continue;
      const [lost, served] = outcome.attempts;
      expect(lost).toMatchObject({ instance: 'small-a', result: 'aborted' });
      expect(lost!.share).toMatchObject({ role: 'hedge', usage: { isEstimated: true } });
      expect(served).toMatchObject({ instance: 'small-b', result: 'ok' });
      expect(shared(outcome, 'costPicoUsd')).toBe(outcome.costPicoUsd);
    }
    expect(Number((await balance()).reserved.tokens)).toBe(0);
  }, 60_000);

  test('a client that leaves while two are asked leaves nothing reserved', async () => {
    for (const server of demo.fleet.servers) {
      if (server.spec.id.startsWith('small')) server.fault({ kind: 'hang' });
    }
    const abort = new AbortController();
    const asked = fetch(`${demo.app.modelUrl}/v1/chat/completions`, {
      method: 'POST',
      signal: abort.signal,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'twice' }] }),
    }).catch(() => null);
    await eventually(async () => {
      const { decisions } = await getJson<{ decisions: DecisionView[] }>(
        `${demo.app.adminUrl}/admin/v1/decisions?limit=1`,
      );
      return decisions[0]?.route === 'twice' && decisions[0].outcome === null;
    });
    abort.abort();
    await asked;
    expect(Number((await balance()).reserved.tokens)).toBe(0);
  }, 60_000);
});
