import { chargePicoUsd, requestEnergyJoules } from '../estimate/index.ts';
import type {
  AttemptsResult,
  AwardedDecision,
  Bid,
  FleetSnapshot,
  InstanceState,
  PowerCurve,
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

/** A request that nobody has served: nothing is charged. */
export const unserved = (
  known: Pick<AttemptsResult, 'bid' | 'httpStatus' | 'totalMs' | 'attempts'>,
): AttemptsResult => ({
  ...known,
  status: 'failed',
  finishReason: null,
  usage: NO_USAGE,
  costPicoUsd: 0,
  energyMicrojoules: 0,
  energySource: 'unknown',
  ttftMs: null,
  perTokenMs: null,
});

/** The instance of a bid, as a snapshot of the fleet has it. */
export function stateIn({ states }: FleetSnapshot, { instance }: Bid): InstanceState | undefined {
  const { id } = instance;
  for (let i = 0; i < states.length; i++) if (states[i]!.instance.id === id) return states[i];
  return undefined;
}

/** What is known of the instance's load while an answer was made. */
export interface EnergyLoad {
  /** As the decision saw it. */
  readonly state: InstanceState | undefined;
  /** As it is known now that the answer has ended. */
  readonly latest: InstanceState | undefined;
  /** Wall time of the end. */
  readonly endedAtMs: number;
  readonly inFlight: number;
}

export type Energy = Pick<AttemptsResult, 'energyMicrojoules' | 'energySource'>;

/**
 * The energy of one answer: measured where the engine reported its power while the answer was made, or
 * where there is no power curve to model it from; else modelled.
 */
export function energyOf(bid: Bid, timing: Timing, load: EnergyLoad): Energy {
  const { latest } = load;
  const curve = bid.instance.model.power;
  const watts = latest?.telemetry.powerWatts ?? null;
  const beganAtMs = load.endedAtMs - timing.totalMs;
  const isDuring = (latest?.observedAtMs ?? Number.NEGATIVE_INFINITY) >= beganAtMs;
  if (watts !== null && (isDuring || curve === null)) return measuredEnergy(bid, timing, load);
  if (curve === null) return { energyMicrojoules: 0, energySource: 'unknown' };
  return modelledEnergy(bid, curve, { timing, load });
}

/**
 * The answer's share of what the instance drew: `P/b` for as long as it ran, with `P` the reported
 * power and `b` the requests that ran at the same look. Shares of the whole batch add up to `P`.
 */
function measuredEnergy(bid: Bid, timing: Timing, { latest, inFlight }: EnergyLoad): Energy {
  const watts = latest?.telemetry.powerWatts ?? 0;
  const batch = Math.max(1, latest?.telemetry.runningRequests ?? inFlight);
  const runMs = Math.max(0, timing.totalMs - Math.min(bid.waitMs, timing.ttftMs ?? bid.waitMs));
  return {
    energyMicrojoules: microjoulesOf((watts * runMs) / 1000 / batch),
    energySource: 'engine',
  };
}

/**
 * The modelled energy of one answer: full power until its first token, less the queue that the bid
 * foresaw, then its share of the batch that ran beside it. Where the first token cannot be told, the bid's promise stands for it.
 */
function modelledEnergy(
  bid: Bid,
  curve: PowerCurve,
  { timing, load }: { readonly timing: Timing; readonly load: EnergyLoad },
): Energy {
  const running = load.state?.telemetry.runningRequests ?? 0;
  // What a bidder says of its time must not move its own meter.
  const foreseen = bid.external?.believed ?? bid;
  const ttftMs = Math.min(timing.ttftMs ?? foreseen.ttftMs.mean, timing.totalMs);
  const prefillMs = Math.max(0, ttftMs - bid.waitMs);
  const joules = requestEnergyJoules(curve, {
    batch: Math.max(1, running, load.inFlight),
    prefillMs,
    decodeMs: timing.totalMs - prefillMs,
  });
  return { energyMicrojoules: microjoulesOf(joules), energySource: 'curve' };
}

const microjoulesOf = (joules: number): number =>
  Math.min(Math.round(joules * 1e6), Number.MAX_SAFE_INTEGER);

/** Milliseconds per output token after the first. */
export function perTokenMs(timing: Timing, outputTokens: number): number | null {
  if (timing.decodeMs === null || outputTokens < 2) return null;
  return timing.decodeMs / (outputTokens - 1);
}

/**
 * Prompt tokens that a request keeps its instance busy with until its first token. Where the first
 * token cannot be told from the rest, the same work is spread over the whole time.
 */
export function pendingTokensOf(bid: Bid, isStream: boolean): number {
  const tokens = Math.max(0, bid.promptTokens - bid.cachedTokens);
  if (isStream) return tokens;
  const share = bid.ttftMs.mean / bid.latencyMs.mean;
  return share < 1 ? tokens * share : tokens;
}
