import type {
  AwardedDecision,
  Bid,
  Confidence,
  FlowController,
  ResponseSink,
} from '../contract/index.ts';
import { accuracyOf } from '../estimate/index.ts';
import { AnswerReader, readSelfCheck } from '../wire/index.ts';
import type { Charge } from './charges.ts';
import { Serving } from './serving.ts';
import type { ServingTools } from './serving-tools.ts';
import { checkDecision } from './step-decision.ts';
import type { StepRun } from './step-run.ts';

/** Asks a model whether an answer is right: a short call, charged like any other. */
export class SelfCheck implements FlowController {
  readonly #tools: ServingTools;
  readonly #decision: AwardedDecision;
  readonly #run: StepRun;
  readonly #giveUpMs: number;
  #serving: Serving | null = null;

  constructor(tools: ServingTools, decision: AwardedDecision, run: StepRun, giveUpMs: number) {
    this.#tools = tools;
    this.#decision = decision;
    this.#run = run;
    this.#giveUpMs = giveUpMs;
  }

  pause(): void {
    this.#serving?.pause();
  }

  resume(): void {
    this.#serving?.resume();
  }

  abort(): void {
    this.#serving?.abort();
  }

  /** Null where nobody could be asked, or the reply says nothing. */
  ask(onCharge: (charge: Charge) => void): Promise<Confidence | null> {
    const { promise, resolve } = Promise.withResolvers<Confidence | null>();
    const { bids, reader } = this.#run;
    const asked = this.#bids();
    const answer =
      reader.text !== '' || reader.calls.length === 0 ? reader.text : JSON.stringify(reader.calls);
    const decision = asked.length === 0 ? null : checkDecision(this.#decision, asked, answer);
    const believed = accuracyOf(bids);
    if (decision === null || believed === null) return Promise.resolve(null);
    const reply = new AnswerReader({ isStream: false, hidesLogprobs: false });
    this.#serving = new Serving(this.#tools, decision, {
      sink: new ReplySink(reply),
      ceiling: null,
      giveUpMs: this.#giveUpMs,
      onDone: (result) => {
        onCharge({ role: 'check', result, confidence: null });
        const value = result.status === 'ok' ? readSelfCheck(reply) : null;
        resolve(value === null ? null : { kind: 'selfCheck', value, believed });
      },
    });
    this.#serving.proceed();
    return promise;
  }

  /** The model that gave the answer, there first where the conversation is in its cache; or another that may serve. */
  #bids(): readonly Bid[] {
    const { checkedBy } = this.#decision.mandate.cascade!;
    const { ranked } = this.#decision.result;
    const model = checkedBy ?? this.#run.bids.step.model;
    const bids = ranked.filter(({ instance }) => instance.model.id === model);
    const served = this.#run.result?.bid?.instance.id;
    return bids.toSorted(
      (a, b) => Number(b.instance.id === served) - Number(a.instance.id === served),
    );
  }
}

class ReplySink implements ResponseSink {
  readonly #reader: AnswerReader;

  constructor(reader: AnswerReader) {
    this.#reader = reader;
  }

  onStart(): void {}

  onData(chunk: Buffer): boolean {
    this.#reader.read(chunk);
    return true;
  }

  onEnd(): void {}

  onError(): void {}
}
