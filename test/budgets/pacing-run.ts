import { createRng, createVirtualClock } from '../../src/kernel/index.ts';
import type { Clock, KeyId, Rng, TenantId } from '../../src/kernel/index.ts';
import { NO_TERMS } from '../../src/market/draft-bid.ts';
import type { DraftBid } from '../../src/market/draft-bid.ts';
import { scoreBid } from '../../src/market/score.ts';
import { instanceOf, mandateOf, modelOf } from '../../src/market/fixtures/request.ts';
import { BalanceBook } from '../../src/keeper/balance-book.ts';
import { BudgetWatch } from '../../src/keeper/budget-watch.ts';
import { sumsOf } from '../../src/keeper/amounts.ts';
import type { BudgetRule, ShadowPrices } from '../../src/contract/index.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2025, 0, 15, 12);
const WATCH_MS = 250;
const MANDATE = mandateOf({
  objective: { usdPerError: 0.02, usdPerSecond: 0, usdPerKilojoule: 0 },
});

/** What can be bought: dearer ones are righter. USD and joules per output token. */
const OFFERS = [
  { id: 'small', usd: 2e-7, joules: 0.2, accuracy: 0.5 },
  { id: 'medium', usd: 1.5e-6, joules: 1.5, accuracy: 0.66 },
  { id: 'large', usd: 9e-6, joules: 8, accuracy: 0.8 },
].map((offer) => ({ ...offer, instance: instanceOf(offer.id, { model: modelOf(offer.id) }) }));

export type Pacing = 'none' | 'cheapest' | 'paced';

export interface PacingCase {
  readonly seed: number;
  readonly quantity: 'tokens' | 'usd' | 'joules';
  readonly requests: number;
  readonly hasBursts: boolean;
  /** The dearest model costs so much of what it did after half of the period. */
  readonly priceDrop: number;
  readonly targetRatio: number;
  /** In units of the quantity. */
  readonly limit: number;
}

export interface PacingResult {
  /** In units of the quantity. */
  readonly spent: number;
  /** The mean accuracy that was bought. */
  readonly accuracy: number;
  readonly priceHighest: number;
}

/** One hour of one tenant, on virtual time: the book, the pacer and the score are the exchange's own. */
export function runPacing(run: PacingCase, pacing: Pacing): PacingResult {
  const clock = createVirtualClock(START_MS);
  const rng = createRng(run.seed);
  const rules = [ruleOf(run, pacing)];
  const book = new BalanceBook((invariant) => {
    throw new Error(invariant);
  });
  const watch = new BudgetWatch({
    book,
    clock,
    store: { saveDocument: async () => {} },
    broadcast: () => {},
    onEvent: () => {},
  });
  book.setRules(rules);
  watch.setRules(rules);
  const look = (): void => {
    watch.look(book.takeSpent());
    clock.after(WATCH_MS, look);
  };
  clock.after(WATCH_MS, look);

  let righted = 0;
  let priceHighest = 0;
  for (const atMs of arrivals(run, rng)) {
    const ask = requestOf(rng);
    clock.after(atMs, () => {
      const isLate = atMs > HOUR_MS / 2;
      const drop = isLate ? run.priceDrop : 1;
      const shadow = watch.prices.pricesFor(SPENDER, clock.nowMs());
      if (shadow !== null) priceHighest = Math.max(priceHighest, ...Object.values(shadow));
      const won = best(ask, { drop, shadow, isCheapest: pacing === 'cheapest' });
      righted += won.accuracy;
      charge(book, clock, won, ask.answersMs);
    });
  }
  clock.advance(HOUR_MS + 60_000);
  const balance = [...book.balances.values()].find(({ startMs }) => startMs === START_MS)!;
  const { tokens, picoUsd, microjoules } = balance.settled;
  const spent = {
    tokens: Number(tokens),
    usd: Number(picoUsd) / 1e12,
    joules: Number(microjoules) / 1e6,
  };
  return { spent: spent[run.quantity], accuracy: righted / run.requests, priceHighest };
}

