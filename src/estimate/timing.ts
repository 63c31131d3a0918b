import type { Estimate, InstanceTiming, RunningEstimate } from '../contract/index.ts';
import { expectedMean, expectedVariance, observe, withinFactor } from './running.ts';

/**
 * The closed-form prior of an instance that nobody has timed: `ttft = base + uncached/rate`,
 * `latency = ttft + perToken·(output − 1)`. A mid-sized model on one data-centre GPU; the deviations
 * are as large as the means, so a few observations outweigh it.
 */
const TTFT_BASE_PRIOR: Estimate = { mean: 150, deviation: 150 };
const PREFILL_RATE_PRIOR: Estimate = { mean: 5000, deviation: 5000 };
const PER_TOKEN_PRIOR: Estimate = { mean: 20, deviation: 20 };

export const COLD_TIMING: InstanceTiming = {
  ttftBaseMs: null,
  prefillTokensPerSecond: null,
  perTokenMs: null,
  cachedRatio: null,
};

/** How long one request would take on an idle instance. */
export interface ServiceTime {
  /** Time to the first token, without any queue. */
  readonly ttftMs: number;
  readonly ttftVariance: number;
  readonly perTokenMs: number;
  readonly perTokenVariance: number;
}

/** What is expected of an instance, whatever the prompt. */
export interface Pace {
  readonly baseMs: number;
  readonly baseVariance: number;
  /** Uncached prompt tokens per second; above 0. */
  readonly prefillRate: number;
  /** Variance of that rate, relative to its square. */
  readonly prefillSpread: number;
  readonly perTokenMs: number;
  readonly perTokenVariance: number;
  /** Share of prompt tokens that the prefix cache is expected to hold: 0 while cold. */
  readonly cachedRatio: number;
}

export function paceOf(timing: InstanceTiming): Pace {
  const rate = prefillRate(timing);
  const rateVariance = expectedVariance(timing.prefillTokensPerSecond, PREFILL_RATE_PRIOR);
  const { cachedRatio } = timing;
  return {
    baseMs: Math.max(0, expectedMean(timing.ttftBaseMs, TTFT_BASE_PRIOR)),
    baseVariance: expectedVariance(timing.ttftBaseMs, TTFT_BASE_PRIOR),
    prefillRate: rate,
    prefillSpread: rateVariance / (rate * rate),
    perTokenMs: Math.max(0, expectedMean(timing.perTokenMs, PER_TOKEN_PRIOR)),
    perTokenVariance: expectedVariance(timing.perTokenMs, PER_TOKEN_PRIOR),
    cachedRatio: cachedRatio === null ? 0 : Math.min(1, Math.max(0, cachedRatio.mean)),
  };
}

export function expectedServiceTime(pace: Pace, uncachedTokens: number): ServiceTime {
  const prefillMs = (uncachedTokens / pace.prefillRate) * 1000;
  return {
    ttftMs: pace.baseMs + prefillMs,
    // First order: the share by which a quotient deviates is the share by which its divisor does.
    ttftVariance: pace.baseVariance + pace.prefillSpread * prefillMs * prefillMs,
    perTokenMs: pace.perTokenMs,
    perTokenVariance: pace.perTokenVariance,
  };
}

function prefillRate(timing: InstanceTiming): number {
  return Math.max(RATE_MIN, expectedMean(timing.prefillTokensPerSecond, PREFILL_RATE_PRIOR));
}

/** What one served request shows of its instance. Times in milliseconds from its dispatch. */
export interface TimedRequest {
  /** Null where it cannot be told: an unstreamed answer arrives whole. */
  readonly ttftMs: number | null;
  readonly totalMs: number;
  readonly perTokenMs: number | null;
  readonly waitMs: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** False where the counts of tokens are guesses. */
  readonly hasUsage: boolean;
}

const HALF_LIFE = 32;
/** A warm estimate moves by one observation no further than one this many times as large would move it. */
const STRAY_FACTOR = 4;
/** Uncached prompt tokens up to which a time to first token says more of the base than of the rate. */
const SHORT_PROMPT_TOKENS = 256;
/** Output tokens from which the time of a whole answer says something of the time per token. */
const TELLING_OUTPUT_TOKENS = 8;
const RATE_MIN = 1;
const RATE_MAX = 1e7;

/**
 * Takes a request apart: queue, base, prefill, decode. Short prompts feed the base, the excess of
 * longer ones the rate, each given what is believed of the other; an answer that arrived whole feeds
 * the time per token with what its expected first token leaves.
 */
export function observeRequest(timing: InstanceTiming, request: TimedRequest): InstanceTiming {
  const { outputTokens, waitMs } = request;
  const promptTokens = Math.max(0, request.promptTokens);
  const cachedTokens = Math.min(Math.max(0, request.cachedTokens), promptTokens);
  const uncachedTokens = promptTokens - cachedTokens;
  const isWhole = request.ttftMs === null && outputTokens > 1;
  const cachedRatio =
    request.hasUsage && promptTokens > 0
      ? observe(timing.cachedRatio, cachedTokens / promptTokens, HALF_LIFE)
      : timing.cachedRatio;
  if (isWhole) {
    const expectedMs = expectedServiceTime(paceOf(timing), uncachedTokens).ttftMs + waitMs;
    const restMs = request.totalMs - expectedMs;
    if (outputTokens < TELLING_OUTPUT_TOKENS || restMs <= 0) return { ...timing, cachedRatio };
    const perTokenMs = track(timing.perTokenMs, restMs / (outputTokens - 1));
    return { ...timing, perTokenMs, cachedRatio };
  }
  const perTokenMs =
    request.perTokenMs === null ? timing.perTokenMs : track(timing.perTokenMs, request.perTokenMs);
  const ttftMs = (request.ttftMs ?? request.totalMs) - waitMs;
  // A time that was mostly queue teaches nothing of what comes after the queue.
  const split = ttftMs < waitMs ? timing : splitFirstToken(timing, ttftMs, uncachedTokens);
  const { ttftBaseMs, prefillTokensPerSecond } = split;
  return { ttftBaseMs, prefillTokensPerSecond, perTokenMs, cachedRatio };
}

function splitFirstToken(
  timing: InstanceTiming,
  ttftMs: number,
  uncachedTokens: number,
): Pick<InstanceTiming, 'ttftBaseMs' | 'prefillTokensPerSecond'> {
  const { ttftBaseMs, prefillTokensPerSecond } = timing;
  const baseMs = Math.max(0, expectedMean(ttftBaseMs, TTFT_BASE_PRIOR));
  if (uncachedTokens <= SHORT_PROMPT_TOKENS || ttftMs <= baseMs) {
    const prefillMs = (uncachedTokens / prefillRate(timing)) * 1000;
    const sample = Math.max(0, ttftMs - prefillMs);
    return { ttftBaseMs: track(ttftBaseMs, sample), prefillTokensPerSecond };
  }
  const rate = (uncachedTokens / (ttftMs - baseMs)) * 1000;
  const sample = Math.min(RATE_MAX, Math.max(RATE_MIN, rate));
  return { ttftBaseMs, prefillTokensPerSecond: track(prefillTokensPerSecond, sample) };
}

function track(believed: RunningEstimate | null, value: number): RunningEstimate | null {
  return observe(believed, withinFactor(believed, Math.max(0, value), STRAY_FACTOR), HALF_LIFE);
}
