import { describe, expect, test } from 'vitest';
import { isRefusal } from '../contract/index.ts';
import type {
  Award,
  InstanceState,
  Limits,
  Mandate,
  Recovery,
  Refusal,
} from '../contract/index.ts';
import type { InstanceId, ModelId } from '../kernel/index.ts';
import { awardBids } from './award.ts';
import { createHouseBidder } from './house-bidder.ts';
import { quoteBids } from './quote-bids.ts';
import { instanceOf, mandateOf, modelOf, NO_LIMITS, ruleAgainst } from './fixtures/request.ts';
import { stateOf, viewOf, workloadOf } from './fixtures/request.ts';

const house = [createHouseBidder()];

function priced(id: string, rate: number, accuracy: number | null = 0.7): InstanceState {
  const model = modelOf(`m-${id}`, {
    accuracy: { default: accuracy, byDomain: new Map() },
    price: { inputPicoUsd: rate, cachedInputPicoUsd: rate, outputPicoUsd: rate },
  });
  return stateOf(instanceOf(id, { model }));
}

const FLEET = [
  priced('dear', 9_000_000, 0.9),
  priced('cheap', 100_000, 0.5),
  priced('mid', 1_000_000),
];

function run(states: readonly InstanceState[], changes: Partial<Mandate> = {}): Award | Refusal {
  const mandate = mandateOf(changes);
  return awardBids(quoteBids(workloadOf(), mandate, viewOf(states), house), mandate);
}

const awarded = (changes: Partial<Mandate> = {}): Award => {
  const result = run(FLEET, changes);
  if (isRefusal(result)) throw new Error(result.message);
  return result;
};

const limited = (limits: Partial<Limits>): Partial<Mandate> => ({
  limits: { ...NO_LIMITS, ...limits },
});

describe('an award', () => {
  test('goes to the lowest score, and clears at the runner-up’s', () => {
    const { ranked, clearingScore, propensity } = awarded();
    expect(ranked.map(({ instance }) => instance.id)).toEqual(['cheap', 'mid', 'dear']);
    expect(clearingScore).toBe(ranked[1]!.score);
    expect(propensity).toBe(1);
  });

  test('follows the objective', () => {
    const objective = { usdPerError: 1, usdPerSecond: 0, usdPerKilojoule: 0 };
    expect(awarded({ objective }).ranked[0]!.instance.id).toBe('dear');
  });

  test('with one bid there is no clearing score', () => {
    const result = run([FLEET[0]!]);
    expect(result).toMatchObject({ kind: 'award', clearingScore: null });
  });
});

describe('limits', () => {
  test('put out who breaks one, and say by how much', () => {
    const { ranked, excluded } = awarded(limited({ minAccuracy: 0.6 }));
    expect(ranked.map(({ instance }) => instance.id)).toEqual(['mid', 'dear']);
    expect(excluded).toEqual([
      {
        instance: 'cheap',
        cause: 'limit',
        detail: '0.468 accuracy at p10 misses minAccuracy 0.6 by 22 %',
      },
    ]);
  });

  test('are tested at their quantile', () => {
    const bid = awarded().ranked[0]!;
    const maxLatencyMs = bid.latencyMs.mean + 1.5 * bid.latencyMs.deviation;
    expect(isRefusal(run(FLEET, limited({ maxLatencyMs, quantile: 0.9 })))).toBe(false);
    expect(isRefusal(run(FLEET, limited({ maxLatencyMs, quantile: 0.99 })))).toBe(true);
  });

  test('that nobody meets refuse, with the nearest miss', () => {
    const result = run(FLEET, limited({ minAccuracy: 0.95 }));
    expect(result).toMatchObject({ reason: 'limit-unmeetable', code: 'BRS_LIMIT_UNMEETABLE' });
    const { message } = result as Refusal;
    expect(message).toContain(
      'the nearest is dear, where 0.881 accuracy at p10 misses minAccuracy 0.95',
    );
    expect(message).not.toContain('cheap');
  });

  test('are never met by the unknown', () => {
    const result = run([priced('blind', 1, null)], limited({ minAccuracy: 0 }));
    expect((result as Refusal).message).toContain('accuracy unknown, and minAccuracy is 0');
  });
});

