import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { startDemoFleet } from '../../src/simulate/index.ts';
import type { DecisionView, ModelAccuracyView } from '../../src/contract/index.ts';
import { eventually, getJson } from './demo-exchange.ts';
import type { DemoFleet } from './demo-exchange.ts';
import { createFolder, spawnServer } from './spawned-server.ts';
import type { SpawnedServer } from './spawned-server.ts';

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

const POLICY = `version: 1
keys:
  - { tenant: acme, sha256: ${sha256('sk-acme')} }
  - { tenant: other, sha256: ${sha256('sk-other')} }
models:
  - { id: first, upstreamName: qwen2.5-7b, price: { inputPerMTok: 1, outputPerMTok: 2 }, accuracy: { default: 0.9 }, accuracyQuestions: 10 }
  - { id: second, upstreamName: qwen2.5-7b, price: { inputPerMTok: 1, outputPerMTok: 2 }, accuracy: { default: 0.8 }, accuracyQuestions: 10 }
instances:
  - { id: one, model: first, engine: simulated, url: "\${BOURSE_SIM_SMALL_A_URL}" }
  - { id: two, model: second, engine: simulated, url: "\${BOURSE_SIM_SMALL_B_URL}" }
understanding: { deep: off }
routes:
  - { name: able, use: { mode: accuracy } }
`;

let fleet: DemoFleet;
let folder: Awaited<ReturnType<typeof createFolder>>;
let server: SpawnedServer;
const start = async (): Promise<SpawnedServer> =>
  spawnServer({ folder: folder.path, policy: POLICY, env: fleet.env, workers: 2 });

beforeAll(async () => {
  fleet = await startDemoFleet({ clock: createSystemClock(), rng: createRng(5), speedup: 100 });
  folder = await createFolder();
  server = await start();
}, 60_000);
afterAll(async () => {
  await server.end('SIGTERM');
  await fleet.close();
  await folder.remove();
});

/** Connections of their own, so that the workers take turns. */
const post = (path: string, body: unknown, key: string): Promise<Response> =>
  fetch(`${server.modelUrl}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${key}`,
      connection: 'close',
    },
    body: JSON.stringify(body),
  });

async function ask(text: string): Promise<{ id: string; model: string }> {
  const messages = [{ role: 'user', content: text }];
  const body = { model: 'auto', max_tokens: 4, messages };
  const response = await post('/v1/chat/completions', body, 'sk-acme');
  expect(response.status).toBe(200);
  await response.text();
  const id = response.headers.get('x-bourse-decision-id')!;
  const view = await getJson<DecisionView>(`${server.adminUrl}/admin/v1/decisions/${id}`);
  return { id, model: view.bids[0]!.model };
}

const accuracies = (): Promise<{ models: ModelAccuracyView[] }> =>
  getJson(`${server.adminUrl}/admin/v1/accuracy`);

const MATH = 'Integrate x^2 * exp(x) from 0 to 1 and prove that the series converges.';

describe('feedback over HTTP', () => {
  test('changes who wins, whichever worker took it, and outlives the server', async () => {
    expect((await ask(MATH)).model).toBe('first');
    let id = '';
    const say = async (decision: string, score: number): Promise<void> => {
      const response = await post('/v1/feedback', { decision_id: decision, score }, 'sk-acme');
      expect(await response.json()).toEqual({
        object: 'feedback',
        decision_id: decision,
        recorded: ['score'],
        known: [],
      });
    };
    // The topic is known once each worker has loaded what tells it: then verdicts are by topic too.
    const judged = await eventually(async () => {
      const answered = await ask(MATH);
      if (answered.model === 'first') id = answered.id;
      await say(answered.id, answered.model === 'first' ? 0 : 1);
      const { models } = await accuracies();
      const isByTopic = models.some(({ beliefs }) =>
        beliefs.some(({ domain }) => domain === 'math'),
      );
      return isByTopic && answered.model === 'second' ? models : null;
    });
    const view = await eventually(async () => {
      const { id: later } = await ask(MATH);
      const seen = await getJson<DecisionView>(`${server.adminUrl}/admin/v1/decisions/${later}`);
      return seen.topic?.domain === 'math' ? seen : null;
    });
    expect(view.bids.map(({ model }) => model)).toEqual(['second', 'first']);
    const [winner, loser] = view.bids;
    expect(loser!.accuracy!.mean).toBeLessThan(winner!.accuracy!.mean);
    const first = judged.find((entry) => entry.model === 'first')!;

    await server.end('SIGTERM');
    server = await start();
    const restored = (await accuracies()).models.find((entry) => entry.model === 'first')!;
    expect(restored.beliefs[0]!.wrong).toBeCloseTo(first.beliefs[0]!.wrong, 3);
    expect((await ask(MATH)).model).toBe('second');
    const again = await post('/v1/feedback', { decision_id: id, score: 1 }, 'sk-acme');
    expect(await again.json()).toMatchObject({ recorded: [], known: ['score'] });
  }, 60_000);

  test("another tenant's decision is not there, and neither is one that was never made", async () => {
    const { id } = await ask('hello');
    for (const [decision, key] of [
      [id, 'sk-other'],
      ['d-0-0000000000000', 'sk-acme'],
    ] as const) {
      const response = await post('/v1/feedback', { decision_id: decision, thumb: 'up' }, key);
      expect(response.status).toBe(404);
      const { error } = (await response.json()) as { error: { message: string } };
      expect(error.message).toBe(`There is no decision "${decision}".`);
    }
    const unkeyed = await post('/v1/feedback', { decision_id: id, thumb: 'up' }, 'sk-nobody');
    expect(unkeyed.status).toBe(401);
    const view = await eventually(async () =>
      getJson<DecisionView>(`${server.adminUrl}/admin/v1/decisions/${id}`),
    );
    expect(view.verdicts).toBeUndefined();
  });
});
