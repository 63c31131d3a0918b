import { describe, expect, test } from 'vitest';
import type { AttemptsResult, Award, AwardedDecision, Bid, Mandate } from '../contract/index.ts';
import { clearingOf, paymentFor, withPayment } from './payment.ts';
import { draftOf } from './draft-bid.ts';
import { instanceOf, mandateOf, NO_LIMITS } from './fixtures/request.ts';
import { scoreBid } from './score.ts';

const mandate = mandateOf({
  objective: { usdPerError: 0, usdPerSecond: 0.001, usdPerKilojoule: 0.01 },
  limits: { ...NO_LIMITS, maxLatencyMs: 2_000 },
});
const sure = (mean: number) => ({ mean, deviation: 0 });

/** A bid of a second, of which everything else is the cost. */
function bidOf(id: string, costUsd: number, owner: string | null, reserveScoreUsd = 1): Bid {
  const bid = draftOf(
    {
      instance: instanceOf(id),
      costUsd: sure(costUsd),
      waitMs: 0,
      ttftMs: sure(100),
      latencyMs: sure(1_000),
      energyJoules: sure(100),
      loadPrice: 1,
      promptTokens: 100,
      cachedTokens: 0,
      outputTokens: sure(100),
    },
    sure(1),
  );
  if (owner !== null) {
    const { costUsd: cost, ttftMs, latencyMs, energyJoules } = bid;
    const believed = { costUsd: cost, ttftMs, latencyMs, energyJoules };
    bid.external = { owner, believed, quoted: null, listUsd: 0, reserveScoreUsd };
  }
  scoreBid(bid, mandate);
  return bid;
}

const auctionOf = (
  ranked: readonly Bid[],
  changes: Partial<Award> = {},
  by: Mandate = mandate,
) => ({
  mandate: by,
  result: {
    kind: 'award',
    ranked,
    excluded: [],
    clearingScore: null,
    propensity: 1,
    ...changes,
  } as Award,
});

const served = (bid: Bid, changes: Partial<AttemptsResult> = {}): AttemptsResult => ({
  bid,
  status: 'ok',
  httpStatus: 200,
  finishReason: 'stop',
  usage: { promptTokens: 100, cachedTokens: 0, outputTokens: 101, isEstimated: false },
  costPicoUsd: 7_000_000,
  energyMicrojoules: 200e6,
  energySource: 'curve',
  ttftMs: null,
  totalMs: 3_000,
  perTokenMs: null,
  attempts: [],
  ...changes,
});

const usd = (picoUsd: number | undefined): number => Number(((picoUsd ?? NaN) / 1e12).toFixed(9));