describe('nobody may serve', () => {
  const named = (model: string): Partial<Mandate> => ({
    isNamed: true,
    models: new Set([model as ModelId]),
  });

  test('a summary by cause, without the operator’s own words', () => {
    const down = stateOf(instanceOf('x'), { lifecycle: 'down', reason: 'connect http://10.0.0.5' });
    const result = run([...FLEET, down], { rules: [ruleAgainst('dear', 'cheap', 'mid')] });
    expect(result).toMatchObject({ reason: 'no-eligible-model', code: 'BRS_NO_ELIGIBLE_MODEL' });
    expect((result as Refusal).message).toBe(
      'No instance may serve this request: 3 barred (stays-home: require site: on-prem), 1 not ready.',
    );
  });

  test('an empty fleet says so', () => {
    expect((run([]) as Refusal).message).toContain('the fleet is empty');
  });

  test('a named model that a constraint bars is forbidden', () => {
    const rules = [ruleAgainst('dear')];
    expect(run(FLEET, { ...named('m-dear'), rules })).toMatchObject({
      reason: 'model-forbidden',
      code: 'BRS_FORBIDDEN_MODEL',
    });
  });

  test('a named model that is only down is not forbidden, and nobody stands in for it', () => {
    const down = { ...FLEET[0]!, lifecycle: 'down' as const };
    expect(run([down, FLEET[1]!], named('m-dear'))).toMatchObject({
      code: 'BRS_NO_ELIGIBLE_MODEL',
    });
  });

  test('a named model is ranked among its own instances only', () => {
    const twin = stateOf(instanceOf('dear-2', { model: FLEET[0]!.instance.model }));
    const result = run([...FLEET, twin], named('m-dear')) as Award;
    expect(result.ranked.map(({ instance }) => instance.id)).toEqual(['dear', 'dear-2']);
  });
});

describe('where all who may serve are left alone', () => {
  const limitedFor = (afterMs: number): Recovery => ({ afterMs, isLimited: true });
  const failedFor = (afterMs: number): Recovery => ({ afterMs, isLimited: false });

  function refused(
    recoveries: Readonly<Record<string, Recovery>>,
    states = FLEET,
    changes: Partial<Mandate> = {},
  ): Refusal {
    const view = viewOf(states, { open: Object.keys(recoveries) });
    const load = { ...view.load, recovery: (id: InstanceId) => recoveries[id]! };
    const mandate = mandateOf(changes);
    const quotes = quoteBids(workloadOf(), mandate, { ...view, load }, house);
    const result = awardBids(quotes, mandate);
    if (!isRefusal(result)) throw new Error('somebody serves');
    return result;
  }

  test('at their limits: the client is told so, and when the first is asked again', () => {
    const all = { dear: limitedFor(9_500), cheap: limitedFor(6_001), mid: limitedFor(60_000) };
    expect(refused(all)).toMatchObject({
      reason: 'no-eligible-model',
      code: 'BRS_UPSTREAM_RATE',
      retryAfterSeconds: 7,
    });
  });

  test('some having failed: nobody can serve, and the soonest is told', () => {
    const all = { dear: limitedFor(9_500), cheap: failedFor(1_000), mid: limitedFor(60_000) };
    expect(refused(all)).toMatchObject({ code: 'BRS_NO_ELIGIBLE_MODEL', retryAfterSeconds: 1 });
  });

  test('others being down: it is not the limits alone', () => {
    const down = FLEET.map((state) =>
      state.instance.id === 'mid' ? { ...state, lifecycle: 'down' as const } : state,
    );
    const all = { dear: limitedFor(9_500), cheap: limitedFor(8_000) };
    expect(refused(all, down)).toMatchObject({
      code: 'BRS_NO_ELIGIBLE_MODEL',
      retryAfterSeconds: 8,
    });
  });

  test('those of other models do not count', () => {
    const models = new Set(['m-cheap' as ModelId]);
    expect(refused({ cheap: limitedFor(2_000) }, FLEET, { models })).toMatchObject({
      code: 'BRS_UPSTREAM_RATE',
      retryAfterSeconds: 2,
    });
  });
});
