import { describe, expect, test } from 'vitest';
import type { ExternalQuote } from '../contract/index.ts';
import type { InstanceId, Rng } from '../kernel/index.ts';
import { clearingOf } from './payment.ts';
import {
  auctionRng,
  expectedUtility,
  holdAuction,
  quoteOf,
  randomAuction,
} from './fixtures/random-auctions.ts';
import type { Clear, RandomAuction } from './fixtures/random-auctions.ts';

const AUCTIONS = Number(process.env['AUCTIONS'] ?? 10_000);
const SEED = Number(process.env['SEED'] ?? 20_261_121);
/** Ways in which an owner tries to gain in each auction. */
const LIES = 6;
/** Payments are whole pico-USD, of five parts; the score has a floating point's rounding. */
const tolerance = (scale: number): number => 1e-11 + 1e-9 * Math.abs(scale);

type Quotes = Map<InstanceId, ExternalQuote | null>;

const honest = (auction: RandomAuction): Quotes =>
  new Map([...auction.truths].map(([id, truth]) => [id, quoteOf(truth)]));

/** By any amount: a hair, to the edge of the rival's score, by orders of magnitude, or all at once. */
function lieOf(truthful: ExternalQuote, rng: Rng, edgeUsd: number): ExternalQuote | null {
  const kind = rng.next();
  if (kind < 0.05) return null;
  const far = (): number => 10 ** (6 * rng.next() - 3);
  const near = (): number => 1 + (rng.next() - 0.5) * 10 ** (-4 * rng.next());
  const factor = (): number => (rng.next() < 0.5 ? far() : near());
  const { costUsd, latencyMs, energyJoules } = truthful;
  const lie = (estimate: { mean: number; deviation: number | null }, by: number) => ({
    mean: estimate.mean * by,
    deviation: estimate.deviation,
  });
  if (kind < 0.25) {
    const mean = Math.max(0, costUsd.mean + edgeUsd * (1 + (rng.next() - 0.5) * 1e-6));
    return { ...truthful, costUsd: { mean, deviation: 0 } };
  }
  if (kind < 0.4) return { ...truthful, costUsd: lie(costUsd, factor()) };
  if (kind < 0.55) return { ...truthful, latencyMs: lie(latencyMs, factor()) };
  if (kind < 0.65)
    return {
      ...truthful,
      latencyMs: { mean: latencyMs.mean, deviation: latencyMs.mean * factor() },
    };
  if (kind < 0.7) return { ...truthful, latencyMs: { mean: latencyMs.mean, deviation: null } };
  if (kind < 0.85) return { ...truthful, energyJoules: lie(energyJoules!, factor()) };
  if (kind < 0.9) return { ...truthful, energyJoules: null };
  return {
    costUsd: lie(costUsd, factor()),
    ttftMs: lie(truthful.ttftMs, factor()),
    latencyMs: { mean: latencyMs.mean * factor(), deviation: latencyMs.mean * factor() },
    energyJoules: lie(energyJoules!, factor()),
  };
}

interface Tally {
  auctions: number;
  lies: number;
  /** Auctions whose award an owner won; that the reserve decided; lies that changed who serves. */
  won: number;
  byReserve: number;
  changed: number;
  withSeveral: number;
  refused: number;
  gains: string[];
}

/** Lets an owner lie, with the others honest or lying themselves, and compares with its honest quote. */
function tryToGain(auctions: number, clear: Clear, limitsByWord = false): Tally {
  const tally: Tally = {
    auctions,
    lies: 0,
    won: 0,
    byReserve: 0,
    changed: 0,
    withSeveral: 0,
    refused: 0,
    gains: [],
  };
  for (let index = 0; index < auctions; index++) {
    const rng = auctionRng(SEED, index);
    const auction = randomAuction(rng);
    const said = honest(auction);
    // An honest quote is best whatever the others say.
    if (rng.next() < 0.5) for (const [id, quote] of said) said.set(id, lieOf(quote!, rng, 0));
    const owners = [...auction.owners];
    const [owner, instances] = owners[Math.floor(rng.next() * owners.length)]!;
    lieFor(owner, instances, { auction, said, rng, clear, tally, index, limitsByWord });
  }
  return tally;
}

interface Trial {
  readonly auction: RandomAuction;
  readonly said: Quotes;
  readonly rng: Rng;
  readonly clear: Clear;
  readonly tally: Tally;
  readonly index: number;
  readonly limitsByWord: boolean;
}

