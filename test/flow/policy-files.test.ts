import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { startDemoFleet } from '../../src/simulate/index.ts';
import { eventually, getJson } from './demo-exchange.ts';
import type { DemoFleet } from './demo-exchange.ts';
import { createFolder, policyOver, spawnServer } from './spawned-server.ts';
import type { SpawnedServer } from './spawned-server.ts';
import type { DecisionView } from '../../src/contract/index.ts';

let fleet: DemoFleet;
let folder: Awaited<ReturnType<typeof createFolder>>;
let server: SpawnedServer;

const file = (name: string): string => join(folder.path, name);
const routes = (name: string): string => `routes: [{ name: ${name}, use: {} }]\n`;
const recipe = (name: string): string =>
  `recipes: { support: { routes: [{ name: ${name}, use: { mode: latency } }] } }\n`;

beforeAll(async () => {
  fleet = await startDemoFleet({ clock: createSystemClock(), rng: createRng(4), speedup: 100 });
  folder = await createFolder();
  await mkdir(file('parts'));
  await writeFile(file('parts/routes.yaml'), routes('first'));
  await writeFile(file('recipes.yaml'), recipe('one'));
  await writeFile(file('base.yaml'), 'understanding: { deep: "off" }\ninclude: recipes.yaml\n');
  const policy = policyOver(fleet.env, 'include: parts/routes.yaml\nextends: ./base.yaml\n');
  server = await spawnServer({ folder: folder.path, policy, env: fleet.env, workers: 2 });
}, 60_000);
afterAll(async () => {
  await server.end('SIGTERM');
  await fleet.close();
  await folder.remove();
});

/** A connection of its own, so that both workers get some. */
async function ask(model: string): Promise<{ id: string; route: string; status: number }> {
  const response = await fetch(`${server.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model, max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] }),
  });
  await response.text();
  return {
    id: response.headers.get('x-bourse-decision-id')!,
    route: response.headers.get('x-bourse-route')!,
    status: response.status,
  };
}

interface Status {
  readonly generation: number;
  readonly rejected: readonly {
    readonly message: string;
    readonly file: string;
    readonly line: number;
  }[];
}
const status = (): Promise<Status> => getJson(`${server.adminUrl}/admin/v1/policy`);

/** By generation, the routes that decided; by worker, the generations seen. */
async function survey(model: string, until: string) {
  const routesOf = new Map<number, Set<string>>();
  const workers = new Map<string, string>();
  await eventually(async () => {
    const { id, route } = await ask(model);
    const view = await getJson<DecisionView>(`${server.adminUrl}/admin/v1/decisions/${id}`);
    const seen = routesOf.get(view.policyGeneration) ?? new Set();
    routesOf.set(view.policyGeneration, seen.add(route));
    workers.set(id.split('-')[1]!, route);
    return workers.size === 2 && [...workers.values()].every((each) => each === until);
  });
  return routesOf;
}

describe('a policy of several files, before two workers', () => {
  test('a recipe answers by its virtual name, and is listed', async () => {
    expect(await ask('auto:support')).toMatchObject({ route: 'support/one', status: 200 });
    expect(await ask('auto')).toMatchObject({ route: 'first', status: 200 });
    const { data } = await getJson<{ data: { id: string }[] }>(`${server.modelUrl}/v1/models`);
    expect(data.map(({ id }) => id)).toContain('auto:support');
    const { id } = await ask('auto:support');
    const view = await getJson<DecisionView>(`${server.adminUrl}/admin/v1/decisions/${id}`);
    expect(view.rules.recipe).toBe('support');
  });

  test('a changed include is noticed, and no generation has two policies', async () => {
    const { generation } = await status();
    await writeFile(file('parts/routes.yaml'), routes('second'));
    const seen = await survey('auto', 'second');
    expect((await status()).generation).toBe(generation + 1);
    for (const [at, names] of seen) {
      expect([...names]).toEqual([at === generation ? 'first' : 'second']);
    }
    await writeFile(file('recipes.yaml'), recipe('two'));
    const later = await survey('auto:support', 'support/two');
    expect(later.get(generation + 2)).toEqual(new Set(['support/two']));
  });

  test('a broken include is told by its own line, and changes nothing', async () => {
    const { generation } = await status();
    await writeFile(file('recipes.yaml'), `\n\n${recipe('three').replace('routes', 'routez')}`);
    const broken = await eventually(async () => {
      const read = await status();
      return read.rejected.length > 0 ? read : null;
    });
    expect(broken.generation).toBe(generation);
    expect(broken.rejected[0]).toMatchObject({ file: file('recipes.yaml'), line: 3 });
    expect(await ask('auto:support')).toMatchObject({ route: 'support/two', status: 200 });
    await writeFile(file('recipes.yaml'), recipe('four'));
    await eventually(async () => (await ask('auto:support')).route === 'support/four');
    expect((await status()).rejected).toEqual([]);
  });
});
