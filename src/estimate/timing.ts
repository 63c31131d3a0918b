import type { FittedLine, InstanceTiming, Occupancy } from '../contract/index.ts';
import { lineOf, lineVariance, NORMAL_P90, observeOnLine, valueAt } from './fitted-line.ts';
import type { LinePrior } from './fitted-line.ts';
import { observeDemand } from './crowding.ts';
import { observe } from './running.ts';

/**
 * The time to the first token, in milliseconds:
 *
 * `base + a·others + b·uncached + c·pending + d·(uncached + pending)·others + e·turns`
 *
 * with the sequences that run beside it in sixteens, prompt tokens in thousands (its own that are not
 * cached, and those of requests before it whose first token has not come), and the rounds of the batch
 * that have to end before a slot is free. A chunk of prompt is computed in an iteration of the batch,
 * whose length grows with the batch: hence the product. The prior is a mid-sized model on one
 * data-centre GPU, answers of 250 tokens; it may be as far off as it is large.
 */
const TTFT_PRIOR: LinePrior = {
  means: [150, 20, 200, 200, 50, 5_000],
  deviations: [150, 50, 200, 200, 100, 5_000],
  spread: 0.5,
  floor: 5,
  halfLife: 500,
};

/** Milliseconds per token after the first: `base + a·others + b·pending`, in the units of the first token. */
const PER_TOKEN_PRIOR: LinePrior = {
  means: [20, 5, 1],
  deviations: [20, 10, 4],
  spread: 0.5,
  floor: 0.5,
  halfLife: 500,
};

const SEQUENCES = 16;
const TOKENS = 1000;

export const COLD_TIMING: InstanceTiming = { ttftMs: null, perTokenMs: null, cachedRatio: null };

const COLD_TTFT = lineOf(TTFT_PRIOR);
const COLD_PER_TOKEN = lineOf(PER_TOKEN_PRIOR);

/** Whether a line that was read has the features of this one. */
export const isLineOfFirstToken = (line: FittedLine): boolean => hasSize(line, TTFT_PRIOR);
export const isLineOfToken = (line: FittedLine): boolean => hasSize(line, PER_TOKEN_PRIOR);

function hasSize({ coefficients, covariance }: FittedLine, { means }: LinePrior): boolean {
  return coefficients.length === means.length && covariance.length === means.length ** 2;
}

/** What an instance is doing as a request comes to it. */
export type Situation = Pick<Occupancy, 'batch' | 'turns' | 'pendingTokens'>;

/** Written over for every quote: nothing of a prediction outlives it. */
const ttftFeatures = new Float64Array(TTFT_PRIOR.means.length);
const perTokenFeatures = new Float64Array(PER_TOKEN_PRIOR.means.length);

function describeFirstToken(
  { batch, turns, pendingTokens }: Situation,
  uncachedTokens: number,
): Float64Array {
  const others = Math.max(0, batch - 1) / SEQUENCES;
  const own = uncachedTokens / TOKENS;
  const pending = pendingTokens / TOKENS;
  ttftFeatures[0] = 1;
  ttftFeatures[1] = others;
  ttftFeatures[2] = own;
  ttftFeatures[3] = pending;
  ttftFeatures[4] = (own + pending) * others;
  ttftFeatures[5] = turns;
  return ttftFeatures;
}

function describeToken({ batch, pendingTokens }: Situation): Float64Array {
  perTokenFeatures[0] = 1;
  perTokenFeatures[1] = Math.max(0, batch - 1) / SEQUENCES;
  perTokenFeatures[2] = pendingTokens / TOKENS;
  return perTokenFeatures;
}

/**
 * The timing of one instance as quotes read it. A deviation is that of the normal whose p90 is the one
 * that was observed: limits that test the p90 are kept nine times in ten.
 */
export class Pace {
  /** Share of prompt tokens that the prefix cache is expected to hold: 0 while cold. */
  readonly cachedRatio: number;
  readonly #ttft: FittedLine;
  readonly #perToken: FittedLine;

  constructor({ ttftMs, perTokenMs, cachedRatio }: InstanceTiming) {
    this.#ttft = ttftMs ?? COLD_TTFT;
    this.#perToken = perTokenMs ?? COLD_PER_TOKEN;
    this.cachedRatio = cachedRatio === null ? 0 : Math.min(1, Math.max(0, cachedRatio.mean));
  }

