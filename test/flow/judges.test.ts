import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import type { DecisionView, JudgeView, ModelAccuracyView } from '../../src/contract/index.ts';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { startDemoFleet } from '../../src/simulate/index.ts';
import { eventually, getJson, inParallel, ROOT } from './demo-exchange.ts';
import type { DemoFleet } from './demo-exchange.ts';

/** What stands in for each other family: all simulated models have names of one. */
const POLICY = `version: 1
log: { level: silent }
models:
  - { id: served, upstreamName: qwen2.5-7b, price: { inputPerMTok: 1, outputPerMTok: 2 }, accuracy: { default: 0.6 }, labels: { family: one } }
  - { id: other, upstreamName: qwen2.5-32b, price: { inputPerMTok: 5, outputPerMTok: 9 }, accuracy: { default: 0.6 }, labels: { family: two } }
  - { id: grader, kind: judge, upstreamName: qwen2.5-72b, price: { inputPerMTok: 1, outputPerMTok: 1 }, labels: { family: three } }
  - { id: sibling, kind: judge, upstreamName: qwen2.5-1.5b, labels: { family: one } }
instances:
  - { id: small, model: served, engine: simulated, url: "\${BOURSE_SIM_SMALL_A_URL}", labels: { site: on-prem } }
  - { id: medium, model: other, engine: simulated, url: "\${BOURSE_SIM_MEDIUM_URL}", labels: { site: on-prem } }
  - { id: large, model: grader, engine: simulated, url: "\${BOURSE_SIM_LARGE_URL}", labels: { site: cloud } }
  - { id: tiny, model: sibling, engine: simulated, url: "\${BOURSE_SIM_TINY_URL}", labels: { site: on-prem } }
signals: { keywords: [{ name: titan, anyOf: [Project Titan] }] }
constraints: [{ name: stays, when: { keyword: titan }, require: { site: on-prem } }]
understanding: { deep: off }
feedback: { implicit: true }
judges:
  - { name: strict, kind: prometheus, model: grader }
  - { name: second, kind: general, model: grader }
  - { name: kin, kind: general, model: sibling }
`;
interface Served {
  readonly app: RunningApp;
  readonly folder: string;
  ask(content: string, more?: object, headers?: object): Promise<string>;
  metrics(): Promise<string>;
  close(): Promise<void>;
}

const serve = (rest: string): Promise<Served> => open(POLICY + rest);

