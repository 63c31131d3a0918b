import type { BudgetQuantity, BudgetRule, PaceView } from '../contract/index.ts';
import { paceAt, paceFollowing, shadowPrice, UNPACED } from '../estimate/index.ts';
import type { SpendingPace } from '../estimate/index.ts';
import { mostOf } from './balance.ts';
import type { Balance } from './balance.ts';
import type { BalanceBook } from './balance-book.ts';
import { QUANTITIES } from './budget-quantities.ts';
import { ruleKey } from './budget-scope.ts';
import { periodEndMs } from './period.ts';
import type { ShadowCells } from './shadow-view.ts';

type Paces = Partial<Record<BudgetQuantity, SpendingPace>>;

interface Track {
  readonly startMs: number;
  readonly paces: Paces;
}

/** Prices that differ by less than this share are not told again. */
const TOLD_RATIO = 0.002;
/** More than so many balances are not remembered over a restart; they find their price again. */
const STORED_MAX = 10_000;

/** Keeps a shadow price for each quantity of each paced balance, and knows which of them workers have heard. */
export class Pacer {
  /** By `rule|scope`: what a period has learned, the next begins with. */
  readonly #tracks = new Map<string, Track>();
  readonly #told = new Map<string, readonly number[]>();
  #rules: ReadonlyMap<string, BudgetRule> = new Map();

  setRules(rules: readonly BudgetRule[]): void {
    const paced = rules.filter(({ pacing }) => pacing !== undefined);
    this.#rules = new Map(paced.map((rule) => [ruleKey(rule), rule]));
    // Workers hear all of them again, those that have come to nothing too.
    for (const key of this.#told.keys()) this.#told.set(key, []);
    for (const key of this.#tracks.keys()) {
      if (!this.#rules.has(key.slice(0, key.indexOf('|')))) this.#tracks.delete(key);
    }
  }

  /** Looks at every paced balance of a current period. Gives the prices that have changed. */
  look(book: BalanceBook, nowMs: number): ShadowCells {
    const cells: ShadowCells = [];
    if (this.#rules.size === 0) return cells;
    const seen = new Set<string>();
    for (const balance of book.balances.values()) {
      const rule = this.#rules.get(balance.rule);
      if (rule === undefined || balance.startMs !== book.startOf(rule, nowMs)) continue;
      const key = trackKey(balance);
      seen.add(key);
      this.#tracks.set(key, this.#moved(balance, rule, nowMs));
      this.#tell(key, periodEndMs(rule, balance.startMs), cells);
    }
    if (this.#tracks.size > seen.size + STORED_MAX) this.#forgetOthers(seen);
    return cells;
  }

  /** All prices, for a worker that has heard of none. */
  allCells(book: BalanceBook, nowMs: number): ShadowCells {
    const cells: ShadowCells = [];
    for (const balance of book.balances.values()) {
      const rule = this.#rules.get(balance.rule);
      const key = trackKey(balance);
      const track = this.#tracks.get(key);
      if (rule === undefined || track?.startMs !== balance.startMs) continue;
      const endMs = periodEndMs(rule, balance.startMs);
      if (nowMs < endMs) cells.push(key, endMs, ...pricesOf(track.paces));
    }
    return cells;
  }

  viewOf(balance: Balance, nowMs: number): Partial<Record<BudgetQuantity, PaceView>> {
    const rule = this.#rules.get(balance.rule);
    if (rule === undefined) return {};
    const track = this.#tracks.get(trackKey(balance));
    const view: Partial<Record<BudgetQuantity, PaceView>> = {};
    for (const { name, elapsedRatio, spentRatio } of samplesOf(balance, rule, nowMs)) {
      const pace = track?.startMs === balance.startMs ? track.paces[name] : undefined;
      view[name] = { spentRatio, elapsedRatio, shadowPrice: shadowPrice(name, pace ?? UNPACED) };
    }
    return view;
  }

  toJson(): string {
    const newest = [...this.#tracks].slice(-STORED_MAX);
    return JSON.stringify(newest.map(([key, { startMs, paces }]) => [key, startMs, paces]));
  }

  /** What cannot be read is found again: a price is never the only record of anything. */
  restore(json: string): void {
    try {
      for (const [key, startMs, paces] of JSON.parse(json) as [string, number, Paces][]) {
        this.#tracks.set(key, { startMs, paces });
      }
    } catch {
      this.#tracks.clear();
    }
  }

  #moved(balance: Balance, rule: BudgetRule, nowMs: number): Track {
    const track = this.#tracks.get(trackKey(balance));
    const isSame = track?.startMs === balance.startMs;
    const paces: Paces = {};
    for (const { name, ...sample } of samplesOf(balance, rule, nowMs)) {
      const last = track?.paces[name] ?? UNPACED;
      paces[name] = paceAt(isSame ? last : paceFollowing(last), sample);
    }
    return { startMs: balance.startMs, paces };
  }

  #tell(key: string, endMs: number, cells: ShadowCells): void {
    const prices = pricesOf(this.#tracks.get(key)?.paces ?? {});
    const told = this.#told.get(key);
    const isHeard =
      told !== undefined &&
      told[3] === endMs &&
      prices.every((price, i) => isNear(price, told[i]!));
    const isNothing = told === undefined && prices.every((price) => price === 0);
    if (isHeard || isNothing) return;
    this.#told.set(key, [...prices, endMs]);
    cells.push(key, endMs, ...prices);
  }

  #forgetOthers(seen: ReadonlySet<string>): void {
    for (const key of this.#tracks.keys()) {
      if (seen.has(key)) continue;
      this.#tracks.delete(key);
      this.#told.delete(key);
    }
  }
}

const trackKey = ({ rule, scope }: Balance): string => `${rule}|${scope}`;

const isNear = (price: number, told: number): boolean =>
  price === told || Math.abs(price - told) <= TOLD_RATIO * Math.min(price, told);

const pricesOf = (paces: Paces): [perUsd: number, usdPerToken: number, usdPerJoule: number] => [
  shadowPrice('usd', paces.usd ?? UNPACED),
  shadowPrice('tokens', paces.tokens ?? UNPACED),
  shadowPrice('joules', paces.joules ?? UNPACED),
];

/** Where each limited quantity stands against the schedule, which is even over the period. */
function samplesOf(balance: Balance, rule: BudgetRule, nowMs: number) {
  const { pacing, limits } = rule;
  const most = mostOf(balance, limits);
  const periodMs = periodEndMs(rule, balance.startMs) - balance.startMs;
  const elapsedRatio = Math.min(1, Math.max(0, (nowMs - balance.startMs) / periodMs));
  return QUANTITIES.flatMap(({ name, member }) => {
    const target = Number(most[member] ?? 0n) * (pacing?.targetRatio ?? 0);
    if (target <= 0) return [];
    return [{ name, elapsedRatio, spentRatio: Number(balance.settled[member]) / target }];
  });
}
