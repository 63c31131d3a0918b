import type { Usage, Workload } from '../contract/index.ts';
import { createSseTap } from '../wire/index.ts';
import type { StreamTranslation, Translation } from './translation.ts';

type SseTap = ReturnType<typeof createSseTap>;

/** Reads a streamed answer while it passes, and puts it into the client's dialect. */
export class AnswerTap {
  readonly #tap: SseTap;
  readonly #translation: StreamTranslation | null;
  readonly #choices: number;

  constructor(tap: SseTap, translation: StreamTranslation | null, choices: number) {
    this.#tap = tap;
    this.#translation = translation;
    this.#choices = choices;
  }

  /** What goes on to the client; null for now nothing. */
  push(chunk: Buffer): Buffer | null {
    const out = this.#tap.push(chunk);
    return this.#translation === null || out === null ? out : this.#translation.push(out);
  }

  /** What is left to go on when the upstream has ended. */
  flush(): Buffer | null {
    const rest = this.#tap.flush();
    if (this.#translation === null) return rest;
    const last = rest === null ? null : this.#translation.push(rest);
    const end = this.#translation.end(this.#tap.usage);
    return last !== null && end !== null ? Buffer.concat([last, end]) : (last ?? end);
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

  /** Events that carried content: near enough the tokens, where the upstream does not count them. */
  get contentEvents(): number {
    return this.#tap.contentEvents;
  }
}

export function openTap(workload: Workload, translation: Translation | null): AnswerTap {
  const tap = createSseTap({ hideUsage: translation === null && !workload.wantsStreamUsage });
  return new AnswerTap(
    tap,
    translation === null ? null : translation.openStream(),
    workload.choices,
  );
}