function lieFor(owner: string, instances: readonly InstanceId[], trial: Trial): void {
  const { auction, said, rng, clear, tally, index, limitsByWord } = trial;
  const truthful: Quotes = new Map(said);
  for (const id of instances) truthful.set(id, quoteOf(auction.truths.get(id)!));
  const award = holdAuction(auction, truthful, { limitsByWord });
  const utility = expectedUtility(auction, award, owner, clear);
  const winner = award?.ranked[0];
  if (award === null) tally.refused++;
  if (winner?.external?.owner === owner) {
    tally.won++;
    if (instances.length > 1) tally.withSeveral++;
    const { by } = clearingOf({ mandate: auction.mandate, result: award! }, winner);
    if (by === 'reserve') tally.byReserve++;
  }
  for (let i = 0; i < LIES; i++) {
    const lying: Quotes = new Map(truthful);
    const scores = award?.ranked.map(({ score }) => score) ?? [];
    const mine = award?.ranked.find((bid) => bid.external?.owner === owner)?.score ?? 0;
    const edge = scores.length === 0 ? 0 : scores[Math.floor(rng.next() * scores.length)]! - mine;
    for (const id of instances) {
      if (instances.length > 1 && rng.next() < 0.3) continue;
      lying.set(id, lieOf(truthful.get(id)!, rng, edge));
    }
    const other = holdAuction(auction, lying, { limitsByWord });
    const gain = expectedUtility(auction, other, owner, clear) - utility;
    tally.lies++;
    if (other?.ranked[0]?.instance !== winner?.instance) tally.changed++;
    const scale = other?.ranked[0]?.score ?? 0;
    if (gain > tolerance(scale)) {
      tally.gains.push(`auction ${index}: ${owner} gains ${gain} USD of ${utility}`);
    }
  }
}

describe('an owner gains nothing by misquoting', () => {
  test(
    `cost, latency or energy, by any amount (${AUCTIONS} auctions, SEED=${SEED})`,
    () => {
      const { gains, won, byReserve, changed, withSeveral, lies } = tryToGain(AUCTIONS, clearingOf);
      expect(gains.slice(0, 5)).toEqual([]);
      // The auctions are of all kinds: many are won, some by the reserve, and lies change who serves.
      expect(won).toBeGreaterThan(AUCTIONS / 5);
      expect(withSeveral).toBeGreaterThan(AUCTIONS / 20);
      expect(byReserve).toBeGreaterThan(AUCTIONS / 20);
      expect(changed).toBeGreaterThan(lies / 20);
    },
    60_000 + 5 * AUCTIONS,
  );

  test('an honest owner never expects to lose', () => {
    for (let index = 0; index < 2_000; index++) {
      const auction = randomAuction(auctionRng(SEED + 1, index));
      const award = holdAuction(auction, honest(auction));
      const owner = award?.ranked[0]?.external?.owner;
      if (owner === undefined) continue;
      const score = award!.ranked[0]!.score;
      expect(expectedUtility(auction, award, owner)).toBeGreaterThanOrEqual(-tolerance(score));
    }
  });
});

describe('other rules of payment let owners gain', () => {
  const FEW = 1_000;

  test('their own score', () => {
    const firstPrice: Clear = (_auction, bid) => ({ score: bid.score, by: 'runner-up' });
    expect(tryToGain(FEW, firstPrice).gains.length).toBeGreaterThan(FEW / 20);
  });

  test('the next bid, though it is their own', () => {
    const nextBid: Clear = (auction, bid) => {
      const next = auction.result.ranked[auction.result.ranked.indexOf(bid) + 1];
      const { score: reserve } = clearingOf(
        { ...auction, result: { ...auction.result, ranked: [bid] } },
        bid,
      );
      return { score: Math.min(next?.score ?? Infinity, reserve), by: 'runner-up' };
    };
    expect(tryToGain(FEW, nextBid).gains.length).toBeGreaterThan(0);
  });

  test('limits that are tested on their word', () => {
    expect(tryToGain(FEW, clearingOf, true).gains.length).toBeGreaterThan(0);
  });

  test('a reserve that their own quote moves', () => {
    const ownReserve: Clear = (auction, bid) => {
      const { score, by } = clearingOf(auction, bid);
      return by === 'reserve' ? { score: bid.score * 1.2, by } : { score, by };
    };
    expect(tryToGain(FEW, ownReserve).gains.length).toBeGreaterThan(0);
  });
});