async function open(configText: string): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'bourse-judges-'));
  const app = await startServe({
    // A busy machine may answer its probes late.
    configText: `${configText}\nhealth: { timeoutMs: 30_000 }\n`,
    env: fleet.env,
    overrides: { port: 0, adminPort: 0, storePath: join(folder, 'bourse.db') },
  });
  return {
    app,
    folder,
    ask: async (content, more = {}, headers = {}) => {
      const response = await fetch(`${app.modelUrl}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({
          model: 'served',
          messages: [{ role: 'user', content }],
          ...more,
        }),
      });
      expect(response.status, await response.text()).toBe(200);
      return response.headers.get('x-bourse-decision-id')!;
    },
    metrics: async () => (await fetch(`${app.adminUrl}/metrics`)).text(),
    close: async () => {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const inject = async (kind: string): Promise<void> => {
  const response = await fetch(`${fleet.env['BOURSE_SIM_LARGE_URL']}/sim/fault`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind }),
  });
  await response.text();
};

const decision = ({ app }: Served, id: string): Promise<DecisionView> =>
  getJson(`${app.adminUrl}/admin/v1/decisions/${id}`);
const verdictsOn = async (served: Served, id: string): Promise<Record<string, number>> =>
  Object.fromEntries(
    ((await decision(served, id)).verdicts ?? []).map(({ source, score }) => [source, score]),
  );
const latest = async ({ app }: Served): Promise<readonly DecisionView[]> =>
  (await getJson<{ decisions: DecisionView[] }>(`${app.adminUrl}/admin/v1/decisions?limit=50`))
    .decisions;

const JUDGING = `judging:
  share: 1
  panel: 3
  timeoutMs: 1500
  budget: { per: day, tokens: 1000000 }
`;

let fleet: DemoFleet;
let served: Served;
beforeAll(async () => {
  fleet = await startDemoFleet({ clock: createSystemClock(), rng: createRng(5), speedup: 200 });
  served = await serve(JUDGING);
}, 60_000);
afterAll(async () => {
  await served.close();
  await fleet.close();
});

/** How often a judge has been asked with this result. */
const judged = async (judge: string, result: string): Promise<number> => {
  const found = new RegExp(
    `bourse_judgements_total{judge="${judge}",form="absolute",result="${result}"} (\\d+)`,
  ).exec(await served.metrics());
  return Number(found?.[1] ?? 0);
};

describe('judges', () => {
  test('grade answers, streamed or not, at the cost of a budget, and never their own family', async () => {
    const ids = [await served.ask('What is 2 + 2?'), await served.ask('Hi', { stream: true })];
    for (const id of ids) {
      const verdicts = await eventually(async () => {
        const found = await verdictsOn(served, id);
        return Object.keys(found).length === 2 ? found : null;
      });
      expect(Object.keys(verdicts).toSorted()).toEqual(['judge:second', 'judge:strict']);
      for (const score of Object.values(verdicts)) expect([0, 1]).toContain(score);
    }
    const calls = await eventually(async () => {
      const found = (await latest(served)).filter(({ route }) => route === 'judging');
      return found.length === 4 && found.every(({ outcome }) => outcome !== null) ? found : null;
    });
    expect(new Set(calls.map(({ mode }) => mode))).toEqual(
      new Set(['judge:strict', 'judge:second']),
    );
    for (const { outcome } of calls) {
      expect(outcome).toMatchObject({ model: 'grader', status: 'ok', route: 'judging' });
      expect(outcome!.costPicoUsd).toBeGreaterThan(0);
    }
    const text = await served.metrics();
    expect(text).toMatch(/bourse_budget_used_ratio{rule="judging",scope="route=judging"/);
    expect(text).toContain('bourse_verdicts_total{source="judge"} 4');
    expect(await judged('strict', 'graded')).toBe(2);
    const judges = await eventually(async () => {
      const url = `${served.app.adminUrl}/admin/v1/judges`;
      const found = (await getJson<{ judges: JudgeView[] }>(url)).judges;
      return found[0]!.agreed + found[0]!.disagreed > 0 ? found : null;
    });
    expect(judges.map(({ judge }) => judge)).toEqual(['strict', 'second', 'kin']);
    expect(judges[2]!.agreed + judges[2]!.disagreed).toBe(0);
  }, 20_000);

  test('are bound by the constraints of what they grade', async () => {
    const id = await served.ask('Summarise Project Titan.');
    await eventually(async () => (await judged('second', 'refused')) === 1);
    expect(await verdictsOn(served, id)).toEqual({});
    const refused = (await latest(served)).filter(({ refusal }) => refusal !== null);
    expect(refused).toHaveLength(2);
    for (const { route, excluded } of refused) {
      expect(route).toBe('judging');
      expect(excluded).toContainEqual(
        expect.objectContaining({ instance: 'large', cause: 'constraint' }),
      );
    }
  }, 20_000);

  test('cannot be named, nor be taken for any model', async () => {
    const response = await fetch(`${served.app.modelUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'grader', messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect(response.status).toBe(404);
    await response.text();
    const view = await decision(served, await served.ask('hi', { model: 'auto' }));
    expect(view.bids.map(({ model }) => model).toSorted()).toEqual(['other', 'served']);
  }, 20_000);

  test.each([
    ['answer nothing', 'hang'],
    ['fail', 'error500'],
  ])(
    'that %s cost their verdict and no answer, and nothing that waits is on disk',
    async (_, kind) => {
      const before = await judged('strict', 'failed');
      await inject(kind);
      try {
        const secret = `the-word-that-nobody-keeps-${kind}`;
        const id = await served.ask(`Repeat ${secret}.`);
        for (const name of await readdir(served.folder)) {
          const bytes = await readFile(join(served.folder, name));
          expect(bytes.includes(secret), name).toBe(false);
          expect(bytes.includes('comes from a simulator'), name).toBe(false);
        }
        await eventually(async () => (await judged('strict', 'failed')) > before);
        expect(await verdictsOn(served, id)).toEqual({});
      } finally {
        await inject('none');
      }
    },
    20_000,
  );
});