const SPENDER = {
  tenant: 'acme' as TenantId,
  key: 'k' as KeyId,
  user: null,
  route: 'default',
};

function ruleOf({ quantity, limit, targetRatio }: PacingCase, pacing: Pacing): BudgetRule {
  return {
    id: 'hourly',
    scope: { tenant: '*', key: null, user: null, route: null },
    per: 'hour',
    limits: {
      tokens: quantity === 'tokens' ? Math.round(limit) : null,
      picoUsd: quantity === 'usd' ? Math.round(limit * 1e12) : null,
      microjoules: quantity === 'joules' ? Math.round(limit * 1e6) : null,
    },
    ...(pacing === 'paced' && { pacing: { targetRatio } }),
  };
}

/** Milliseconds from the start, ascending; with bursts, a third of them comes in two minutes. */
function arrivals({ requests, hasBursts }: PacingCase, rng: Rng): number[] {
  const times = Array.from({ length: requests }, (_, i) => {
    const share = rng.next();
    if (!hasBursts || i % 3 > 0) return share * HOUR_MS;
    return ((i % 2 === 0 ? 0.25 : 0.6) + share / 60) * HOUR_MS;
  });
  return times.sort((a, b) => a - b);
}

interface Ask {
  /** Output tokens by offer: the larger models think before they answer. */
  readonly tokens: readonly number[];
  /** What an error costs here, over what it costs on average. */
  readonly weight: number;
  readonly answersMs: number;
}

function requestOf(rng: Rng): Ask {
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
  const length = Math.exp(4.5 + 0.9 * normal());
  return {
    tokens: [1, 2, 5].map((factor) => Math.ceil(length * factor)),
    weight: Math.exp(normal() - 0.5),
    answersMs: 300 + 3_000 * rng.next(),
  };
}

interface Won {
  readonly tokens: number;
  readonly usd: number;
  readonly joules: number;
  readonly accuracy: number;
}

function best(
  ask: Ask,
  by: { readonly drop: number; readonly shadow: ShadowPrices | null; readonly isCheapest: boolean },
): Won {
  const { objective, ...mandate } = MANDATE;
  const weighed = { ...objective, usdPerError: objective.usdPerError * ask.weight };
  const terms = {
    ...mandate,
    objective: weighed,
    ...(by.shadow !== null && { shadow: by.shadow }),
  };
  let won: Won | null = null;
  let lowest = Infinity;
  for (const [i, offer] of OFFERS.entries()) {
    if (by.isCheapest && i > 0) break;
    const tokens = ask.tokens[i]!;
    const usd = tokens * offer.usd * (i === 2 ? by.drop : 1);
    const joules = tokens * offer.joules * (i === 2 ? by.drop : 1);
    const sure = (mean: number) => ({ mean, deviation: 0 });
    const bid: DraftBid = {
      instance: offer.instance,
      costUsd: sure(usd),
      waitMs: 0,
      ttftMs: sure(100),
      latencyMs: sure(1_000),
      energyJoules: sure(joules),
      loadPrice: 1,
      promptTokens: 0,
      cachedTokens: 0,
      outputTokens: sure(tokens),
      accuracy: sure(offer.accuracy),
      limitTokens: null,
      score: 0,
      terms: NO_TERMS,
    };
    scoreBid(bid, terms);
    if (bid.score >= lowest) continue;
    lowest = bid.score;
    won = { tokens, usd, joules, accuracy: offer.accuracy };
  }
  return won!;
}

function charge(book: BalanceBook, clock: Clock, won: Won, answersMs: number): void {
  const { balance } = book.appliedTo(SPENDER, clock.nowMs())[0]!;
  const amounts = sumsOf({
    tokens: won.tokens,
    picoUsd: Math.round(won.usd * 1e12),
    microjoules: Math.round(won.joules * 1e6),
  });
  book.grant(0, balance, amounts);
  clock.after(answersMs, () => book.spend(0, balance.id, amounts));
}
