import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { Award, Decision, Policy, Refusal, SpentReading } from '../contract/index.ts';
import { createDecisionIds, createRng } from '../kernel/index.ts';
import type { DecisionId } from '../kernel/index.ts';
import { awardBids } from './award.ts';
import { createDecisionLog } from './decision-log.ts';
import { DecisionRecord } from './decision-record.ts';
import { createHouseBidder } from './house-bidder.ts';
import { quoteBids } from './quote-bids.ts';
import { instanceOf, mandateOf, modelOf, NO_LIMITS, stateOf } from './fixtures/request.ts';
import { viewOf, workloadOf } from './fixtures/request.ts';

const READINGS: (SpentReading | undefined)[] = [
  { value: true, confidence: 1, spentMicroseconds: 3 },
  { value: null, confidence: 0, spentMicroseconds: 5, reason: 'the signal failed (TypeError)' },
  undefined,
];

const POLICY = {
  generation: 7,
  slots: ['keyword:titan', 'language', 'intent:hr'].map((key) => ({
    key,
    kind: key,
    cost: 'scan',
    read: () => {
      throw new Error('an explanation reads no signal');
    },
  })),
  explain: (route, readings) => ({
    constraints: [],
    routes: [{ text: route, value: readings[0]?.value === true, children: [] }],
  }),
} as Partial<Policy> as Policy;

const id = (n: number) => `d-0-${String(n).padStart(13, '0')}` as DecisionId;

function decided(n: number, changes: Partial<Decision> = {}): Decision {
  const mandate = mandateOf({ route: 'hard-math', mode: 'accuracy' });
  const states = ['a', 'b'].map((name) =>
    stateOf(instanceOf(name, { model: modelOf(`m-${name}`) })),
  );
  const view = viewOf(states, { beliefs: NO_BELIEFS });
  const workload = workloadOf({ id: id(n) });
  return {
    workload,
    policy: POLICY,
    signals: {
      read: () => READINGS[0]!,
      readings: () => READINGS,
      share: (key) => key.make(workload),
    },
    fleet: view.fleet,
    mandate,
    hit: null,
    result: awardBids(quoteBids(workload, mandate, view, [createHouseBidder()]), mandate),
    ...changes,
  };
}

/** Every object that can be reached through properties, elements and entries. */
function reachableFrom(root: object): Set<unknown> {
  const reached = new Set<unknown>();
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const each = pending.pop();
    if (typeof each !== 'object' || each === null || reached.has(each)) continue;
    reached.add(each);
    if (each instanceof Map || each instanceof Set) pending.push(...each.keys(), ...each.values());
    else pending.push(...Object.values(each));
  }
  return reached;
}

