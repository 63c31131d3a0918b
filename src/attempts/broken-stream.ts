import type {
  AwardedDecision,
  Bid,
  Engine,
  FleetSnapshot,
  OutputCeiling,
} from '../contract/index.ts';
import { handedBack, isPlainAnswer, overrunOf } from '../wire/index.ts';
import type { Attempt } from './attempt.ts';
import type { CutAnswer } from './cut-answer.ts';
import type { AnswerTap } from './answer-tap.ts';
import type { PendingPart } from './next-part.ts';
import type { PreparedCall, PreparedLimit } from './prepared-call.ts';
import { estimatedUsage, stateIn } from './settlement.ts';

/**
 * A stream that has broken off without its end, as the client has it; null: nobody can go on with it.
 * Only plain text goes on: not what was thought, not the call of a tool, not an answer with a form, and
 * nothing behind a finish.
 */
export function brokenStream(
  attempt: Attempt,
  { translation }: PreparedCall,
  decision: AwardedDecision,
): CutAnswer | null {
  const tap = attempt.tap!;
  const { workload, mandate } = decision;
  const surface = translation === null ? workload.surface : 'chat';
  const ask = {
    body: workload.body,
    isStream: true,
    surface,
    model: attempt.bid.instance.model,
    effort: mandate.injection.reasoning,
    continuesChat: true,
  };
  if (mandate.attempts.continueCut === false || tap.finishReason !== null) return null;
  if (overrunOf(ask) !== 'continue') return null;
  if (!isPlainAnswer(workload, mandate.injection)) return null;
  const splice = tap.brokenOff();
  if (splice === null || !splice.isTextOnly) return null;
  const text = handedBack(surface, splice.text);
  // Space alone cannot be handed back, and would be written again.
  if (text === '' && splice.text !== '') return null;
  return {
    kind: text === '' ? 'restart' : 'continue',
    usage: tap.usage ?? estimatedUsage(decision, attempt.bid, tap.contentEvents),
    isCounted: tap.usage !== null,
    text,
    body: null,
  };
}

/** Whether another instance in the ranking could go on with a stream of this one. */
export function hasHeir(
  { workload, result, mandate, fleet }: AwardedDecision,
  { instance }: Bid,
  engines: ReadonlyMap<string, Engine>,
): boolean {
  if (!workload.isStream || mandate.attempts.continueCut === false) return false;
  for (const bid of result.ranked) {
    const { instance: other } = bid;
    if (other.model.id !== instance.model.id || other.id === instance.id) continue;
    if (workload.surface === 'completions') return true;
    const engine = engines.get(other.engine);
    if (engine !== undefined && continuesChat(engine, fleet, bid)) return true;
  }
  return false;
}

/** Whether the instance of a bid goes on with a begun answer. */
export function continuesChat(engine: Engine, fleet: FleetSnapshot, bid: Bid): boolean {
  if (engine.continuesChat !== 'probed') return engine.continuesChat === true;
  return stateIn(fleet, bid)?.features?.continuesChat === true;
}

/** What is still to be written; null where the ceilings leave nothing. `writtenTokens`: of the parts before. */
export function restOf(
  { kind, usage, text }: CutAnswer,
  writtenTokens: number,
  of: {
    readonly decision: AwardedDecision;
    readonly tap: AnswerTap | null;
    readonly limit: PreparedLimit | null;
    readonly ceiling: OutputCeiling | null;
  },
): PendingPart | null {
  const { workload, mandate } = of.decision;
  const behind = kind === 'continue' ? writtenTokens + usage.outputTokens : 0;
  const own = workload.outputCeilingTokens ?? mandate.injection.maxOutputTokens ?? Infinity;
  const left = Math.min(own, of.ceiling?.ceilingTokens ?? Infinity) - behind;
  const limitTokens = of.limit === null ? null : of.limit.tokens - usage.outputTokens;
  if (left < 1 || (limitTokens !== null && limitTokens < 1)) return null;
  return {
    limitTokens,
    tokensMax: Infinity,
    leftTokens: left === Infinity ? null : left,
    further: { text: kind === 'continue' ? text : null, tap: of.tap },
  };
}
