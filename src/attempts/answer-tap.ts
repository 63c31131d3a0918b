import type { DialectStream, Usage, Workload } from '../contract/index.ts';
import { createSseTap } from '../wire/index.ts';
import type { Overrun, StreamSplice } from '../wire/index.ts';
import { isCutBy } from './part-limit.ts';
import type { PartLimit } from './part-limit.ts';
import type { SentEvents } from './sent-events.ts';
import type { StreamTranslation, Translation } from './translation.ts';

type SseTap = ReturnType<typeof createSseTap>;

/** What puts the parts of an answer together, and the exchange's own limit of the one at hand; null: none. */
export interface LimitedStream {
  readonly splice: StreamSplice;
  readonly part: PartLimit | null;
}

/** A stream in a form of the server's own; `type` is how its content type begins. */
export interface SpokenStream {
  readonly type: string;
  readonly stream: DialectStream;
}

export const EVENT_STREAM = 'text/event-stream';
/** For clients that wait for it, where a server closes without. */
const DONE = Buffer.from('data: [DONE]\n\n');

/** Reads a streamed answer while it passes, and puts it into the client's dialect. */
export class AnswerTap {
  readonly #tap: SseTap;
  readonly #translation: StreamTranslation | null;
  readonly #choices: number;
  readonly #sent: SentEvents | null;
  #limited: LimitedStream | null;
  #spoken: SpokenStream | null = null;

  constructor(
    tap: SseTap,
    translation: StreamTranslation | null,
    choices: number,
    text: { readonly limited?: LimitedStream | null; readonly sent?: SentEvents | null } = {},
  ) {
    this.#tap = tap;
    this.#translation = translation;
    this.#choices = choices;
    this.#limited = text.limited ?? null;
    this.#sent = text.sent ?? null;
  }

  /** What comes is in a form of the server's own. */
  speak(spoken: SpokenStream): void {
    this.#spoken = spoken;
  }

  /** How the content type of the upstream's stream begins. */
  get streamType(): string {
    return this.#spoken === null ? EVENT_STREAM : this.#spoken.type;
  }

  /** What goes on to the client; null for now nothing. */
  push(chunk: Buffer): Buffer | null {
    if (this.#spoken === null) return this.#passOn(this.#tap.push(chunk));
    const chat = this.#spoken.stream.push(chunk);
    return chat === null ? null : this.#passOn(this.#tap.push(chat));
  }

  /** What is left to go on when the upstream has ended; of an answer that was cut or broke off, not yet its end. */
  flush(): Buffer | null {
    const last = this.#spoken === null ? null : this.#spoken.stream.end();
    const before = last === null ? null : this.#passOn(this.#tap.push(last));
    const rest = joined(before, this.#passOn(this.#tap.flush()));
    if (this.isCut || !this.isComplete) return rest;
    const all = joined(rest, this.end());
    return this.#tap.isDone || this.#translation !== null ? all : joined(all, DONE);
  }

  /** What goes on where the answer ends here. `usage` is that of all of its parts. */
  end(usage: Usage | null = this.#tap.usage): Buffer | null {
    const held = this.#limited === null ? null : this.#limited.splice.finish();
    if (this.#translation === null) return held;
    const last = held === null ? null : this.#translation.push(held);
    return joined(last, this.#translation.end(usage));
  }

  /** What goes on where another part follows. */
  endPart(kind: Overrun, counted: Usage | null = null): Buffer | null {
    const out = this.#limited!.splice.next(kind, counted);
    return this.#translation === null || out === null ? out : this.#translation.push(out);
  }

  /** A tap for the part that follows. */
  forNextPart(part: PartLimit | null): AnswerTap {
    const tap = createSseTap({ hideUsage: this.#tap.hidesUsage });
    const { splice } = this.#limited!;
    return new AnswerTap(tap, this.#translation, this.#choices, { limited: { splice, part } });
  }

  /** The answer so far; null where no limit was set. */
  get splice(): StreamSplice | null {
    return this.#limited === null ? null : this.#limited.splice;
  }

  /** The stream has broken off: the answer so far, for others to go on with. Null where it was not kept. */
  brokenOff(): StreamSplice | null {
    if (this.#sent !== null) this.#limited ??= { splice: this.#sent.read(), part: null };
    return this.splice;
  }

  /** Whether a limit of the exchange's own has ended the answer. */
  get isCut(): boolean {
    const part = this.#limited?.part ?? null;
    return part !== null && isCutBy(part, this.#tap);
  }

  get hasContent(): boolean {
    return this.#tap.hasContent;
  }

  /** Whether the answer is all there. A server may close without `[DONE]` once its only choice has finished. */
  get isComplete(): boolean {
    const { isDone, finishReason } = this.#tap;
    return isDone || (finishReason !== null && this.#choices === 1);
  }

  /** Whether the stream has said that it is over: what comes behind is no part of it. */
  get isDone(): boolean {
    return this.#tap.isDone;
  }

  get hasFailed(): boolean {
    return this.#tap.errorFrame !== null;
  }

  get usage(): Usage | null {
    return this.#tap.usage;
  }

  get finishReason(): string | null {
    return this.#tap.finishReason;
  }

  #passOn(chunk: Buffer | null): Buffer | null {
    let out = chunk;
    if (out !== null) {
      if (this.#limited !== null) out = this.#limited.splice.push(out);
      else if (this.#sent !== null) this.#sent.add(out);
    }
    return out === null || this.#translation === null ? out : this.#translation.push(out);
  }

  /** Events that carried content: near enough the tokens, where the upstream does not count them. */
  get contentEvents(): number {
    return this.#tap.contentEvents;
  }
}

function joined(first: Buffer | null, second: Buffer | null): Buffer | null {
  return first !== null && second !== null ? Buffer.concat([first, second]) : (first ?? second);
}

/** `limited` where the exchange has set a limit of its own, `sent` where others could go on with the answer. */
export function openTap(
  workload: Workload,
  translation: Translation | null,
  text: { readonly limited: LimitedStream | null; readonly sent: SentEvents | null },
): AnswerTap {
  const tap = createSseTap({ hideUsage: translation === null && !workload.wantsStreamUsage });
  return new AnswerTap(
    tap,
    translation === null ? null : translation.openStream(),
    workload.choices,
    text,
  );
}