describe('the decision log', () => {
  test('tells who won, who lost by how much, and why', () => {
    const log = createDecisionLog(4);
    const decision = decided(1);
    log.remember(decision);
    const view = log.view(id(1))!;
    const { ranked } = decision.result as Award;
    expect(view).toMatchObject({
      at: '2023-11-14T22:13:20.000Z',
      route: 'hard-math',
      mode: 'accuracy',
      policyGeneration: 7,
      winner: 'a',
      clearingScoreUsd: ranked[1]!.score,
      propensity: 1,
      refusal: null,
      outcome: null,
      rules: { routes: [{ text: 'hard-math', value: true }] },
    });
    expect(view.bids.map((bid) => [bid.instance, bid.model])).toEqual([
      ['a', 'm-a'],
      ['b', 'm-b'],
    ]);
    expect(view.bids[0]!.lostByUsd).toBe(0);
    expect(view.bids[1]!.terms).toEqual(ranked[1]!.terms);
  });

  test('tells known, unknown and unneeded signals apart', () => {
    const log = createDecisionLog(1);
    log.remember(decided(1));
    expect(log.view(id(1))!.signals.map(({ key, state, reason }) => [key, state, reason])).toEqual([
      ['keyword:titan', 'known', null],
      ['language', 'unknown', 'the signal failed (TypeError)'],
      ['intent:hr', 'not-needed', null],
    ]);
  });

  test('a refusal of the market shows what the market saw', () => {
    const limits = { ...NO_LIMITS, minAccuracy: 0.99 };
    const mandate = mandateOf({ limits });
    const view = viewOf([stateOf(instanceOf('a'))]);
    const quotes = quoteBids(workloadOf(), mandate, view, [createHouseBidder()]);
    const log = createDecisionLog(1);
    log.remember(decided(1, { mandate, result: awardBids(quotes, mandate) }));
    expect(log.view(id(1))).toMatchObject({
      winner: null,
      refusal: { reason: 'limit-unmeetable' },
      bids: [{ instance: 'a' }],
      excluded: [{ instance: 'a', cause: 'limit' }],
    });
  });

  test('a refusal of the policy has no bids', () => {
    const refusal: Refusal = {
      kind: 'refusal',
      reason: 'policy',
      code: 'BRS_FORBIDDEN',
      message: 'No.',
    };
    const log = createDecisionLog(1);
    log.remember(decided(1, { mandate: null, result: refusal }));
    expect(log.view(id(1))).toMatchObject({
      route: null,
      bids: [],
      refusal: { reason: 'policy', message: 'No.' },
    });
  });

  test('keeps nothing of the client’s text, and tells no secret', () => {
    const log = createDecisionLog(1);
    const body = {
      bytes: Buffer.from('{"messages":"hush"}'),
      open: 0,
      close: 1,
      fields: new Map(),
    };
    const workload = workloadOf({ id: id(1), body, requestedModel: 'x'.repeat(1_000) });
    log.remember(decided(1, { workload }));
    const told = JSON.stringify(log.view(id(1)));
    expect(told).not.toMatch(/secret-of|hush|the text of the client|127\.0\.0\.1/);
    expect(log.view(id(1))!.requestedModel).toBe(`${'x'.repeat(128)}…`);
  });

  test('a record reaches neither the workload nor its bytes', () => {
    const workload = workloadOf({ id: id(1) });
    const record = new DecisionRecord(POLICY);
    record.write(decided(1, { workload }));
    const reached = reachableFrom(record);
    expect(reached.has(POLICY)).toBe(true);
    expect(reached.has(workload)).toBe(false);
    expect(reached.has(workload.body)).toBe(false);
    expect(reached.has(workload.body.bytes)).toBe(false);
  });

  test('forgets the oldest, and lists the newest first', () => {
    const log = createDecisionLog(3);
    for (let n = 1; n <= 5; n++) log.remember(decided(n));
    expect(log.view(id(2))).toBeNull();
    expect(log.latest(10).map((view) => view.id)).toEqual([id(5), id(4), id(3)]);
    expect(log.latest(1).map((view) => view.id)).toEqual([id(5)]);
    expect(log.latest(0)).toEqual([]);
  });

  test('a decision that is remembered again is told as it was last', () => {
    const log = createDecisionLog(3);
    const refusal: Refusal = {
      kind: 'refusal',
      reason: 'budget-exhausted',
      code: 'BRS_BUDGET_EXHAUSTED',
      message: 'Empty.',
    };
    log.remember(decided(1));
    log.remember(decided(1, { result: refusal }));
    expect(log.latest(10).map((view) => view.refusal?.reason)).toEqual(['budget-exhausted']);
    for (let n = 2; n <= 3; n++) log.remember(decided(n));
    expect(log.view(id(1))).not.toBeNull();
    log.remember(decided(4));
    expect(log.view(id(1))).toBeNull();
  });

  test('finds the ids of any worker, however far they have counted', () => {
    for (const worker of [0, 35, 1_295]) {
      const ids = createDecisionIds(worker, createRng(worker), { nowMs: () => 0 });
      const log = createDecisionLog(50, (id) => ids.countOf(id));
      const made: DecisionId[] = [];
      for (let n = 0; n < 120; n++) {
        const workload = workloadOf({ id: ids.next() });
        made.push(workload.id);
        log.remember(decided(0, { workload }));
      }
      const lastIds = made.slice(-50);
      expect(made.filter((each) => log.view(each) !== null)).toEqual(lastIds);
      expect(log.latest(60).map((view) => view.id)).toEqual(lastIds.toReversed());
    }
  });

  test('lists in the order of remembering, and takes no other text for an id', () => {
    const log = createDecisionLog(4);
    for (const n of [3, 1, 2]) log.remember(decided(n));
    log.remember(decided(1));
    expect(log.latest(2).map((view) => view.id)).toEqual([id(2), id(1)]);
    for (const text of ['', 'd', 'd-0-', 'd-0-0000000000009', `${id(1)} `, 'é'.repeat(30)]) {
      expect(log.view(text)).toBeNull();
    }
  });

  test('a bid comes back as it was, unknown quantities too', () => {
    const log = createDecisionLog(1);
    const unpriced = { price: null, power: null, accuracy: { default: null, byDomain: new Map() } };
    const states = [
      stateOf(instanceOf('a', { model: modelOf('m-a') })),
      stateOf(instanceOf('b', { model: modelOf('m-b', unpriced) })),
    ];
    const mandate = mandateOf();
    const workload = workloadOf({ id: id(1) });
    const view = viewOf(states, { beliefs: NO_BELIEFS });
    const quotes = quoteBids(workload, mandate, view, [createHouseBidder()]);
    const award = awardBids(quotes, mandate) as Award;
    log.remember(decided(2));
    log.remember(decided(1, { workload, mandate, result: award }));
    const told = log.view(id(1))!.bids;
    const [best] = award.ranked;
    expect(told).toEqual(
      award.ranked.map((bid) => ({
        ...bid,
        occupancy: null,
        instance: bid.instance.id,
        model: bid.instance.model.id,
        lostByUsd: bid.score - best!.score,
      })),
    );
    expect(told.find(({ instance }) => instance === 'b')).toMatchObject({
      costUsd: null,
      accuracy: null,
      energyJoules: null,
    });
  });
});
