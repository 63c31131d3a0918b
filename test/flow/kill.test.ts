import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { startDemoFleet } from '../../src/simulate/index.ts';
import { getJson } from './demo-exchange.ts';
import type { DemoFleet } from './demo-exchange.ts';
import { createFolder, policyOver, spawnServer } from './spawned-server.ts';
import type { DecisionView } from '../../src/contract/index.ts';

let fleet: DemoFleet;
let folder: Awaited<ReturnType<typeof createFolder>>;
beforeAll(async () => {
  fleet = await startDemoFleet({ clock: createSystemClock(), rng: createRng(5), speedup: 100 });
  folder = await createFolder();
});
afterAll(async () => {
  await fleet.close();
  await folder.remove();
});

test.each([1, 2])(
  'kill -9 during load, %i worker(s): every settled request is in the ledger once',
  async (workers) => {
    const policy = policyOver(
      fleet.env,
      'budgets:\n  - { id: day, tenant: "*", per: total, tokens: 100000000 }\n',
    );
    const start = () => spawnServer({ folder: folder.path, policy, env: fleet.env, workers });
    let server = await start();
    const answered: string[] = [];
    let isRunning = true;
    const client = async (): Promise<void> => {
      while (isRunning) {
        const response = await fetch(`${server.modelUrl}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            model: 'auto',
            max_tokens: 20,
            messages: [{ role: 'user', content: 'hello' }],
          }),
        }).catch(() => null);
        if (response === null) return;
        await response.text().catch(() => '');
        if (response.status === 200) answered.push(response.headers.get('x-bourse-decision-id')!);
      }
    };
    const clients = Promise.all(Array.from({ length: 16 }, client));
    while (answered.length < 200) await new Promise((resolve) => setTimeout(resolve, 5));

    // What the admin API counts is committed; the kill comes right after the reading.
    const ledger = await getJson<{ requests: number | string }>(
      `${server.adminUrl}/admin/v1/ledger`,
    );
    await server.end('SIGKILL');
    isRunning = false;
    await clients;

    const database = new DatabaseSync(join(folder.path, 'bourse.db'), { readOnly: true });
    const rows = database.prepare('SELECT decision FROM ledger').all() as { decision: string }[];
    database.close();
    const ids = rows.map((row) => row.decision);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(Number(ledger.requests));
    // An answer older than the keeper's grouping interval is settled: all but the last few are here.
    const lost = answered.filter((id) => !ids.includes(id));
    const settledLongAgo = answered.slice(0, answered.length - 64);
    expect(lost.filter((id) => settledLongAgo.includes(id))).toEqual([]);

    server = await start();
    const after = await getJson<{ requests: number | string }>(
      `${server.adminUrl}/admin/v1/ledger`,
    );
    expect(Number(after.requests)).toBe(ids.length);
    const id = ids.at(-1)!;
    const view = await getJson<DecisionView>(`${server.adminUrl}/admin/v1/decisions/${id}`);
    expect(view.outcome?.decision).toBe(id);
    expect(await server.end('SIGTERM')).toBe(0);
  },
  90_000,
);
