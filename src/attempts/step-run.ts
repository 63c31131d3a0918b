import type {
  AttemptsResult,
  AwardedDecision,
  Confidence,
  FlowController,
  ResponseSink,
} from '../contract/index.ts';
import { accuracyOf } from '../estimate/index.ts';
import type { StepBids } from '../estimate/index.ts';
import { AnswerReader } from '../wire/index.ts';
import type { FormFlaw } from './form-check.ts';

/** An answer longer than this is decided on while it comes. */
const HELD_BYTES_MAX = 1024 * 1024;
/** Characters that stand for a token where the instance tells of none. */
const TOKEN_LENGTH = 4;

/** Who runs the steps: hears of each. */
export interface StepHost {
  /** Enough of the answer is there to decide on it. */
  early(run: StepRun): void;
  done(run: StepRun): void;
}

/** One step of a cascade: its answer is held until it is accepted, and goes straight on from then. */
export class StepRun implements ResponseSink {
  readonly place: number;
  readonly bids: StepBids;
  readonly reader: AnswerReader;
  /** Log-probabilities were asked for although the client had not. */
  readonly isProbed: boolean;
  status = 0;
  headers: Readonly<Record<string, string>> = {};
  error: Error | null = null;
  result: AttemptsResult | null = null;
  hasEnded = false;
  /** Given up before its end, for a dearer model. */
  isAbandoned = false;
  isDecided = false;
  flaw: FormFlaw | null = null;
  confidence: Confidence | null = null;
  /** P(correct) of its answer, as it is believed. */
  believed = 0;
  readonly #host: StepHost;
  readonly #decideAfterTokens: number | null;
  #client: ResponseSink | null = null;
  #head: ((run: StepRun) => void) | null = null;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    host: StepHost,
    { workload, mandate }: AwardedDecision,
    { place, bids, isProbed }: Pick<StepRun, 'place' | 'bids' | 'isProbed'>,
  ) {
    this.#host = host;
    this.place = place;
    this.bids = bids;
    this.isProbed = isProbed;
    this.reader = new AnswerReader({ isStream: workload.isStream, hidesLogprobs: isProbed });
    this.#decideAfterTokens = workload.isStream
      ? (mandate.cascade?.decideAfterTokens ?? null)
      : null;
    this.believed = accuracyOf(bids) ?? 0;
  }

  /** From its beginning, the answer goes straight to the client. */
  passTo(client: ResponseSink, head: (run: StepRun) => void): void {
    this.#client = client;
    this.#head = head;
  }

  get isPassed(): boolean {
    return this.#client !== null;
  }

  /** What was held goes out, and all that follows. False: the client wants a pause. */
  release(client: ResponseSink, isOpen: () => boolean): boolean {
    this.#client = client;
    const held = this.#chunks;
    this.#chunks = [];
    let goesOn = true;
    // It is all in memory already: to hold it back for a slow reader would save nothing.
    for (const chunk of held) if (isOpen()) goesOn = client.onData(chunk);
    return goesOn;
  }

  onStart(status: number, headers: Readonly<Record<string, string>>, _flow: FlowController): void {
    this.status = status;
    this.headers = headers;
    if (this.#head === null) return;
    // A refusal may be due to what the exchange has put in: it is looked at first.
    if (this.isProbed && status >= 300) this.#client = null;
    else this.#head(this);
  }

  onData(chunk: Buffer): boolean {
    const out = this.reader.read(chunk);
    if (this.#client !== null) return this.#client.onData(out);
    this.#chunks.push(out);
    this.#bytes += out.length;
    if (!this.isDecided && this.#isEnough()) this.#host.early(this);
    return true;
  }

  onEnd(): void {
    this.hasEnded = true;
  }

  onError(error: Error): void {
    this.error = error;
  }

  readonly onDone = (result: AttemptsResult): void => {
    this.result = result;
    this.#host.done(this);
  };

  #isEnough(): boolean {
    if (this.#bytes > HELD_BYTES_MAX) return true;
    if (this.#decideAfterTokens === null) return false;
    const { tokens, text } = this.reader;
    return Math.max(tokens, text.length / TOKEN_LENGTH) >= this.#decideAfterTokens;
  }
}
