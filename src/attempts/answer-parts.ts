import type { Usage } from '../contract/index.ts';
import type { Attempt } from './attempt.ts';
import { NO_USAGE } from './settlement.ts';
import type { Timing } from './settlement.ts';

/** What the parts of one answer came to that are over. Each went on with those before it. */
export class AnswerParts {
  /** The last that is over. */
  last: Attempt | null = null;
  usage: Usage = NO_USAGE;
  energyMicrojoules = 0;
  /** Unstreamed: their bytes. */
  readonly bodies: Buffer[] = [];
  #first: Attempt | null = null;
  #decodeMs = 0;

  add(attempt: Attempt, nowMs: number, usage: Usage, energyMicrojoules: number): void {
    this.usage = this.usageWith(usage);
    this.#decodeMs += attempt.timing(nowMs).decodeMs ?? 0;
    this.energyMicrojoules += energyMicrojoules;
    this.#first ??= attempt;
    this.last = attempt;
  }

  /** Whether it goes on with what another instance has begun. */
  isHeir({ bid }: Attempt): boolean {
    return this.#first !== null && this.#first.bid.instance.id !== bid.instance.id;
  }

  /** The prompt is counted once: that it is read again for a further part is the exchange's doing. */
  usageWith(usage: Usage): Usage {
    if (this.#first === null) return usage;
    const { reasoningTokens: thought, ...before } = this.usage;
    const reasoningTokens = (thought ?? 0) + (usage.reasoningTokens ?? 0);
    return {
      ...before,
      outputTokens: before.outputTokens + usage.outputTokens,
      isEstimated: before.isEstimated || usage.isEstimated,
      ...(reasoningTokens > 0 && { reasoningTokens }),
    };
  }

  /** From the dispatch of the first part to the end of the one at hand. */
  timingWith(attempt: Attempt, nowMs: number): Timing {
    const own = attempt.timing(nowMs);
    const first = this.#first;
    if (first === null) return own;
    const ownDecodeMs = attempt === this.last ? 0 : (own.decodeMs ?? 0);
    const { ttftMs } = first.timing(nowMs);
    return {
      ttftMs,
      totalMs: nowMs - first.startedMs,
      decodeMs: ttftMs === null ? null : this.#decodeMs + ownDecodeMs,
    };
  }
}
