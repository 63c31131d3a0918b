import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DATA,
  eventually,
  getJson,
  inParallel,
  startDemoExchange,
  without,
} from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';
import type { DecisionView } from '../../src/contract/index.ts';

const FILE = join(DATA, 'router', 'mmlu_pro.jsonl.gz');
const hasData = existsSync(FILE);

interface Totals {
  readonly requests: number;
  readonly promptTokens: string;
  readonly outputTokens: string;
  readonly picoUsd: string;
}

/** 500 prompts of MMLU-Pro, or as many made up where the data is absent. */
function prompts(): string[] {
  if (!hasData) return Array.from({ length: 500 }, (_, i) => `Question ${i}: what is ${i} + ${i}?`);
  const lines = gunzipSync(readFileSync(FILE)).toString('utf8').trim().split('\n').slice(0, 500);
  return lines.map((line) => (JSON.parse(line) as { prompt: string }).prompt);
}

describe(`500 prompts, 32 at a time (${hasData ? 'MMLU-Pro' : 'made up: the data is absent'})`, () => {
  let demo: DemoExchange;
  beforeAll(async () => {
    // The demo's budget is a showpiece; this test is about sums.
    demo = await startDemoExchange({
      speedup: 100,
      edit: (yaml) => without(yaml, 'budgets'),
    });
  });
  afterAll(async () => {
    await demo.close();
  });

  test('no error, every decision explained, the ledger equals the usage', async () => {
    const answers = await inParallel(prompts(), 32, async (content, i) => {
      const response = await fetch(`${demo.app.modelUrl}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'auto',
          messages: [{ role: 'user', content }],
          max_tokens: 64 + i,
        }),
      });
      const body = (await response.json()) as {
        usage: { prompt_tokens: number; completion_tokens: number };
      };
      expect(response.status, JSON.stringify(body)).toBe(200);
      return {
        id: response.headers.get('x-bourse-decision-id')!,
        charged: response.headers.get('x-bourse-charged-usd')!,
        usage: body.usage,
      };
    });

    const totals = await eventually(async () => {
      const read = await getJson<Totals>(`${demo.app.adminUrl}/admin/v1/ledger`);
      return read.requests === answers.length ? read : null;
    });
    const sum = (of: (answer: (typeof answers)[number]) => number): number =>
      answers.reduce((total, answer) => total + of(answer), 0);
    expect(Number(totals.promptTokens)).toBe(sum((answer) => answer.usage.prompt_tokens));
    expect(Number(totals.outputTokens)).toBe(sum((answer) => answer.usage.completion_tokens));
    const chargedUsd = sum((answer) => Number(answer.charged));
    expect(Math.abs(Number(totals.picoUsd) / 1e12 - chargedUsd)).toBeLessThan(1e-9);

    for (const answer of answers) {
      const view = await getJson<DecisionView>(
        `${demo.app.adminUrl}/admin/v1/decisions/${answer.id}`,
      );
      expect(view.winner).not.toBeNull();
      expect(view.bids.length).toBeGreaterThan(0);
      expect(view.rules.routes.length).toBeGreaterThan(0);
      expect(view.outcome?.status).toBe('ok');
    }
  }, 120_000);
});
