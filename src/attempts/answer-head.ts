import type { AttemptsResult, OutputCeiling } from '../contract/index.ts';
import type { AnswerHead } from './answer-headers.ts';
import type { Attempt } from './attempt.ts';
import { contentTypeOf } from './prepared-call.ts';

/** What the head of an answer tells. `result` is null where the answer is a stream; `left`: attempts that are over. */
export function headOf(
  attempt: Attempt,
  result: AttemptsResult | null,
  left: number,
  ceiling: OutputCeiling | null,
): AnswerHead {
  const isCharged = result?.payment !== undefined || result?.usage.reportedPicoUsd !== undefined;
  const isPriced = isCharged || attempt.bid.instance.model.price !== null;
  return {
    contentType: contentTypeOf(attempt, result === null),
    isStream: result === null,
    attempt: result === null ? left + 1 : left,
    chargedPicoUsd: result !== null && isPriced ? result.costPicoUsd : null,
    energy: result,
    budgetWarning: ceiling?.budgetWarning ?? null,
    upstreamRequestId: attempt.headers['x-request-id'],
  };
}
