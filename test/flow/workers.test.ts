import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { startDemoFleet } from '../../src/simulate/index.ts';
import { eventually, getJson, inParallel } from './demo-exchange.ts';
import type { DemoFleet } from './demo-exchange.ts';
import { createFolder, policyOver, spawnServer } from './spawned-server.ts';
import type { SpawnedServer } from './spawned-server.ts';
import type { DecisionView } from '../../src/contract/index.ts';

let fleet: DemoFleet;
let folder: Awaited<ReturnType<typeof createFolder>>;
let server: SpawnedServer;
beforeAll(async () => {
  fleet = await startDemoFleet({ clock: createSystemClock(), rng: createRng(9), speedup: 100 });
  folder = await createFolder();
  const policy = policyOver(fleet.env, 'routes:\n  - { name: first, use: { mode: economy } }\n');
  server = await spawnServer({ folder: folder.path, policy, env: fleet.env, workers: 2 });
}, 60_000);
afterAll(async () => {
  await server.end('SIGTERM');
  await fleet.close();
  await folder.remove();
});

/** A connection of its own, so that both workers get some. */
async function ask(): Promise<{ id: string; route: string; status: number }> {
  const response = await fetch(`${server.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({
      model: 'auto',
      max_tokens: 8,
      messages: [{ role: 'user', content: 'hi' }],
    }),
  });
  await response.text();
  return {
    id: response.headers.get('x-bourse-decision-id')!,
    route: response.headers.get('x-bourse-route')!,
    status: response.status,
  };
}

const status = (): Promise<{ generation: number; rejected: { message: string; line: number }[] }> =>
  getJson(`${server.adminUrl}/admin/v1/policy`);

describe('two workers behave as one server', () => {
  test('every decision of either worker is found, and the metrics are sums', async () => {
    const answers = await inParallel(Array.from({ length: 40 }), 8, ask);
    expect(new Set(answers.map(({ id }) => id.split('-')[1])).size).toBe(2);
    for (const { id } of answers) {
      const view = await getJson<DecisionView>(`${server.adminUrl}/admin/v1/decisions/${id}`);
      expect(view.id).toBe(id);
    }
    const { decisions } = await getJson<{ decisions: DecisionView[] }>(
      `${server.adminUrl}/admin/v1/decisions?limit=40`,
    );
    expect(new Set(decisions.map(({ id }) => id))).toEqual(new Set(answers.map(({ id }) => id)));
    await eventually(async () => {
      const text = await (await fetch(`${server.modelUrl}/metrics`)).text();
      const counted = [...text.matchAll(/^bourse_requests_total\{.*\} (\d+)$/gm)];
      return counted.reduce((sum, match) => sum + Number(match[1]), 0) === 40;
    });
  });

  test('an instance added by the admin API serves from either worker; drained, it serves no more', async () => {
    const medium = fleet.servers.find(({ spec }) => spec.id === 'small-b')!;
    const added = await fetch(`${server.adminUrl}/admin/v1/instances`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'late', model: 'm', engine: 'simulated', url: medium.url }),
    });
    expect(added.status).toBeLessThan(300);
    const ids = async (): Promise<string[]> => {
      const { id } = await ask();
      const view = await getJson<DecisionView>(`${server.adminUrl}/admin/v1/decisions/${id}`);
      return view.bids.map(({ instance }) => instance);
    };
    await eventually(async () => (await ids()).includes('late'));
    const drained = await fetch(`${server.adminUrl}/admin/v1/instances/late/drain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    expect(drained.status).toBe(200);
    await eventually(async () => !(await ids()).includes('late'));
    const removed = await fetch(`${server.adminUrl}/admin/v1/instances/late`, { method: 'DELETE' });
    expect(removed.status).toBeLessThan(300);
  });

  test('reload under load: no request fails, and every decision is of one policy', async () => {
    const file = join(folder.path, 'bourse.yaml');
    const before = (await status()).generation;
    let isRunning = true;
    const seen: { route: string; status: number }[] = [];
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (isRunning) seen.push(await ask());
      }),
    );
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('name: first', 'name: second'));
    server.signal('SIGHUP');
    await eventually(async () => (await status()).generation > before);
    await eventually(async () => seen.slice(-16).every(({ route }) => route === 'second'));
    isRunning = false;
    await load;
    expect(seen.filter((answer) => answer.status !== 200)).toEqual([]);
    expect(new Set(seen.map(({ route }) => route))).toEqual(new Set(['first', 'second']));
  });

  test('a broken file, noticed without a signal, keeps the running policy and says where', async () => {
    const file = join(folder.path, 'bourse.yaml');
    const { generation } = await status();
    await appendFile(file, '\nroutez: []\n');
    const rejected = await eventually(async () => {
      const read = await status();
      return read.rejected.length > 0 ? read : null;
    });
    expect(rejected.generation).toBe(generation);
    expect(rejected.rejected[0]!.message).toContain('routez');
    expect(rejected.rejected[0]!.line).toBeGreaterThan(10);
    expect((await ask()).status).toBe(200);
  });
});
