import type { AttemptsResult, AwardedDecision, BourseEvent, Workload } from '../contract/index.ts';
import type { DoubtSource, RunAttempts } from '../contract/index.ts';
import type { Clock, DecisionId } from '../kernel/index.ts';
import { drawOf } from './draw.ts';
import { reportsFailure } from './tool-report.ts';

export interface AnswerWatchPort {
  readonly clock: Clock;
  onEvent(event: BourseEvent): void;
}

/** Sessions whose last answer is remembered, per worker. */
const SESSIONS_MAX = 4_096;
/** Asked again later than this, it is not the answer that was no good. */
const RETRY_MS = 600_000;
const REFUSALS = new Set(['content_filter', 'refusal']);

interface LastAnswer {
  readonly decision: DecisionId;
  readonly messages: number;
  readonly atMs: number;
}

/**
 * Sees what speaks against answers without anybody saying so: one that never ended or was refused, the
 * same conversation sent again, a tool that failed with what it was called with. The last two need a
 * session, and that its turns meet the same worker.
 */
export class AnswerWatch {
  readonly #port: AnswerWatchPort;
  readonly #last = new Map<string, LastAnswer>();

  constructor(port: AnswerWatchPort) {
    this.#port = port;
  }

  over(run: RunAttempts): RunAttempts {
    return (decision, ceiling, sink, onDone) => {
      if (decision.policy.config.feedback.isImplicit !== true) {
        return run(decision, ceiling, sink, onDone);
      }
      return run(decision, ceiling, sink, (result) => {
        onDone(result);
        this.#look(decision, result);
      });
    };
  }

  #look(decision: AwardedDecision, result: AttemptsResult): void {
    const { workload } = decision;
    if (workload.surface === 'embeddings') return;
    if (workload.session !== null) this.#lookBack(workload, result);
    if (result.status !== 'ok' || result.finishReason === null) return;
    if (REFUSALS.has(result.finishReason)) this.#doubt(workload.id, 'refused');
    if (result.finishReason === 'length' && !isLimited(decision)) {
      this.#doubt(workload.id, 'truncated');
    }
  }

  /** What this turn of a session says of the answer before it. */
  #lookBack(workload: Workload, result: AttemptsResult): void {
    const key = `${workload.caller.tenant}|${workload.session}`;
    const before = this.#last.get(key);
    const messages = messagesMark(workload);
    const atMs = this.#port.clock.nowMs();
    if (before !== undefined) {
      if (before.messages === messages) {
        if (atMs - before.atMs < RETRY_MS) this.#doubt(before.decision, 'retry');
      } else if (workload.isInToolLoop() && lastToolFailed(workload)) {
        this.#doubt(before.decision, 'tool-failure');
      }
    }
    if (result.status !== 'ok') return;
    this.#last.delete(key);
    this.#last.set(key, { decision: workload.id, messages, atMs });
    if (this.#last.size > SESSIONS_MAX) this.#last.delete(this.#last.keys().next().value!);
  }

  #doubt(decision: DecisionId, source: DoubtSource): void {
    this.#port.onEvent({ kind: 'answer-doubted', decision, source });
  }
}

/** Whether somebody else than the model ended the answer. */
const isLimited = ({ workload, mandate, result }: AwardedDecision): boolean =>
  workload.outputCeilingTokens !== null ||
  mandate.injection.maxOutputTokens !== null ||
  (result.ranked[0]?.limitTokens ?? null) !== null;

/** Tells conversations of one session apart. */
function messagesMark({ body }: Workload): number {
  const span = body.fields.get('messages') ?? body.fields.get('input') ?? body.fields.get('prompt');
  if (span === undefined) return 0;
  return drawOf(body.bytes.toString('latin1', span.start, span.end), 0);
}

function lastToolFailed(workload: Workload): boolean {
  const last = workload.messages().at(-1);
  return last !== undefined && last.role === 'tool' && reportsFailure(last.text);
}
