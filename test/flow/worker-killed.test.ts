import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRng } from '../../src/kernel/index.ts';
import { eventually, inParallel } from './demo-exchange.ts';
import { FAULTS } from './faults-of-bytes.ts';
import { FaultyFleet, answerOf } from './faulty-server.ts';
import { createFolder, spawnServer } from './spawned-server.ts';
import type { SpawnedServer } from './spawned-server.ts';

const SEED = Number(process.env['BOURSE_SEED'] ?? Date.now() % 1_000_000);
const REQUESTS = 300;
const CLIENTS = 12;
/** Past this a client counts as one that nobody answers: no attempt takes so long. */
const PATIENCE_MS = 15_000;

const fleet = new FaultyFleet();
let folder: Awaited<ReturnType<typeof createFolder>>;
let server: SpawnedServer;
beforeAll(async () => {
  folder = await createFolder();
  const urls = await Promise.all(Array.from({ length: 3 }, async () => (await fleet.listen()).url));
  const instances = urls.map(
    (url, i) => `  - { id: i${i}, model: m, engine: vllm, url: "${url}" }`,
  );
  server = await spawnServer({
    folder: folder.path,
    workers: 2,
    env: {},
    policy: `version: 1
log: { level: silent }
understanding: { deep: off }
health: { pollMs: 60000, timeoutMs: 20000, breaker: { failures: 10000 } }
attempts: { max: 3, firstTokenTimeoutMs: 1200, idleTimeoutMs: 1200, totalTimeoutMs: 10000 }
models:
  - { id: m, price: { inputPerMTok: 1, outputPerMTok: 2 } }
instances:
${instances.join('\n')}
budgets: [{ id: all, tenant: "*", per: total, tokens: 100_000_000 }]
`,
  });
}, 60_000);
afterAll(async () => {
  await server.end('SIGTERM');
  await fleet.close();
  await folder.remove();
});

/** The processes that serve, which the first one has started. */
async function workerPids(): Promise<readonly number[]> {
  const text = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8');
  return text.trim().split(' ').map(Number);
}

interface Answered {
  readonly kind: 'answered';
  readonly id: string;
  readonly isWhole: boolean;
  readonly problem: string | null;
}

/** The connection was closed before the answer was whole. */
interface Reset {
  readonly kind: 'reset';
  readonly hadBegunBeforeTheKill: boolean;
}

let isKilled = false;

/** Rejects where the connection is left silent. */
async function ask(key: string, isStream: boolean): Promise<Answered | Reset> {
  const hadBegunBeforeTheKill = !isKilled;
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let body: string;
  let response: Response;
  try {
    response = await fetch(`${server.modelUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      signal: patience,
      body: JSON.stringify({
        model: 'auto',
        stream: isStream,
        messages: [{ role: 'user', content: `${key}. ` }],
      }),
    });
    body = await response.text();
  } catch (error) {
    if (patience.aborted) throw new Error(`${key} is left without an answer`, { cause: error });
    return { kind: 'reset', hadBegunBeforeTheKill };
  }
  const id = response.headers.get('x-bourse-decision-id') ?? '';
  const of = fleet.cases.get(key)!;
  const texts = [...body.matchAll(/"content":"([^"]*)"/g)].map(([, text]) => text).join('');
  const all = Array.from({ length: of.dispatches }, (_, i) => answerOf(key, i + 1).join(''));
  const isWhole = isStream ? body.includes('[DONE]') : response.status === 200;
  const isRight = isWhole ? all.includes(texts) : all.some((one) => one.startsWith(texts));
  const problem = isRight ? null : `${of.fault?.name}: ${body}`;
  return { kind: 'answered', id, isWhole, problem };
}

function readStore() {
  const database = new DatabaseSync(join(folder.path, 'bourse.db'), { readOnly: true });
  const all = <T>(query: string): T[] => database.prepare(query).all() as T[];
  const rows = all<{ decision: string; tokens: number }>(
    'SELECT decision, prompt_tokens + output_tokens AS tokens FROM ledger',
  );
  const [balance] = all<{ tokens: number }>('SELECT sum(tokens) AS tokens FROM balance');
  const [leases] = all<{ held: number }>('SELECT coalesce(sum(tokens), 0) AS held FROM lease');
  database.close();
  return { rows, balance: balance!.tokens, leases: leases!.held };
}

test.runIf(process.platform === 'linux')(
  `random faults, two workers, one killed in the middle: totals agree (seed ${SEED})`,
  { timeout: 90_000 },
  async () => {
    const rng = createRng(SEED);
    const plan = Array.from({ length: REQUESTS }, (_, i) => {
      const isStream = rng.next() < 0.7;
      const fitting = FAULTS.filter(({ of }) => of === 'both' || (of === 'stream') === isStream);
      const fault = rng.next() < 0.4 ? null : fitting[Math.floor(rng.next() * fitting.length)]!;
      return { key: `case-${i}-x`, isStream, fault };
    });
    for (const { key, fault } of plan) fleet.add(key, fault);
    const pids = await workerPids();
    expect(pids).toHaveLength(2);
    const answers = await inParallel(plan, CLIENTS, async ({ key, isStream }, i) => {
      if (i === REQUESTS / 2) {
        process.kill(pids[0]!, 'SIGKILL');
        isKilled = true;
      }
      return ask(key, isStream);
    });
    const answered = answers.filter((one) => one.kind === 'answered');
    expect(answered.flatMap(({ problem }) => (problem === null ? [] : [problem]))).toEqual([]);
    expect(answered.every(({ isWhole }) => isWhole)).toBe(true);
    // What was in flight at the worker that was killed is cut off, and nothing else.
    const resets = answers.filter((one) => one.kind === 'reset');
    expect(resets.every(({ hadBegunBeforeTheKill }) => hadBegunBeforeTheKill)).toBe(true);
    expect(resets.length).toBeLessThan(CLIENTS);
    await eventually(async () => (await workerPids()).length === 2);

    await eventually(async () => fleet.open === 0);
    expect(await server.end('SIGTERM')).toBe(0);
    const { rows, balance, leases } = readStore();
    const ids = new Set(rows.map(({ decision }) => decision));
    expect(ids.size).toBe(rows.length);
    expect(rows.length).toBeLessThanOrEqual(REQUESTS);
    // What the killed worker had not yet reported is lost to the ledger, and no more.
    expect(answered.filter(({ id }) => !ids.has(id)).length).toBeLessThanOrEqual(2 * CLIENTS);
    // What it still held counts as spent: never less than the ledger has, and nothing is left held.
    const spent = rows.reduce((sum, { tokens }) => sum + tokens, 0);
    expect(balance).toBeGreaterThanOrEqual(spent);
    expect(leases).toBe(0);
  },
);
