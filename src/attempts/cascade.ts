import { andThen, fault, isPromise } from '../kernel/index.ts';
import type { MaybeAsync } from '../kernel/index.ts';
import type {
  AttemptsResult,
  AwardedDecision,
  Bid,
  CascadePlan,
  Confidence,
  FlowController,
  Model,
} from '../contract/index.ts';
import { accuracyOf, believedOf } from '../estimate/index.ts';
import type { StepBids } from '../estimate/index.ts';
import { asideOf, totalOf } from './charges.ts';
import type { Charge } from './charges.ts';
import { cascadeHead } from './cascade-head.ts';
import { nextStep } from './escalation.ts';
import type { NextStep } from './escalation.ts';
import { formFlaw } from './form-check.ts';
import { SelfCheck } from './self-check.ts';
import { Serving } from './serving.ts';
import type { Client, ServingTools } from './serving-tools.ts';
import { logprobsField, stepDecision } from './step-decision.ts';
import { StepRun } from './step-run.ts';
import type { StepHost } from './step-run.ts';

/** Models that have refused a request for its log-probabilities: they are not asked for them again. */
const WITHOUT_LOGPROBS = new WeakSet<Model>();
/** P(correct) of an answer that has not the form that was asked for. */
const FLAWED = 0.02;
/** Where nothing is known of a model. */
const UNKNOWN = 0.5;

/**
 * A request that is asked of one model after the other, until an answer is good enough. Each step is a
 * serving of its own, with its retries. The client gets one answer and nothing of the others: an answer
 * is held until it is accepted, unless nothing can come after it. All that was asked is charged. A step
 * that fails is followed by the next, and the answer that was there before stands where that fails too.
 */
export class Cascade implements FlowController, StepHost {
  readonly #tools: ServingTools;
  readonly #decision: AwardedDecision;
  readonly #plan: CascadePlan;
  readonly #client: Client;
  readonly #steps: readonly StepBids[];
  readonly #giveUpMs: number;
  /** What was charged, or tried, for other answers than the one at hand. */
  readonly #charges: Charge[] = [];
  readonly #asked: StepRun[] = [];
  /** An answer that may still be served, where a dearer one fails. */
  #kept: StepRun | null = null;
  #run: StepRun | null = null;
  #flow: FlowController | null = null;
  /** It has refused this request while log-probabilities were asked for. */
  #refusing: Model | null = null;
  #hasStarted = false;
  #isOver = false;

  constructor(
    tools: ServingTools,
    decision: AwardedDecision,
    client: Client,
    steps: readonly StepBids[],
  ) {
    this.#tools = tools;
    this.#decision = decision;
    this.#plan = decision.mandate.cascade!;
    this.#client = client;
    this.#steps = steps;
    this.#giveUpMs = tools.clock.monotonicMs() + decision.mandate.attempts.totalTimeoutMs;
  }

  proceed(): void {
    this.#ask(0, this.#steps[0]!.bids);
  }

  pause(): void {
    if (this.#run?.isPassed === true) this.#flow?.pause();
  }

  resume(): void {
    this.#flow?.resume();
  }

  /** The client has left: whoever is asked stops, and all that was used is settled. */
  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const run = this.#run;
    this.#flow?.abort();
    const problem = fault('BRS_ABORTED');
    const httpStatus = this.#hasStarted ? run!.status : problem.httpStatus;
    if (run?.result) {
      const result = { ...run.result, status: 'aborted' as const, httpStatus };
      this.#end(() => this.#client.sink.onError(problem), { ...chargeOf(run), result });
    }
  }