  ttftMs(situation: Situation, uncachedTokens: number): number {
    return valueAt(this.#ttft, describeFirstToken(situation, uncachedTokens));
  }

  ttftVariance(situation: Situation, uncachedTokens: number): number {
    return varianceAt(this.#ttft, describeFirstToken(situation, uncachedTokens), TTFT_PRIOR);
  }

  /** The part of the time to the first token that is the queue. */
  waitMs({ turns }: Situation): number {
    return this.#ttft.coefficients[5]! * turns;
  }

  /** Milliseconds by which one more sequence lengthens each token of every other. */
  perTokenMsPerSequence(): number {
    return this.#perToken.coefficients[1]! / SEQUENCES;
  }

  /** Milliseconds that one more uncached prompt token takes. */
  prefillMsPerToken({ batch }: Situation): number {
    const { coefficients } = this.#ttft;
    const others = Math.max(0, batch - 1) / SEQUENCES;
    return (coefficients[2]! + coefficients[4]! * others) / TOKENS;
  }

  perTokenMs(situation: Situation): number {
    return valueAt(this.#perToken, describeToken(situation));
  }

  perTokenVariance(situation: Situation): number {
    return varianceAt(this.#perToken, describeToken(situation), PER_TOKEN_PRIOR);
  }
}

function varianceAt(line: FittedLine, features: Float64Array, { floor }: LinePrior): number {
  const noise = line.spread * Math.max(valueAt(line, features), floor);
  const widening = line.tail / NORMAL_P90;
  return (noise * noise + lineVariance(line, features)) * widening * widening;
}

/** What one served request shows of its instance. Times in milliseconds from its dispatch. */
export interface TimedRequest {
  /** Null where it cannot be told: an unstreamed answer arrives whole. */
  readonly ttftMs: number | null;
  readonly totalMs: number;
  readonly perTokenMs: number | null;
  /** What the instance was doing at the dispatch; null where nobody knew. */
  readonly situation: Situation | null;
  /** Wall time at which it was over. */
  readonly atMs: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** False where the counts of tokens are guesses. */
  readonly hasUsage: boolean;
}

/** Output tokens from which the time of a whole answer says something of the time per token. */
const TELLING_OUTPUT_TOKENS = 8;
const CACHED_HALF_LIFE = 32;
const TOKENS_MAX = 1e8;

/**
 * The first token teaches one line, the pace of those after it the other. An answer that arrived whole
 * teaches the pace with what its expected first token leaves of its time.
 */
export function observeRequest(timing: InstanceTiming, request: TimedRequest): InstanceTiming {
  const { outputTokens, situation, totalMs } = request;
  const promptTokens = tokensIn(request.promptTokens);
  const cachedTokens = Math.min(tokensIn(request.cachedTokens), promptTokens);
  const uncachedTokens = promptTokens - cachedTokens;
  const cachedRatio =
    request.hasUsage && promptTokens > 0
      ? observe(timing.cachedRatio, cachedTokens / promptTokens, CACHED_HALF_LIFE)
      : timing.cachedRatio;
  const demand = observeDemand(timing.demand, uncachedTokens, request.atMs);
  if (situation === null) return { ...timing, cachedRatio, demand };
  let { perTokenMs } = request;
  let ttftMs = request.ttftMs;
  if (ttftMs === null && outputTokens > 1) {
    const restMs = totalMs - new Pace(timing).ttftMs(situation, uncachedTokens);
    const isTelling = outputTokens >= TELLING_OUTPUT_TOKENS && restMs > 0;
    perTokenMs = isTelling ? restMs / (outputTokens - 1) : null;
  } else {
    ttftMs ??= totalMs;
  }
  const first = timing.ttftMs ?? COLD_TTFT;
  const later = timing.perTokenMs ?? COLD_PER_TOKEN;
  return {
    ttftMs:
      ttftMs === null || ttftMs < 0
        ? timing.ttftMs
        : observeOnLine(first, describeFirstToken(situation, uncachedTokens), ttftMs, TTFT_PRIOR),
    perTokenMs:
      perTokenMs === null || perTokenMs < 0
        ? timing.perTokenMs
        : observeOnLine(later, describeToken(situation), perTokenMs, PER_TOKEN_PRIOR),
    cachedRatio,
    demand,
  };
}

function tokensIn(count: number): number {
  return count > 0 ? Math.min(count, TOKENS_MAX) : 0;
}
