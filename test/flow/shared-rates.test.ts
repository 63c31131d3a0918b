import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { startDemoFleet } from '../../src/simulate/index.ts';
import { inParallel } from './demo-exchange.ts';
import type { DemoFleet } from './demo-exchange.ts';
import { createFolder, spawnServer } from './spawned-server.ts';
import type { SpawnedServer } from './spawned-server.ts';

const WORKERS = 2;
const LIMIT = 20;
const TENANTS = ['spread', 'kept', 'free'] as const;
type Tenant = (typeof TENANTS)[number];
const keyOf = (tenant: Tenant): string => `a-key-of-the-tenant-${tenant}`;

let fleet: DemoFleet;
let folder: Awaited<ReturnType<typeof createFolder>>;
let server: SpawnedServer;
beforeAll(async () => {
  fleet = await startDemoFleet({ clock: createSystemClock(), rng: createRng(9), speedup: 100 });
  folder = await createFolder();
  const keys = TENANTS.map((tenant) => {
    const sha256 = createHash('sha256').update(keyOf(tenant)).digest('hex');
    return `  - { tenant: ${tenant}, sha256: "${sha256}" }`;
  });
  const policy = `version: 1
log: { level: silent }
understanding: { deep: off }
keys:
${keys.join('\n')}
tenants:
  - { id: spread, requestsPerMinute: ${LIMIT} }
  - { id: kept, requestsPerMinute: ${LIMIT} }
models:
  - { id: m, upstreamName: qwen2.5-7b, price: { inputPerMTok: 1, outputPerMTok: 2 } }
  - { id: rare, upstreamName: qwen2.5-7b, price: { inputPerMTok: 1, outputPerMTok: 2 } }
instances:
  - { id: a, model: m, engine: simulated, url: "\${BOURSE_SIM_SMALL_A_URL}" }
  - { id: b, model: rare, engine: simulated, url: "\${BOURSE_SIM_SMALL_B_URL}", limits: { requestsPerMinute: ${LIMIT} } }
`;
  server = await spawnServer({ folder: folder.path, policy, env: fleet.env, workers: WORKERS });
}, 60_000);
afterAll(async () => {
  await server.end('SIGTERM');
  await fleet.close();
  await folder.remove();
});

interface Answered {
  readonly status: number;
  readonly worker: string | undefined;
  readonly retryAfterSeconds: number;
}

function ask(tenant: Tenant, agent: Agent, model = 'm'): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${keyOf(tenant)}`,
    };
    const url = `${server.modelUrl}/v1/chat/completions`;
    const asking = request(url, { method: 'POST', headers, agent }, (response) => {
      response.resume();
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          worker: String(response.headers['x-bourse-decision-id']).split('-')[1],
          retryAfterSeconds: Number(response.headers['retry-after']),
        }),
      );
    });
    asking.on('error', reject);
    const messages = [{ role: 'user', content: 'hi' }];
    asking.end(JSON.stringify({ model, max_tokens: 4, messages }));
  });
}

/** What came of many requests, and how many the limit allows in the time that they took. */
async function askMany(count: number, one: () => Promise<Answered>) {
  const startMs = performance.now();
  const answers = await inParallel(Array.from({ length: count }), 6, one);
  const elapsedMs = performance.now() - startMs;
  const served = answers.filter(({ status }) => status === 200);
  return {
    served,
    refused: answers.filter(({ status }) => status !== 200),
    allowed: Math.floor(LIMIT * (1 + elapsedMs / 60_000)),
  };
}

test('a limit is one limit, whichever worker a request comes to', async () => {
  const { served, refused, allowed } = await askMany(60, () => ask('spread', new Agent()));
  expect(served.length).toBeGreaterThanOrEqual(0.9 * LIMIT);
  expect(served.length).toBeLessThanOrEqual(allowed);
  expect(new Set(served.map(({ worker }) => worker)).size).toBe(WORKERS);
  for (const { status, retryAfterSeconds } of refused) {
    expect(status).toBe(429);
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(retryAfterSeconds).toBeLessThanOrEqual(60 / LIMIT);
  }
});

test('a client on one connection has the whole of it', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { served, allowed } = await askMany(40, () => ask('kept', agent));
  agent.destroy();
  expect(new Set(served.map(({ worker }) => worker)).size).toBe(1);
  expect(served.length).toBeGreaterThanOrEqual(0.9 * LIMIT);
  expect(served.length).toBeLessThanOrEqual(allowed);
});

test('who has no limit is not held up by those of others', async () => {
  const { served } = await askMany(60, () => ask('free', new Agent()));
  expect(served).toHaveLength(60);
});

test('an instance is asked as often as its owner allows, by all workers together', async () => {
  const { served, allowed } = await askMany(60, () => ask('free', new Agent(), 'rare'));
  expect(served.length).toBeGreaterThanOrEqual(0.9 * LIMIT);
  // Each worker may have been one request ahead of the keeper.
  expect(served.length).toBeLessThanOrEqual(allowed + WORKERS);
});