  /** A stream is long enough to tell, or too long to be held. */
  early(run: StepRun): void {
    if (!this.#isOver && !run.isDecided) this.#consider(run);
  }

  done(run: StepRun): void {
    if (this.#isOver) return;
    const { status, httpStatus, bid } = run.result!;
    // What it refused with log-probabilities and served without them was refused for them.
    if (status === 'ok' && bid!.instance.model === this.#refusing) {
      WITHOUT_LOGPROBS.add(this.#refusing);
    }
    if (run.isAbandoned) this.#charges.push(chargeOf(run));
    else if (run.isPassed && run.status !== 0) this.#finish(run);
    else if (run.hasEnded && status !== 'ok') this.#onClientFault(run, httpStatus);
    // Where a decision on the answer is under way, it will see what became of it.
    else if (status !== 'ok' && (run.isPassed || !run.isDecided)) this.#onFailure(run);
    else if (!run.isDecided) this.#consider(run);
  }

  #ask(place: number, bids: readonly Bid[]): void {
    const { workload } = this.#decision;
    const own = this.#steps[place]!;
    const { model } = bids[0]!.instance;
    const isUnable = WITHOUT_LOGPROBS.has(model) || this.#refusing === model;
    const field = isUnable ? null : logprobsField(workload, this.#plan);
    const step = { step: own.step, bids };
    const run = new StepRun(this, this.#decision, { place, bids: step, isProbed: field !== null });
    this.#run = run;
    this.#asked.push(run);
    // Nothing may follow, so nothing has to be held; an unstreamed answer comes whole in any case.
    if (workload.isStream && !this.#mayEscalate(run)) {
      run.passTo(this.#client.sink, (started) => this.#start(started));
      run.isDecided = true;
    }
    const { effort } = own.step;
    const decision = stepDecision(this.#decision, bids, { effort, field });
    const serving = new Serving(this.#tools, decision, {
      sink: run,
      ceiling: this.#client.ceiling,
      onDone: run.onDone,
      giveUpMs: this.#giveUpMs,
    });
    this.#flow = serving;
    serving.proceed();
  }

  /** Whether any answer of this step could be doubtful enough for another one. */
  #mayEscalate(run: StepRun): boolean {
    if (run.place === this.#steps.length - 1) return false;
    const doubt = { now: FLAWED, confidence: null };
    return this.#nextAfter(run, doubt, this.#decision.result.ranked) !== null;
  }

  /** Decides once on an answer, at its end or early: it is accepted, or a dearer model is asked. */
  #consider(run: StepRun): void {
    run.isDecided = true;
    run.flaw = run.hasEnded ? formFlaw(run.reader, this.#decision.workload) : null;
    const decided = andThen(this.#confidenceOf(run), (confidence) => {
      run.confidence = confidence;
      run.believed = this.#believed(run);
      if (this.#isOver || run.place === this.#steps.length - 1) return null;
      return andThen(this.#freshBids(), (bids) =>
        this.#nextAfter(run, { now: run.believed, confidence }, bids),
      );
    });
    if (!isPromise(decided)) return this.#act(run, decided);
    decided.then(
      (next) => this.#act(run, next),
      () => this.#act(run, null),
    );
  }

  #act(run: StepRun, next: NextStep | null): void {
    if (this.#isOver) return;
    // What broke off meanwhile is no answer.
    if (run.result !== null && run.result.status !== 'ok') return this.#onFailure(run);
    if (next === null) return this.#accept(run);
    this.#tools.onEvent({
      kind: 'escalated',
      decision: this.#decision.workload.id,
      from: run.bids.step.model,
      to: next.bids[0]!.instance.model.id,
      believed: run.believed,
      because: reasonOf(run),
    });
    if (run.hasEnded) this.#keep(run);
    else {
      run.isAbandoned = true;
      this.#flow?.abort();
    }
    if (!this.#isOver) this.#ask(next.place, next.bids);
  }

  #accept(run: StepRun): void {
    const kept = this.#kept;
    if (kept === null || run.flaw === null || kept.flaw !== null) return this.#deliver(run);
    this.#charges.push(chargeOf(run));
    this.#kept = null;
    this.#deliver(kept);
  }

  /** Of two answers that were not good enough, the later one stays, unless its form is wrong. */
  #keep(run: StepRun): void {
    const kept = this.#kept;
    if (kept !== null && run.flaw !== null && kept.flaw === null) {
      this.#charges.push(chargeOf(run));
      return;
    }
    if (kept !== null) this.#charges.push(chargeOf(kept));
    this.#kept = run;
  }

  #onFailure(run: StepRun): void {
    this.#charges.push(chargeOf(run));
    const next = this.#steps[run.place + 1];
    const hasTime = this.#tools.clock.monotonicMs() < this.#giveUpMs;
    if (this.#kept !== null) {
      const kept = this.#kept;
      this.#kept = null;
      this.#deliver(kept);
    } else if (next !== undefined && hasTime) {
      this.#ask(run.place + 1, next.bids);
    } else {
      this.#charges.pop();
      this.#isOver = true;
      this.#end(() => this.#client.sink.onError(run.error!), chargeOf(run));
    }
  }

  /** The request itself is wrong, unless it is what the exchange has put into it. */
  #onClientFault(run: StepRun, httpStatus: number): void {
    const { model } = run.bids.bids[0]!.instance;
    if (run.isProbed && (httpStatus === 400 || httpStatus === 422)) {
      this.#refusing = model;
      this.#charges.push(chargeOf(run));
      this.#ask(run.place, run.bids.bids);
    } else if (!run.isDecided) {
      run.isDecided = true;
      this.#accept(run);
    }
  }

