import { Fault } from './kernel/index.ts';
import type { Clock, DecisionId, Rng } from './kernel/index.ts';
import type { Ingress, Mandate } from './contract/index.ts';
import type { ResponseSink, RunAttempts, Stages, Workload } from './contract/index.ts';
import { JUDGING_ROUTE, TOPIC_IN_VIEW } from './contract/index.ts';
import type { BourseEvent } from './contract/index.ts';
import { AnswerWatch, JudgeDesk } from './judges/index.ts';
import type { JudgeCall, JudgeReply } from './judges/index.ts';
import { createDirector } from './route.ts';

/** More of a judge's answer than this is not read. */
const REPLY_BYTES_MAX = 1 << 20;

export interface JudgingParts {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly onEvent: (event: BourseEvent) => void;
}

/** What looks at answers once they are given. */
export interface Judging {
  /** Attempts whose answers are looked at, where the policy asks for it. */
  over(run: RunAttempts): RunAttempts;
  /** Gives judges the stages to be served by: those of any request, with attempts that nobody looks at. */
  serveWith(stages: Stages): void;
  close(): void;
}

export function createJudging(parts: JudgingParts): Judging {
  let ask: ((call: JudgeCall) => Promise<JudgeReply>) | null = null;
  const desk = new JudgeDesk({
    ...parts,
    ask: (call) => (ask === null ? Promise.resolve({ kind: 'refused' }) : ask(call)),
  });
  const watch = new AnswerWatch(parts);
  return {
    over: (run) => watch.over(desk.over(run)),
    serveWith: (stages) => {
      ask = createAsk(stages, parts.clock);
    },
    close: () => desk.close(),
  };
}

/**
 * Serves what judges ask by the stages of any request: quotes, award, budgets, attempts, ledger. In place
 * of the policy's decision stands the judged request's: the constraints that bound it bind the judge.
 */
function createAsk(stages: Stages, clock: Clock): (call: JudgeCall) => Promise<JudgeReply> {
  const calls = new Map<DecisionId, JudgeCall>();
  const callOf = ({ id }: Workload): JudgeCall => calls.get(id)!;
  const director = createDirector({
    ...stages,
    resolve: (workload) => workload,
    policy: (workload) => mandateOf(callOf(workload)),
    cache: () => null,
    quotes: (workload, mandate, world, signals) => {
      const { signals: judged } = callOf(workload).judged;
      signals.share(TOPIC_IN_VIEW).topic = judged.share(TOPIC_IN_VIEW).topic;
      return stages.quotes(workload, mandate, world, signals);
    },
    guards: (_, client) => client,
  });

  return (call) =>
    new Promise((resolve) => {
      const id = stages.nextId();
      calls.set(id, call);
      const done = (reply: JudgeReply): void => {
        calls.delete(id);
        resolve(reply);
      };
      director.handle(ingressOf(id, call, clock), new ReplySink(id, done));
    });
}

function ingressOf(
  id: DecisionId,
  { judged, body, isSecondAnswer }: JudgeCall,
  clock: Clock,
): Ingress {
  const { surface, caller } = judged.workload;
  return {
    id,
    surface: isSecondAnswer ? surface : 'chat',
    caller,
    bytes: body,
    headers: {},
    receivedAtMs: clock.nowMs(),
    startedMs: clock.monotonicMs(),
  };
}

const NO_LIMITS: Mandate['limits'] = {
  maxCostUsd: null,
  maxTtftMs: null,
  maxLatencyMs: null,
  minAccuracy: null,
  maxEnergyJoules: null,
  quantile: 0.9,
};
const NO_INJECTION: Mandate['injection'] = {
  systemPrompt: null,
  reasoning: null,
  maxOutputTokens: null,
  fields: [],
};

/** One attempt at one model, where the judged request's constraints let it serve. Nothing of its route's comes along. */
function mandateOf({ judged, model, mode, isSecondAnswer, timeoutMs }: JudgeCall): Mandate {
  const { mandate } = judged;
  const { attempts } = mandate;
  return {
    kind: 'mandate',
    route: JUDGING_ROUTE,
    isNamed: true,
    models: new Set([model.id]),
    rules: mandate.rules,
    mode,
    objective: mandate.objective,
    limits: NO_LIMITS,
    injection: isSecondAnswer ? mandate.injection : NO_INJECTION,
    tools: isSecondAnswer ? mandate.tools : null,
    answer: null,
    attempts: {
      ...attempts,
      max: 1,
      firstTokenTimeoutMs: Math.min(attempts.firstTokenTimeoutMs, timeoutMs),
      totalTimeoutMs: timeoutMs,
    },
  };
}

/** What is refused before anybody is asked. */
const REFUSED: ReadonlySet<string> = new Set([
  'BRS_BUDGET_EXHAUSTED',
  'BRS_NO_ELIGIBLE_MODEL',
  'BRS_FORBIDDEN_MODEL',
  'BRS_LIMIT_UNMEETABLE',
]);

/** Collects one answer. */
class ReplySink implements ResponseSink {
  readonly #id: DecisionId;
  readonly #done: (reply: JudgeReply) => void;
  #status = 0;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(id: DecisionId, done: (reply: JudgeReply) => void) {
    this.#id = id;
    this.#done = done;
  }

  onStart(status: number): void {
    this.#status = status;
  }

  onData(chunk: Buffer): boolean {
    this.#length += chunk.length;
    if (this.#length <= REPLY_BYTES_MAX) this.#chunks.push(chunk);
    else this.#chunks = [];
    return true;
  }

  onEnd(): void {
    const isAnswer = this.#status < 300 && this.#length <= REPLY_BYTES_MAX;
    this.#done(
      isAnswer
        ? { kind: 'answer', decision: this.#id, body: Buffer.concat(this.#chunks) }
        : { kind: 'failed', httpStatus: this.#status },
    );
  }

  onError(error: Error): void {
    this.#done(
      Fault.isInstance(error) && REFUSED.has(error.code)
        ? { kind: 'refused' }
        : { kind: 'failed', httpStatus: Fault.isInstance(error) ? error.httpStatus : 500 },
    );
  }
}
