import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { startDemoFleet } from '../../src/simulate/index.ts';
import { eventually, getJson, inParallel } from './demo-exchange.ts';
import type { DemoFleet } from './demo-exchange.ts';
import { createFolder, policyOver, spawnServer } from './spawned-server.ts';
import type { SpawnedServer } from './spawned-server.ts';
import type { BalanceView } from '../../src/contract/index.ts';

const LIMIT = 10_000;
let fleet: DemoFleet;
let folder: Awaited<ReturnType<typeof createFolder>>;
let server: SpawnedServer;

beforeAll(async () => {
  fleet = await startDemoFleet({ clock: createSystemClock(), rng: createRng(5), speedup: 50 });
  folder = await createFolder();
  server = await spawnServer({
    folder: folder.path,
    workers: 2,
    env: fleet.env,
    policy: policyOver(
      fleet.env,
      `budgets:\n  - { id: race, tenant: "*", per: total, tokens: ${LIMIT} }\n`,
    ),
  });
}, 60_000);
afterAll(async () => {
  await server.end('SIGTERM');
  await fleet.close();
  await folder.remove();
});

interface Answer {
  readonly status: number;
  readonly tokens: number;
}

/** One request of the race: a quarter each plain, with `max_tokens`, streaming, streaming and leaving. */
async function race(i: number): Promise<Answer> {
  const isStream = i % 4 >= 2;
  const leaves = i % 4 === 3;
  const abort = new AbortController();
  const response = await fetch(`${server.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    signal: abort.signal,
    body: JSON.stringify({
      model: 'auto',
      messages: [{ role: 'user', content: `Question ${i}` }],
      stream: isStream,
      ...(isStream && { stream_options: { include_usage: true } }),
      ...(i % 4 === 1 && { max_tokens: 100 }),
    }),
  });
  if (leaves && response.status === 200) {
    await response.body!.getReader().read();
    abort.abort();
    return { status: 200, tokens: 0 };
  }
  const text = await response.text();
  const usage = /"total_tokens":\s*(\d+)/.exec(text);
  return { status: response.status, tokens: Number(usage?.[1] ?? 0) };
}

async function balance(): Promise<{ settled: number; reserved: number }> {
  const { budgets: views } = await getJson<{ budgets: BalanceView[] }>(
    `${server.adminUrl}/admin/v1/tenants/default/budgets`,
  );
  const view = views.find(({ rule }) => rule === 'race');
  return {
    settled: Number(view?.settled.tokens ?? 0),
    reserved: Number(view?.reserved.tokens ?? 0),
  };
}

describe('64 clients race one budget of 10 000 tokens across two workers', () => {
  test('never overspent, never negative, and spent to the last useful token', async () => {
    const watched: { settled: number; reserved: number }[] = [];
    let isRacing = true;
    const watch = (async () => {
      while (isRacing) {
        watched.push(await balance());
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    })();

    const answers = await inParallel(Array.from({ length: 640 }), 64, (_, i) => race(i));
    isRacing = false;
    await watch;

    const statuses = new Set(answers.map((answer) => answer.status));
    expect(statuses).toEqual(new Set([200, 402]));
    const end = await eventually(async () => {
      const read = await balance();
      return read.reserved === 0 ? read : null;
    });
    for (const { settled, reserved } of [...watched, end]) {
      expect(settled).toBeGreaterThanOrEqual(0);
      expect(reserved).toBeGreaterThanOrEqual(0);
      expect(settled + reserved).toBeLessThanOrEqual(LIMIT);
    }
    const seen = answers.reduce((sum, answer) => sum + answer.tokens, 0);
    expect(seen).toBeLessThanOrEqual(end.settled);
    const ledger = await getJson<{ promptTokens: string; outputTokens: string }>(
      `${server.adminUrl}/admin/v1/ledger`,
    );
    expect(Number(ledger.promptTokens) + Number(ledger.outputTokens)).toBe(end.settled);

    // The smallest request still fits as long as its bound does; then nothing does.
    let last: Answer = { status: 200, tokens: 0 };
    let before = end.settled;
    for (let i = 0; i < 200 && last.status === 200; i++) {
      before = (
        await eventually(async () => {
          const read = await balance();
          return read.reserved === 0 ? read : null;
        })
      ).settled;
      last = await race(1);
    }
    expect(last.status).toBe(402);
    const boundOfSmallest = 64 + 8 + 200 + 16;
    expect(LIMIT - before).toBeLessThan(boundOfSmallest);
  }, 120_000);

  test('the refusal names the budget and has the shape of OpenAI', async () => {
    const response = await fetch(`${server.modelUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'auto',
        messages: [{ role: 'user', content: 'x'.repeat(2000) }],
      }),
    });
    expect(response.status).toBe(402);
    const { error } = (await response.json()) as {
      error: { type: string; message: string; code: string };
    };
    expect(error).toMatchObject({ type: 'insufficient_quota', code: 'insufficient_quota' });
    expect(error.message).toContain('tenant=default');
  });
});
