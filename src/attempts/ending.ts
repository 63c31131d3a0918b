import type { AttemptRecord, AttemptsResult, Usage } from '../contract/index.ts';
import type { AnswerParts } from './answer-parts.ts';
import type { Attempt } from './attempt.ts';
import { NO_USAGE, chargeFor, perTokenMs } from './settlement.ts';
import type { Energy, Timing } from './settlement.ts';

/** How the request ended, as far as the attempt itself does not say it. */
export interface Ending {
  readonly status: AttemptsResult['status'];
  readonly httpStatus: number;
  readonly finishReason: string | null;
  readonly usage: Usage;
}

/** What was measured of a request by its end. */
interface Measured {
  /** The earlier parts of its answer; null where it is all in one. */
  readonly parts: AnswerParts | null;
  readonly timing: Timing;
  /** Of the last attempt alone. */
  readonly energy: Energy;
  readonly totalMs: number;
  readonly attempts: readonly AttemptRecord[];
}

/** What became of the request that ended with this attempt, all parts of its answer together. */
export function resultOf(attempt: Attempt, ending: Ending, measured: Measured): AttemptsResult {
  const { parts, timing, energy, totalMs, attempts } = measured;
  const { bid } = attempt;
  const { usage } = ending;
  const own = parts?.last === attempt ? 0 : energy.energyMicrojoules;
  return {
    bid,
    ...ending,
    costPicoUsd: chargeFor(bid, usage),
    energyMicrojoules: usage !== NO_USAGE ? own + (parts?.energyMicrojoules ?? 0) : 0,
    energySource: energy.energySource,
    ttftMs: timing.ttftMs,
    totalMs,
    perTokenMs: perTokenMs(timing, usage.outputTokens),
    attempts,
  };
}
