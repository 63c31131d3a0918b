import { chargePicoUsd, requestEnergyJoules } from '../estimate/index.ts';
import type {
  AttemptsResult,
  AwardedDecision,
  Bid,
  InstanceState,
  Usage,
} from '../contract/index.ts';

/** How the serving attempt went in time; in milliseconds from its dispatch. */
export interface Timing {
  /** Null where it cannot be told: an unstreamed answer arrives whole. */
  readonly ttftMs: number | null;
  readonly totalMs: number;
  /** From the first content to the last; null where there is no first. */
  readonly decodeMs: number | null;
}

export const NO_USAGE: Usage = {
  promptTokens: 0,
  cachedTokens: 0,
  outputTokens: 0,
  isEstimated: false,
};

/** A token of output is about this many bytes of an unstreamed answer. */
const ANSWER_BYTES_PER_TOKEN = 4;

/**
 * What was used where the upstream does not say: the bid's guess of the prompt, never above its
 * bound, none of it taken as cached; and the output tokens that were seen.
 */
export function estimatedUsage(
  { workload }: AwardedDecision,
  bid: Bid,
  outputTokens: number,
): Usage {
  return {
    promptTokens: Math.ceil(Math.min(bid.promptTokens, workload.promptTokensBound)),
    cachedTokens: 0,
    outputTokens,
    isEstimated: true,
  };
}

/** Output tokens of an unstreamed answer that carries no usage. */
export function tokensInAnswer(bytes: number, ceilingTokens: number | null): number {
  return Math.min(Math.ceil(bytes / ANSWER_BYTES_PER_TOKEN), ceilingTokens ?? Infinity);
}

export function chargeFor(bid: Bid, usage: Usage): number {
  return Math.min(chargePicoUsd(bid.instance.model.price, usage), Number.MAX_SAFE_INTEGER);
}

/**
 * The modelled energy of one answer: full power until its first token, less the queue that the bid
 * foresaw, then its share of the batch that ran beside it. Where the first token cannot be told, the bid's promise stands for it.
 */
export function energyOf(
  bid: Bid,
  timing: Timing,
  load: { readonly state: InstanceState | undefined; readonly inFlight: number },
): Pick<AttemptsResult, 'energyMicrojoules' | 'energySource'> {
  const curve = bid.instance.model.power;
  if (curve === null) return { energyMicrojoules: 0, energySource: 'unknown' };
  const running = load.state?.telemetry.runningRequests ?? 0;
  const ttftMs = Math.min(timing.ttftMs ?? bid.ttftMs.mean, timing.totalMs);
  const prefillMs = Math.max(0, ttftMs - bid.waitMs);
  const joules = requestEnergyJoules(curve, {
    batch: Math.max(1, running, load.inFlight),
    prefillMs,
    decodeMs: timing.totalMs - prefillMs,
  });
  const microjoules = Math.min(Math.round(joules * 1e6), Number.MAX_SAFE_INTEGER);
  return { energyMicrojoules: microjoules, energySource: 'curve' };
}

/** Milliseconds per output token after the first. */
export function perTokenMs(timing: Timing, outputTokens: number): number | null {
  if (timing.decodeMs === null || outputTokens < 2) return null;
  return timing.decodeMs / (outputTokens - 1);
}
