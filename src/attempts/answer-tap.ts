import type { Usage, Workload } from '../contract/index.ts';
import { createSseTap } from '../wire/index.ts';
import type { Overrun, StreamSplice } from '../wire/index.ts';
import { isCutBy } from './part-limit.ts';
import type { PartLimit } from './part-limit.ts';
import type { StreamTranslation, Translation } from './translation.ts';

type SseTap = ReturnType<typeof createSseTap>;

/** What puts the parts of an answer together, and the exchange's own limit of the one at hand; null: none. */
export interface LimitedStream {
  readonly splice: StreamSplice;
  readonly part: PartLimit | null;
}

/** Reads a streamed answer while it passes, and puts it into the client's dialect. */
export class AnswerTap {
  readonly #tap: SseTap;
  readonly #translation: StreamTranslation | null;
  readonly #choices: number;
  readonly #limited: LimitedStream | null;

  constructor(
    tap: SseTap,
    translation: StreamTranslation | null,
    choices: number,
    limited: LimitedStream | null = null,
  ) {
    this.#tap = tap;
    this.#translation = translation;
    this.#choices = choices;
    this.#limited = limited;
  }

  /** What goes on to the client; null for now nothing. */
  push(chunk: Buffer): Buffer | null {
    return this.#passOn(this.#tap.push(chunk));
  }

  /** What is left to go on when the upstream has ended; of an answer that was cut, not yet its end. */
  flush(): Buffer | null {
    const rest = this.#passOn(this.#tap.flush());
    return this.isCut ? rest : joined(rest, this.end());
  }

  /** What goes on where the answer ends here. `usage` is that of all of its parts. */
  end(usage: Usage | null = this.#tap.usage): Buffer | null {
    const held = this.#limited === null ? null : this.#limited.splice.finish();
    if (this.#translation === null) return held;
    const last = held === null ? null : this.#translation.push(held);
    return joined(last, this.#translation.end(usage));
  }

  /** What goes on where another part follows. */
  endPart(kind: Overrun): Buffer | null {
    const out = this.#limited!.splice.next(kind);
    return this.#translation === null || out === null ? out : this.#translation.push(out);
  }

  /** A tap for the part that follows. */
  forNextPart(part: PartLimit | null): AnswerTap {
    const tap = createSseTap({ hideUsage: this.#tap.hidesUsage });
    const { splice } = this.#limited!;
    return new AnswerTap(tap, this.#translation, this.#choices, { splice, part });
  }

  /** The answer so far; null where no limit was set. */
  get splice(): StreamSplice | null {
    return this.#limited === null ? null : this.#limited.splice;
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
    if (out !== null && this.#limited !== null) out = this.#limited.splice.push(out);
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

/** `limited` where the exchange has set a limit of its own. */
export function openTap(
  workload: Workload,
  translation: Translation | null,
  limited: LimitedStream | null,
): AnswerTap {
  const tap = createSseTap({ hideUsage: translation === null && !workload.wantsStreamUsage });
  return new AnswerTap(
    tap,
    translation === null ? null : translation.openStream(),
    workload.choices,
    limited,
  );
}
