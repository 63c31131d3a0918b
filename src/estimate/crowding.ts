import type { Demand } from '../contract/index.ts';

/** After this time a request that was served counts half. */
const HALF_LIFE_MS = 30_000;
/** Of a shorter past no rate is told: a burst at the start would look like the rule. */
const PAST_MS_MIN = 5_000;
/** A fleet that is never idle has no time at which its queues end; what is busier than this is taken for this. */
const UTILISATION_MAX = 0.9;
/** Queues stand in bursts: while one stands, so many times more come than on average (tried on traces with seeds that are not reported). */
const BURST = 3;

/** Adds one request that an instance served to what comes to it: its prompt tokens that no cache held. */
export function observeDemand(
  before: Demand | null | undefined,
  tokens: number,
  atMs: number,
): Demand | null {
  const previous = before ?? null;
  if (!(tokens >= 0 && tokens < Infinity && Number.isFinite(atMs))) return previous;
  if (previous === null) return { requests: 1, tokens, sinceMs: atMs, atMs };
  const kept = keptAfter(atMs - previous.atMs);
  return {
    requests: previous.requests * kept + 1,
    tokens: previous.tokens * kept + tokens,
    sinceMs: previous.sinceMs,
    atMs: Math.max(previous.atMs, atMs),
  };
}

const keptAfter = (ms: number): number => 2 ** (-Math.max(0, ms) / HALF_LIFE_MS);

/** Adds up what comes to the instances of a fleet. It stands for all of them, since the market moves it between them. */
export class PressureGauge {
  #requestsPerMs = 0;
  #tokensPerMs = 0;
  #capacityPerMs = 0;

  /** `msPerToken`: of prompt, at the instance that the demand came to. */
  add(demand: Demand, msPerToken: number, nowMs: number): void {
    if (!(msPerToken > 0)) return;
    const pastMs = Math.max(PAST_MS_MIN, nowMs - demand.sinceMs);
    // What a rate of one per millisecond would have added up to.
    const unit = (HALF_LIFE_MS / Math.LN2) * (1 - keptAfter(pastMs));
    const kept = keptAfter(nowMs - demand.atMs) / unit;
    this.#requestsPerMs += demand.requests * kept;
    this.#tokensPerMs += demand.tokens * kept;
    this.#capacityPerMs += 1 / msPerToken;
  }

  /** Requests that come to one instance while it computes one token of prompt, over the share of time that the fleet is idle. */
  perToken(): number {
    if (this.#capacityPerMs === 0) return 0;
    const busy = Math.min(UTILISATION_MAX, this.#tokensPerMs / this.#capacityPerMs);
    return (BURST * this.#requestsPerMs) / this.#capacityPerMs / (1 - busy);
  }
}

/**
 * Milliseconds that all later requests lose together by one that takes s where work V lies before it: `λ·s/(1 − ρ)·(V + s/2)`.
 *
 * It is the difference that the request makes to the total wait of all who come until the instance is idle again, where the fleet's
 * requests are split by speed: λ·s and ρ are then the same everywhere (a first step of policy iteration from that split; Krishnan 1990;
 * Hyytiä, Penttinen and Aalto 2012; the wait of an average request, which the value function has beside V, is left out, as it differs between
 * instances by the split alone). `middleMs` is V + s/2. Smooth, increasing in each of its arguments, 0 where nobody comes.
 */
export function crowdingMs(perToken: number, tokens: number, middleMs: number): number {
  return perToken * tokens * middleMs;
}
