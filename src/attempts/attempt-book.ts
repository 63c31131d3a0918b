import type { AttemptRecord, AttemptResult, Breakers } from '../contract/index.ts';
import type { Attempt } from './attempt.ts';
import { pendingTokensOf } from './settlement.ts';
import type { Timing } from './settlement.ts';

/** How the attempts at one request ended: told to their circuits, and written down, once each. */
export class AttemptBook {
  readonly records: AttemptRecord[] = [];
  readonly #breakers: Breakers;
  /** The last whose circuit was told, and the last that was written down. */
  #ended: Attempt | null = null;
  #recorded: Attempt | null = null;

  constructor(breakers: Breakers) {
    this.#breakers = breakers;
  }

  /** Goes out: until its first token its prompt stands in the way of others. */
  begin(attempt: Attempt): void {
    attempt.pendingTokens = pendingTokensOf(attempt.bid, attempt.tap !== null);
    const { instance, promptTokens, outputTokens } = attempt.bid;
    this.#breakers.prefill(instance.id, attempt.pendingTokens);
    if (instance.rates === undefined) return;
    this.#breakers.spend?.(instance.id, instance.rates, promptTokens + outputTokens.mean);
  }

  /** Its dispatch is over, but not the answer that it is a part of. */
  end(attempt: Attempt, result: AttemptResult, retryAfterMs: number | null): void {
    if (this.#ended === attempt) return;
    this.#ended = attempt;
    this.prefilled(attempt);
    this.#breakers.end(attempt.bid.instance.id, attempt.pass, result, retryAfterMs);
  }

  /** Its prompt is computed: it stands in nobody's way any more. */
  prefilled(attempt: Attempt): void {
    if (!(attempt.pendingTokens > 0)) return;
    this.#breakers.prefill(attempt.bid.instance.id, -attempt.pendingTokens);
    attempt.pendingTokens = 0;
  }

  leave(
    attempt: Attempt,
    result: AttemptResult,
    retryAfterMs: number | null,
    { ttftMs, totalMs }: Timing,
  ): void {
    this.end(attempt, result, retryAfterMs);
    if (this.#recorded === attempt) return;
    this.#recorded = attempt;
    const { bid, status } = attempt;
    const quoted = bid.external?.quoted ?? null;
    this.records.push({
      instance: bid.instance.id,
      result,
      status,
      ttftMs,
      totalMs,
      promisedTtftMs: (quoted ?? bid).ttftMs.mean,
      promisedLatencyMs: (quoted ?? bid).latencyMs.mean,
      promisedWaitMs: bid.waitMs,
      promisedOutputTokens: bid.outputTokens.mean,
      batch: bid.occupancy?.batch ?? null,
      turns: bid.occupancy?.turns ?? null,
      pendingTokens: bid.occupancy?.pendingTokens ?? null,
      ...(quoted !== null && { quoted: { energyJoules: quoted.energyJoules?.mean ?? null } }),
    });
  }
}
