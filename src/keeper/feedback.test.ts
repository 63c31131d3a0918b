import { afterEach, describe, expect, test } from 'vitest';
import type { Feedback, Learner, Outcome, Store, Verdict } from '../contract/index.ts';
import type { DecisionId, TenantId } from '../kernel/index.ts';
import { openSqliteStore } from '../store/index.ts';
import { outcomeNamed } from '../../test/contract/outcome-named.ts';
import type { FakePolicyText } from './fixtures/fake-policy.ts';
import { createKeeperRig } from './fixtures/keeper-rig.ts';
import type { KeeperRig } from './fixtures/keeper-rig.ts';

const open: KeeperRig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.during(rig.keeper.close());
});

const ACME = 'acme' as TenantId;
const ID = 'd-0-0000000000000';

async function started(options: { store?: Store; policy?: FakePolicyText } = {}) {
  const taught: Verdict[] = [];
  const learner: Learner = {
    apiVersion: 1,
    name: 'listening',
    learn: (beliefs) => beliefs,
    learnVerdicts: (beliefs, verdicts) => {
      taught.push(...verdicts);
      return beliefs;
    },
  };
  const store = options.store ?? (await openSqliteStore({ path: null }));
  const rig = createKeeperRig({ ...options, store, learners: [learner] });
  open.push(rig);
  await rig.during(rig.keeper.start());
  const { client } = await rig.connect(0);
  const { client: other } = await rig.connect(1);
  const say = (feedback: Omit<Feedback, 'decision'>, decision = ID, tenant = ACME) =>
    rig.during(client.feedback(tenant, { decision, ...feedback }));
  const settle = async (...outcomes: readonly Outcome[]): Promise<void> => {
    for (const outcome of outcomes) client.report(outcome);
    await rig.pass(50);
  };
  return { rig, store, client, other, say, settle, taught };
}

const outcome = (changes: Partial<Outcome> = {}): Outcome =>
  outcomeNamed(ID, { domain: 'math', band: 'hard', ...changes });