  /** The client's answer begins. */
  #deliver(run: StepRun): void {
    this.#run = run;
    if (this.#kept !== null) this.#charges.push(chargeOf(this.#kept));
    this.#kept = null;
    this.#start(run);
    const goesOn = run.release(this.#client.sink, () => !this.#isOver);
    if (this.#isOver) return;
    if (run.hasEnded) this.#finish(run);
    else if (!goesOn) this.#flow?.pause();
  }

  #start(run: StepRun): void {
    if (run.isPassed && this.#kept !== null) {
      this.#charges.push(chargeOf(this.#kept));
      this.#kept = null;
    }
    this.#hasStarted = true;
    const asideUsd = asideOf(this.#charges);
    const headers = cascadeHead(run, this.#asked, asideUsd);
    this.#client.sink.onStart(run.status, headers, this);
  }

  #finish(run: StepRun): void {
    this.#isOver = true;
    run.confidence ??= this.#tokenConfidence(run);
    const { sink } = this.#client;
    const { error } = run;
    this.#end(() => (error === null ? sink.onEnd() : sink.onError(error)), chargeOf(run));
  }

  #end(tell: () => void, ending: Charge): void {
    this.#flow = null;
    if (this.#kept !== null && this.#kept.result !== ending.result) {
      this.#charges.push(chargeOf(this.#kept));
    }
    const nowMs = this.#tools.clock.monotonicMs();
    const totalMs = nowMs - this.#decision.workload.startedMs;
    try {
      tell();
    } finally {
      this.#client.onDone(totalOf(ending, this.#charges, totalMs));
    }
  }

  #believed(run: StepRun): number {
    const { confidence, flaw } = run;
    if (flaw !== null) return FLAWED;
    if (confidence === null) return accuracyOf(run.bids) ?? UNKNOWN;
    const beliefs = this.#tools.beliefs?.() ?? NOTHING_LEARNED;
    return believedOf(beliefs, run.bids.step.model, confidence);
  }

  #confidenceOf(run: StepRun): MaybeAsync<Confidence | null> {
    const believed = accuracyOf(run.bids);
    if (this.#plan.confidence !== 'selfCheck') return this.#tokenConfidence(run);
    const isMoot = run.flaw !== null || !run.hasEnded || believed === null;
    if (isMoot || !this.#mayEscalate(run)) return null;
    const check = new SelfCheck(this.#tools, this.#decision, run, this.#giveUpMs);
    this.#flow = check;
    return check.ask((charge) => this.#charges.push(charge));
  }

  #tokenConfidence({ bids, reader }: StepRun): Confidence | null {
    const { confidence: kind } = this.#plan;
    const believed = accuracyOf(bids);
    if (believed === null || reader.tokens === 0) return null;
    if (kind === 'meanLogprob') {
      return { kind, value: reader.logprobSum / reader.tokens, believed };
    }
    return kind === 'minLogprob' ? { kind, value: reader.logprobMin, believed } : null;
  }

  /** Bids as they are at this moment: queues have changed while the answer came. */
  #freshBids(): MaybeAsync<readonly Bid[]> {
    const asked = this.#decision.result.ranked;
    const fresh = this.#tools.requote?.(this.#decision) ?? asked;
    return isPromise(fresh) ? fresh.catch(() => asked) : fresh;
  }

  #nextAfter(
    run: StepRun,
    answer: { readonly now: number; readonly confidence: Confidence | null },
    bids: readonly Bid[],
  ): NextStep | null {
    const { clock } = this.#tools;
    return nextStep(this.#decision, this.#steps, bids, {
      place: run.place,
      ...answer,
      beliefs: this.#tools.beliefs?.() ?? NOTHING_LEARNED,
      spentPicoUsd: asideOf(this.#charges) + (run.result?.costPicoUsd ?? 0),
      elapsedMs: clock.monotonicMs() - this.#decision.workload.startedMs,
    });
  }
}

const NOTHING_LEARNED = { confidence: new Map<string, never>() };

const chargeOf = ({ result, confidence }: StepRun): Charge => ({
  role: 'step',
  result: result as AttemptsResult,
  confidence,
});

function reasonOf({ flaw, confidence }: StepRun): string {
  if (flaw !== null) return flaw;
  return confidence === null ? 'accuracy' : `${confidence.kind} ${confidence.value.toFixed(3)}`;
}