describe('an owner is paid', () => {
  const mine = bidOf('a', 0.001, 'me');
  const next = bidOf('b', 0.004, null);

  test('what the next would have scored, less what happened', () => {
    const payment = paymentFor(auctionOf([mine, next]), served(mine))!;
    // 0.004 + 1 s + 0.1 kJ is the next; 3 s, 1 s of them late, and 0.2 kJ is what happened.
    expect(usd(payment.clearingPicoUsd)).toBe(0.006);
    expect(usd(payment.timePicoUsd)).toBe(0.003);
    expect(usd(payment.latenessPicoUsd)).toBe(0.001);
    expect(usd(payment.energyPicoUsd)).toBe(0.002);
    expect(usd(payment.picoUsd)).toBe(0);
    expect(payment).toMatchObject({ owner: 'me', tariff: 'own-rates', clearedBy: 'runner-up' });
  });

  test('and owes, where it served far worse', () => {
    const { picoUsd } = paymentFor(auctionOf([mine, next]), served(mine, { totalMs: 60_000 }))!;
    expect(usd(picoUsd)).toBe(0.006 - 0.06 - 0.058 - 0.002);
  });

  test('by the first token and the pace of a stream, whatever its client made of it', () => {
    const stream = { ttftMs: 500, perTokenMs: 5, totalMs: 90_000 };
    const { timePicoUsd, latenessPicoUsd } = paymentFor(
      auctionOf([mine, next]),
      served(mine, stream),
    )!;
    expect([usd(timePicoUsd), latenessPicoUsd]).toEqual([0.001, 0]);
  });

  test('never by another bid of its own', () => {
    const sibling = bidOf('c', 0.002, 'me');
    const { score } = clearingOf(auctionOf([mine, sibling, next]), mine);
    expect(score).toBe(next.score);
  });

  test('by the reserve where that is less, or where nobody else bids', () => {
    const reserved = bidOf('a', 0.001, 'me', 0.005);
    expect(clearingOf(auctionOf([reserved, next]), reserved)).toEqual({
      score: 0.005,
      by: 'reserve',
    });
    expect(clearingOf(auctionOf([reserved]), reserved)).toEqual({ score: 0.005, by: 'reserve' });
  });

  test.each([
    ['its session had to stay', { hold: { instance: mine.instance.id, by: 'tool-loop' } }],
    ['it was tried out', { explored: { kind: 'probe', best: next.instance.id }, propensity: 0.05 }],
  ] as const)('by the reserve where %s', (_why, changes) => {
    const first = bidOf('a', 0.009, 'me', 0.5);
    expect(clearingOf(auctionOf([first, next], changes), first)).toEqual({
      score: 0.5,
      by: 'reserve',
    });
  });

  test('by who was left, where it served after another had failed', () => {
    const last = bidOf('c', 0.009, 'them');
    expect(clearingOf(auctionOf([mine, next, last]), last).by).toBe('reserve');
    const second = bidOf('d', 0.005, 'them');
    expect(clearingOf(auctionOf([mine, second, last]), second).by).toBe('reserve');
    expect(clearingOf(auctionOf([next, mine, last]), mine).score).toBe(last.score);
  });

  test('nothing for an answer that failed or was cut, and at most list rates for one that was left', () => {
    const auction = auctionOf([mine, bidOf('b', 0.5, null)]);
    expect(paymentFor(auction, served(mine, { status: 'failed' }))).toBe(null);
    expect(paymentFor(auction, served(mine, { status: 'cut' }))).toBe(null);
    expect(paymentFor(auction, served(mine, { status: 'aborted' }))!.picoUsd).toBe(7_000_000);
  });

  test('energy that nobody metered counts as the exchange believes', () => {
    const unknown = { energySource: 'unknown', energyMicrojoules: 0 } as const;
    const { energyPicoUsd } = paymentFor(auctionOf([mine, next]), served(mine, unknown))!;
    expect(usd(energyPicoUsd)).toBe(0.001);
  });
});

describe('the house', () => {
  const mine = bidOf('a', 0.001, 'me');
  const next = bidOf('b', 0.004, null);
  const decisionOf = (tariff: string, by: Mandate = mandate): AwardedDecision =>
    ({
      ...auctionOf([mine, next], {}, by),
      policy: { config: { market: { tariff } } },
    }) as unknown as AwardedDecision;

  test('is not paid: what came of its answers is handed on as it is', () => {
    const result = served(next);
    expect(withPayment(decisionOf('clearing'), result)).toBe(result);
  });

  test('charges its own rates, or the payment: never less than nothing, never above the cost limit', () => {
    const quick = served(mine, { totalMs: 1_000 });
    expect(withPayment(decisionOf('own-rates'), quick).costPicoUsd).toBe(7_000_000);
    expect(usd(withPayment(decisionOf('clearing'), quick).costPicoUsd)).toBe(0.003);
    expect(withPayment(decisionOf('clearing'), served(mine, { totalMs: 9_000 })).costPicoUsd).toBe(
      0,
    );
    const capped = mandateOf({ ...mandate, limits: { ...mandate.limits, maxCostUsd: 0.002 } });
    expect(usd(withPayment(decisionOf('clearing', capped), quick).costPicoUsd)).toBe(0.002);
  });
});