test('the policy of guides/judges.md has its fleet judged', async () => {
  const guide = await readFile(join(ROOT, 'docs/guides/judges.md'), 'utf8');
  const [, text] = /```yaml\n([\s\S]*?)```/.exec(guide)!;
  const own = await open(`${text}understanding: { deep: off }\nlog: { level: silent }\n`);
  try {
    const ids = await inParallel(
      Array.from({ length: 12 }, (_, i) => `What is ${i} + ${i}?`),
      4,
      (content) => own.ask(content, { model: 'auto' }),
    );
    await eventually(async () => {
      const found = await Promise.all(ids.map((id) => verdictsOn(own, id)));
      return found.every((verdicts) => 'judge:strict' in verdicts);
    });
    await eventually(async () => {
      const url = `${own.app.adminUrl}/admin/v1/accuracy`;
      const { models } = await getJson<{ models: ModelAccuracyView[] }>(url);
      const levels = models.flatMap(({ beliefs }) => beliefs.slice(0, 1));
      return levels.reduce((sum, { right, wrong }) => sum + right + wrong, 0) > 5;
    });
  } finally {
    await own.close();
  }
}, 30_000);

test('two answers are compared in both orders, and both models hear of it', async () => {
  const own = await serve('judging: { share: 1, panel: 1, pairwise: 1 }\n');
  try {
    const id = await own.ask('What is 3 + 3?', { model: 'auto' });
    const verdicts = await eventually(async () => {
      const found = await verdictsOn(own, id);
      return Object.keys(found).some((source) => source.startsWith('pair:')) ? found : null;
    });
    expect(Object.keys(verdicts).map((source) => source.split(':')[0])).toEqual(['judge', 'pair']);
    const second = await eventually(async () =>
      (await latest(own)).find(({ mode }) => mode?.startsWith('compare:')),
    );
    expect(second.outcome).toMatchObject({ route: 'judging', status: 'ok' });
    const model = (await decision(own, id)).outcome!.model;
    expect(second.outcome!.model).toBe(model === 'served' ? 'other' : 'served');
    await eventually(async () => Object.keys(await verdictsOn(own, second.id)).length === 1);
  } finally {
    await own.close();
  }
}, 30_000);

test('what speaks against an answer is a verdict: a retry, a failed tool', async () => {
  const session = { 'x-bourse-session': 's1' };
  const first = await served.ask('Say hello.', { max_tokens: 4 }, session);
  await served.ask('Say hello.', { max_tokens: 4 }, session);
  await eventually(async () => (await verdictsOn(served, first))['retry'] === 0);
  const other = { 'x-bourse-session': 's2' };
  const tools = [{ type: 'function', function: { name: 'find', parameters: {} } }];
  const call = await served.ask('Find it.', { tools, tool_choice: 'required' }, other);
  const toolCall = { id: 'c1', type: 'function', function: { name: 'find', arguments: '{}' } };
  const messages = [
    { role: 'user', content: 'Find it.' },
    { role: 'assistant', content: null, tool_calls: [toolCall] },
    { role: 'tool', tool_call_id: 'c1', content: '{"error": "no such thing"}' },
  ];
  await served.ask('', { tools, max_tokens: 4, messages }, other);
  await eventually(async () => (await verdictsOn(served, call))['tool-failure'] === 0);
}, 20_000);