describe('feedback', () => {
  test('is kept, and teaches about the model that answered, on its topic', async () => {
    const { rig, store, say, settle, taught } = await started();
    await settle(outcome());
    const answer = await say({ score: 0.5, thumb: 'down', fit: 'overprovisioned' });
    expect(answer).toEqual({ kind: 'taken', recorded: ['score', 'thumb', 'fit'], known: [] });
    await rig.pass(300);
    expect(taught).toMatchObject([
      { source: 'score', score: 0.5, model: 'm', domain: 'math', band: 'hard' },
      { source: 'thumb', score: 0 },
      { source: 'fit', score: 1 },
    ]);
    expect(await store.ledger.verdicts(ID)).toHaveLength(3);
    const view = await rig.during(rig.keeper.admin.decision(ID));
    expect(view!.verdicts!.map(({ source }) => source).toSorted()).toEqual([
      'fit',
      'score',
      'thumb',
    ]);
    expect(await rig.during(rig.keeper.admin.metrics())).toContain(
      'bourse_verdicts_total{source="thumb"} 1',
    );
  });

  test('teaches what the confidence of a checked answer told', async () => {
    const { rig, say, settle, taught } = await started();
    const plain = outcome();
    const share = {
      role: 'step',
      model: plain.model!,
      usage: plain.usage,
      costPicoUsd: 1,
      energyMicrojoules: 1,
      confidence: { kind: 'meanLogprob', value: -0.5, believed: 0.6 },
    } as const;
    await settle(outcome({ attempts: [{ ...plain.attempts[0]!, share }] }));
    await say({ score: 1 });
    await rig.pass(300);
    const key = 'm|meanLogprob';
    expect(taught[0]!.confidence).toEqual([{ key, level: key, value: -0.5, believed: 0.6 }]);
  });

  test('counts once of each kind, and the first word stands', async () => {
    const { rig, say, settle, taught } = await started();
    await settle(outcome());
    await say({ thumb: 'up' });
    expect(await say({ thumb: 'down', score: 1 })).toEqual({
      kind: 'taken',
      recorded: ['score'],
      known: ['thumb'],
    });
    await rig.pass(300);
    expect(taught.map(({ source, score }) => [source, score])).toEqual([
      ['thumb', 1],
      ['score', 1],
    ]);
  });

  test('finds what another worker decided, and what is not settled yet', async () => {
    const { client, other, rig } = await started();
    const early = other.feedback(ACME, { decision: ID, thumb: 'up' });
    await rig.pass(20);
    client.report(outcome());
    expect(await rig.during(early)).toMatchObject({ kind: 'taken' });
  });

  test('of a stranger and of nobody are the same, and take as long', async () => {
    const { rig, say, settle } = await started();
    await settle(outcome());
    const timed = async (decision: string, tenant: TenantId): Promise<[unknown, number]> => {
      const startedMs = rig.clock.monotonicMs();
      const answer = await say({ thumb: 'down' }, decision, tenant);
      return [answer, rig.clock.monotonicMs() - startedMs];
    };
    const foreign = await timed(ID, 'other' as TenantId);
    const unknown = await timed('d-0-0000000000001', ACME);
    expect(foreign).toEqual(unknown);
    expect(foreign[0]).toEqual({ kind: 'unknown' });
    expect(await say({ thumb: 'down' }, '../../etc')).toEqual({ kind: 'unknown' });
    expect(rig.keeper.admin.accuracy()).toMatchObject([{ model: 'm', drift: null }]);
  });

  test('keeps the text of a correction only where the policy says so', async () => {
    const text = 'It is 42.';
    for (const keepsCorrections of [false, true]) {
      const { store, say, settle } = await started({ policy: { feedback: { keepsCorrections } } });
      await settle(outcome());
      await say({ correction: text });
      const [kept] = await store.ledger.verdicts(ID);
      expect(kept).toMatchObject({ score: 0, note: keepsCorrections ? text : null });
    }
  });

  test('of one tenant teaches so often in an hour, and is kept all the same', async () => {
    const { rig, store, say, settle, taught } = await started({
      policy: { feedback: { taughtPerTenantHour: 2 } },
    });
    const ids = ['a', 'b', 'c'].map((letter) => `d-0-000000000000${letter}`);
    await settle(...ids.map((id) => outcome({ decision: id as DecisionId })));
    for (const id of ids) await say({ thumb: 'down' }, id);
    await rig.pass(300);
    expect(taught).toHaveLength(2);
    expect(await store.ledger.verdicts(ids[2]!)).toHaveLength(1);
    await settle(outcome());
    rig.clock.advance(3_600_000);
    await say({ thumb: 'down' });
    await rig.pass(300);
    expect(taught).toHaveLength(3);
  });

  test('on an answer that no model gave is kept, and teaches nothing', async () => {
    const { rig, say, settle, taught } = await started();
    await settle(outcome({ model: null, instance: null }));
    expect(await say({ thumb: 'down' })).toMatchObject({ recorded: ['thumb'] });
    await rig.pass(300);
    expect(taught).toEqual([]);
  });

  test('that the store does not take is told to have failed, and can be sent again', async () => {
    const store = await openSqliteStore({ path: null });
    let isFull = true;
    const addVerdict: Store['addVerdict'] = (verdict) =>
      isFull ? Promise.reject(new Error('disk full')) : store.addVerdict(verdict);
    const failing = { ...store, addVerdict };
    const { say, settle } = await started({ store: failing });
    await settle(outcome());
    expect(await say({ thumb: 'up' })).toEqual({ kind: 'failed' });
    isFull = false;
    expect(await say({ thumb: 'up' })).toMatchObject({ kind: 'taken' });
  });

  test('without a keeper rejects', async () => {
    const { rig } = await started();
    const { client } = await rig.connect(5);
    await rig.during(client.close());
    const said = client.feedback(ACME, { decision: ID, thumb: 'up' });
    await expect(rig.during(said)).rejects.toMatchObject({ code: 'BRS_KEEPER_LOST' });
  });
});

test('a call of a tool that was not declared counts against the model, once the answer ends', async () => {
  const { rig, client, settle, taught } = await started();
  const guarded = { kind: 'tool-call-guarded', action: 'drop', tool: 'shell' } as const;
  const id = ID as DecisionId;
  client.publish({ ...guarded, decision: id, source: 'undeclared' });
  client.publish({
    ...guarded,
    decision: 'd-0-000000000000r' as DecisionId,
    source: 'constraint x',
  });
  await rig.pass(50);
  await settle(outcome(), outcome({ decision: 'd-0-000000000000r' as DecisionId }));
  await rig.pass(300);
  expect(taught).toMatchObject([{ decision: ID, source: 'guard', score: 0 }]);
});

