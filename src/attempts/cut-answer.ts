import type { AwardedDecision, Usage } from '../contract/index.ts';
import { handedBack, readWholePart, spliceAnswers, usageOf } from '../wire/index.ts';
import type { Overrun } from '../wire/index.ts';
import type { AnswerParts } from './answer-parts.ts';
import type { Attempt } from './attempt.ts';
import { isCutBy } from './part-limit.ts';
import type { PreparedLimit } from './prepared-call.ts';
import { estimatedUsage } from './settlement.ts';

/** An answer, as far as it is there, that a limit of the exchange's own has cut. */
export interface CutAnswer {
  readonly kind: Overrun;
  /** Of the part that was cut. */
  readonly usage: Usage;
  /** Whether the server has counted it. */
  readonly isCounted: boolean;
  /** The answer so far, to go on with. */
  readonly text: string;
  /** Null where the answer is streamed. */
  readonly body: Buffer | null;
}

/** Null where the stream has come to an end of its own. What it has shown cannot be taken back: text goes on. */
export function cutStream(
  attempt: Attempt,
  limit: PreparedLimit | null,
  decision: AwardedDecision,
): CutAnswer | null {
  const tap = attempt.tap!;
  if (limit === null || !tap.isCut) return null;
  const text = handedBack(limit.surface, tap.splice!.text);
  return {
    kind: text === '' ? 'restart' : 'continue',
    usage: tap.usage ?? estimatedUsage(decision, attempt.bid, tap.contentEvents),
    isCounted: tap.usage !== null,
    text,
    body: null,
  };
}

/** An unstreamed answer and what stands before it. */
interface AnswerSoFar {
  readonly attempt: Attempt;
  readonly body: Buffer;
  readonly parts: AnswerParts | null;
}

/** The same of an unstreamed answer that was served, of which the client has seen nothing: with thinking in it, it begins anew. */
export function cutWhole(
  { attempt, body, parts }: AnswerSoFar,
  limit: PreparedLimit,
  decision: AwardedDecision,
): CutAnswer | null {
  const { usage, finishReason } = usageOf(body);
  if (!isCutBy(limit, { usage, finishReason })) return null;
  const so = readWholePart(splicedWhole(parts, body, limit.surface));
  const text = handedBack(limit.surface, so?.text ?? '');
  const isText = text !== '' && readWholePart(body)?.hasReasoning === false;
  return {
    kind: limit.overrun === 'continue' && isText ? 'continue' : 'restart',
    usage: usage ?? estimatedUsage(decision, attempt.bid, limit.tokens),
    isCounted: usage !== null,
    text,
    body,
  };
}

/** The answer of all parts; of one, the bytes that came. */
export function splicedWhole(
  parts: AnswerParts | null,
  body: Buffer,
  surface: PreparedLimit['surface'],
): Buffer {
  const bodies = parts?.bodies ?? [];
  return bodies.length === 0 ? body : spliceAnswers([...bodies, body], surface);
}
