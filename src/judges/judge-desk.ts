import type { Clock, DecisionId, Rng, Timer } from '../kernel/index.ts';
import type { AwardedDecision, BourseEvent, Instance, JudgeConfig } from '../contract/index.ts';
import type { JudgementResult, JudgingConfig, Model, RunAttempts } from '../contract/index.ts';
import { AnswerCapture } from './answer-capture.ts';
import { answerTextOf, questionOf } from './answer-text.ts';
import { compared } from './compared.ts';
import type { Comparison } from './compared.ts';
import { DRAW, drawOf } from './draw.ts';
import { gradeBy } from './grade.ts';
import { mayGrade } from './model-family.ts';

/** A request that the exchange makes for itself about one that it served. */
export interface JudgeCall {
  /** Its constraints bind the call, and its tenant's budgets apply. */
  readonly judged: AwardedDecision;
  readonly model: Model;
  /** How the ledger names it: `judge:NAME`, or `compare:NAME` for a second answer. */
  readonly mode: string;
  /** It is the judged request itself, put to a second model: it gets what the first got. */
  readonly isSecondAnswer: boolean;
  readonly body: Buffer;
  readonly timeoutMs: number;
}

export type JudgeReply =
  | { readonly kind: 'answer'; readonly decision: DecisionId; readonly body: Buffer }
  /** By a constraint, a budget, or since nobody could serve it. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'failed'; readonly httpStatus: number };

export interface JudgePort {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Never rejects. */
  ask(call: JudgeCall): Promise<JudgeReply>;
  onEvent(event: BourseEvent): void;
}

/** More bytes of an answer, as it is sent, or of a request, and it is not judged. */
const ANSWER_BYTES_MAX = 1 << 20;
const REQUEST_BYTES_MAX = 256 * 1024;
/** Drops are told at most this often. */
const TELL_DROPS_MS = 1_000;

interface Waiting {
  readonly judged: AwardedDecision;
  readonly served: Instance;
  readonly answer: Buffer;
  readonly config: JudgingConfig;
  readonly propensity: number;
}

/** What a judge makes of a judged request. */
export interface Task {
  readonly judged: AwardedDecision;
  readonly judge: JudgeConfig;
  readonly model: Model;
  readonly question: string;
  readonly answer: string;
  readonly timeoutMs: number;
}

/** Draws a share of served requests and has their answers graded, beside the path of any request. Keeps no text. */
export class JudgeDesk {
  readonly #port: JudgePort;
  #waiting: Waiting[] = [];
  #running = 0;
  #dropped = 0;
  #timer: Timer | null = null;
  #isClosed = false;
  /** Judges whose engine refuses schemas. */
  readonly plain = new Set<string>();

  constructor(port: JudgePort) {
    this.#port = port;
  }

  get port(): JudgePort {
    return this.#port;
  }

  /** Attempts whose answers may be drawn. */
  over(run: RunAttempts): RunAttempts {
    return (decision, ceiling, sink, onDone) => {
      const { judging } = decision.policy.config;
      if (judging === undefined) return run(decision, ceiling, sink, onDone);
      const propensity = shareOf(judging, decision);
      if (!isDrawn(decision, propensity)) return run(decision, ceiling, sink, onDone);
      const capture = new AnswerCapture(sink, ANSWER_BYTES_MAX);
      return run(decision, ceiling, capture, (result) => {
        onDone(result);
        const answer = capture.take();
        if (result.status !== 'ok' || result.bid === null || answer === null) return;
        const served = result.bid.instance;
        this.#take({ judged: decision, served, answer, config: judging, propensity });
      });
    };
  }

  /** What waits is let go. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    if (this.#timer !== null) this.#port.clock.cancel(this.#timer);
  }

  #take(waiting: Waiting): void {
    if (this.#isClosed) return;
    if (this.#waiting.length >= waiting.config.queueMax) return this.#drop();
    this.#waiting.push(waiting);
    // Not in the turn in which the answer ends.
    this.#port.clock.after(0, () => this.#next());
  }

  #drop(): void {
    this.#dropped++;
    this.#timer ??= this.#port.clock.after(TELL_DROPS_MS, () => {
      this.#timer = null;
      const count = this.#dropped;
      this.#dropped = 0;
      this.#port.onEvent({ kind: 'queue-dropped', queue: 'judging', count });
    });
  }

  #next(): void {
    const first = this.#waiting[0];
    if (first === undefined || this.#running >= first.config.concurrency) return;
    this.#waiting.shift();
    this.#running++;
    this.#judge(first)
      .catch(() => undefined)
      .finally(() => {
        this.#running--;
        if (!this.#isClosed) this.#next();
      });
  }

  async #judge({ judged, served, answer, config, propensity }: Waiting): Promise<void> {
    const { surface, isStream, id } = judged.workload;
    const text = answerTextOf(surface, isStream, answer);
    if (text === null) return;
    const panel = panelOf(judged, served.model, config);
    const question = questionOf(judged.workload);
    const tasks = panel.map(({ judge, model }): Task => ({
      judged,
      judge,
      model,
      question,
      answer: text,
      timeoutMs: config.timeoutMs,
    }));
    for (const task of tasks) {
      const { result, score } = await gradeBy(task, this);
      this.#tell(id, task.judge.name, { form: 'absolute', result, score, propensity });
    }
    if (config.pairwiseShare === 0) return;
    if (drawOf(id, DRAW.pairwise) >= config.pairwiseShare) return;
    const share = propensity * config.pairwiseShare;
    const comparison = await compared(tasks, served, this);
    if (comparison !== null) this.#tellPair(id, comparison, share);
  }

  #tellPair(
    id: DecisionId,
    { judge, rival, result, scores }: Comparison,
    propensity: number,
  ): void {
    const form = 'pairwise';
    this.#tell(id, judge, { form, result, score: scores?.own ?? null, propensity });
    if (scores === null) return;
    this.#tell(rival, judge, { form, result, score: scores.rival, propensity });
  }

  #tell(
    decision: DecisionId,
    judge: string,
    verdict: {
      readonly form: 'absolute' | 'pairwise';
      readonly result: JudgementResult;
      readonly score: number | null;
      readonly propensity: number;
    },
  ): void {
    if (!this.#isClosed) this.#port.onEvent({ kind: 'answer-judged', decision, judge, ...verdict });
  }
}

const shareOf = (
  { share, shareByRoute }: JudgingConfig,
  { mandate: { route } }: AwardedDecision,
): number => shareByRoute.get(route) ?? share;

/** One answer of text to a request that is not too long. */
function isDrawn({ workload }: AwardedDecision, share: number): boolean {
  if (share === 0 || workload.surface === 'embeddings' || workload.choices !== 1) return false;
  return (
    drawOf(workload.id, DRAW.judged) < share && workload.body.bytes.length <= REQUEST_BYTES_MAX
  );
}

/** The judges of one answer: those that may grade its model, each time others of them. */
function panelOf(
  { policy, workload }: AwardedDecision,
  served: Model,
  { judges, panel }: JudgingConfig,
): { readonly judge: JudgeConfig; readonly model: Model }[] {
  const able = judges.flatMap((judge) => {
    const model = policy.config.models.find(({ id }) => id === judge.model);
    return model !== undefined && mayGrade(model, served) ? [{ judge, model }] : [];
  });
  const from = Math.floor(drawOf(workload.id, DRAW.panel) * able.length);
  return [...able.slice(from), ...able.slice(0, from)].slice(0, panel);
}