describe('what judges say', () => {
  const judged = (
    judge: string,
    score: number | null,
    form: 'absolute' | 'pairwise' = 'absolute',
  ) =>
    ({
      kind: 'answer-judged',
      decision: ID as DecisionId,
      judge,
      form,
      result: score === null ? 'unreadable' : 'graded',
      score,
      propensity: 0.1,
    }) as const;

  test('teaches with the judge, the share and what others said; each form once', async () => {
    const { rig, store, client, say, settle, taught } = await started();
    await settle(outcome());
    await say({ thumb: 'up' });
    for (const event of [
      judged('a', 0.75),
      judged('a', 0),
      judged('b', null),
      judged('b', 1),
      judged('a', 0, 'pairwise'),
    ]) {
      client.publish(event);
    }
    await rig.pass(1_500);
    expect(
      taught.map(({ source, judge, score, propensity, others }) => [
        source,
        judge,
        score,
        propensity,
        others?.map((other) => other.judge ?? other.source).toSorted(),
      ]),
    ).toEqual([
      ['thumb', undefined, 1, undefined, undefined],
      ['judge', 'a', 0.75, 0.1, ['thumb']],
      ['judge', 'b', 1, 0.1, ['a', 'thumb']],
      ['judge', 'a', 0, 0.1, ['b', 'thumb']],
    ]);
    const stored = (await store.ledger.verdicts(ID)).map(({ source }) => source);
    expect(stored.toSorted()).toEqual(['judge:a', 'judge:b', 'pair:a', 'thumb']);
    const text = await rig.during(rig.keeper.admin.metrics());
    expect(text).toContain('bourse_verdicts_total{source="judge"} 3');
    expect(text).toContain(
      'bourse_judgements_total{judge="b",form="absolute",result="unreadable"} 1',
    );
  });

  test('is not rationed as what tenants say is', async () => {
    const { rig, client, say, settle, taught } = await started({
      policy: { feedback: { taughtPerTenantHour: 1 } },
    });
    await settle(outcome());
    await say({ thumb: 'up', score: 1 });
    client.publish(judged('a', 1));
    client.publish({ kind: 'answer-doubted', decision: ID as DecisionId, source: 'retry' });
    await rig.pass(1_500);
    expect(taught.map(({ source }) => source)).toEqual(['score', 'judge']);
  });

  test('of a decision that is not settled yet waits for it, and not for ever', async () => {
    const { rig, client, settle, taught } = await started();
    client.publish({ kind: 'answer-doubted', decision: ID as DecisionId, source: 'truncated' });
    await rig.pass(300);
    await settle(outcome());
    await rig.pass(1_500);
    expect(taught).toMatchObject([{ source: 'truncated', score: 0, model: 'm' }]);
  });
});

test('a loss that a learner finds is told as an event', async () => {
  const store = await openSqliteStore({ path: null });
  const alarm = { atMs: 5, before: 0.9, after: 0.7, verdicts: 40 };
  const watched = {
    reference: { right: 1, wrong: 1, offsets: {}, atMs: 5 },
    likelihoods: [],
    ratios: [],
    evidence: 0,
    suspected: { right: 0, wrong: 0, count: 0, scored: 0, evidence: 0 },
  };
  const learner: Learner = {
    apiVersion: 1,
    name: 'alarming',
    learn: (beliefs) => beliefs,
    learnVerdicts: (beliefs, [verdict]) => ({
      ...beliefs,
      drift: new Map([[verdict!.model, { ...watched, alarm }]]),
    }),
  };
  const rig = createKeeperRig({ store, learners: [learner] });
  open.push(rig);
  await rig.during(rig.keeper.start());
  const { client } = await rig.connect(0);
  client.report(outcome());
  await rig.pass(50);
  for (const feedback of [{ thumb: 'down' }, { score: 0 }] as const) {
    await rig.during(client.feedback(ACME, { decision: ID, ...feedback }));
    await rig.pass(300);
  }
  expect(rig.events.filter(({ kind }) => kind === 'model-drifted')).toEqual([
    { kind: 'model-drifted', model: 'm', before: 0.9, after: 0.7, verdicts: 40 },
  ]);
  expect(client.world().beliefs.drift.size).toBe(1);
  expect(rig.keeper.admin.accuracy()[0]!.drift).toEqual({
    at: new Date(5).toISOString(),
    before: 0.9,
    after: 0.7,
    verdicts: 40,
  });
});
