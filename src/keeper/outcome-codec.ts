import { extrasOf } from '../contract/index.ts';
import type { AttemptRecord, AttemptShare, Outcome, OutcomeExtras } from '../contract/index.ts';

/** The cells of each outcome in turn, and after them those of its attempts. */
export type EncodedOutcomes = readonly unknown[];

/** Further words than these cross as they are. */
const WORDS_MAX = 4_096;

/** A `user` is the client's text: more of it than this does not reach the ledger. */
const USER_LENGTH_MAX = 256;

/**
 * Outcomes cross threads as one flat array: cloning it costs a third of what cloning the objects does.
 * Words that come again (tenants, models, instances …) cross once, and as their number from then on;
 * the decoder of the line learns them in the same order.
 */
export class OutcomeEncoder {
  readonly #words = new Map<string, number>();

  encode(outcomes: readonly Outcome[]): EncodedOutcomes {
    const cells: unknown[] = [];
    for (const outcome of outcomes) this.#encodeOne(outcome, cells);
    return cells;
  }

  #encodeOne(outcome: Outcome, cells: unknown[]): void {
    const { decision, usage, attempts, user, reservation } = outcome;
    cells.push(
      decision,
      outcome.atMs,
      this.#word(outcome.surface),
      this.#word(outcome.tenant),
      this.#word(outcome.key),
      user !== null && user.length > USER_LENGTH_MAX ? user.slice(0, USER_LENGTH_MAX) : user,
      this.#word(outcome.route),
      this.#word(outcome.mode),
      this.#word(outcome.instance),
      this.#word(outcome.model),
      this.#word(outcome.archetype),
      this.#word(outcome.domain ?? null),
      this.#word(outcome.band ?? null),
      outcome.promptBytes,
      this.#word(outcome.status),
      outcome.httpStatus,
      this.#word(outcome.finishReason),
      usage.promptTokens,
      usage.cachedTokens,
      usage.outputTokens,
      usage.isEstimated,
      outcome.costPicoUsd,
      outcome.energyMicrojoules,
      this.#word(outcome.energySource),
      outcome.ttftMs,
      outcome.totalMs,
      outcome.perTokenMs,
      reservation === decision ? true : reservation,
      extrasOf(outcome),
      attempts.length,
    );
    for (const attempt of attempts) {
      cells.push(
        this.#word(attempt.instance),
        this.#word(attempt.result),
        attempt.status,
        attempt.ttftMs,
        attempt.totalMs,
        attempt.promisedTtftMs,
        attempt.promisedLatencyMs,
        attempt.promisedWaitMs,
        attempt.promisedOutputTokens,
        attempt.batch,
        attempt.turns,
        attempt.pendingTokens,
        attempt.quoted ?? null,
        attempt.share ?? null,
      );
    }
  }

  #word(text: string | null): string | number | null {
    if (text === null) return null;
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    if (this.#words.size < WORDS_MAX) this.#words.set(text, this.#words.size);
    return text;
  }
}

/** The ledger sums whole numbers: anything else counts as the nearest one, and as 0 where there is none. */
const whole = (cell: unknown): number =>
  Number.isSafeInteger(cell)
    ? Math.max(0, cell as number)
    : Math.min(Math.max(0, Math.round(Number(cell)) || 0), Number.MAX_SAFE_INTEGER);

const shareOf = (share: AttemptShare | null): Pick<AttemptRecord, 'share'> =>
  share === null ? {} : { share };

/** The other end of one encoder: it must see every batch, in the order of encoding. */
export class OutcomeDecoder {
  readonly #words: string[] = [];

  decode(cells: EncodedOutcomes): Outcome[] {
    const outcomes: Outcome[] = [];
    let i = 0;
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- each field names its own type
    const next = <T>(): T => cells[i++] as T;
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- each field names its own type
    const word = <T>(): T => this.#word(cells[i++]) as T;
    while (i < cells.length) {
      const decision = next<Outcome['decision']>();
      const outcome = {
        decision,
        atMs: whole(cells[i++]),
        surface: word<Outcome['surface']>(),
        tenant: word<Outcome['tenant']>(),
        key: word<Outcome['key']>(),
        user: next<string | null>(),
        route: word<string>(),
        mode: word<string>(),
        instance: word<Outcome['instance']>(),
        model: word<Outcome['model']>(),
        archetype: word<string>(),
        ...topicOf(word<string | null>(), word<Outcome['band']>()),
        promptBytes: next<number>(),
        status: word<Outcome['status']>(),
        httpStatus: next<number>(),
        finishReason: word<string | null>(),
        usage: {
          promptTokens: whole(cells[i++]),
          cachedTokens: whole(cells[i++]),
          outputTokens: whole(cells[i++]),
          isEstimated: next<boolean>(),
        },
        costPicoUsd: whole(cells[i++]),
        energyMicrojoules: whole(cells[i++]),
        energySource: word<Outcome['energySource']>(),
        ttftMs: next<number | null>(),
        totalMs: next<number>(),
        perTokenMs: next<number | null>(),
        reservation: reservationOf(next<string | true | null>(), decision),
        ...next<OutcomeExtras | null>(),
        attempts: [] as AttemptRecord[],
      };
      for (let left = next<number>(); left > 0; left--) {
        outcome.attempts.push({
          instance: word<AttemptRecord['instance']>(),
          result: word<AttemptRecord['result']>(),
          status: next<number | null>(),
          ttftMs: next<number | null>(),
          totalMs: next<number>(),
          promisedTtftMs: next<number | null>(),
          promisedLatencyMs: next<number | null>(),
          promisedWaitMs: next<number | null>(),
          promisedOutputTokens: next<number | null>(),
          batch: next<number | null>(),
          turns: next<number | null>(),
          pendingTokens: next<number | null>(),
          ...quotedOf(next<AttemptRecord['quoted'] | null>()),
          ...shareOf(next<AttemptShare | null>()),
        });
      }
      outcomes.push(outcome);
    }
    return outcomes;
  }

  #word(cell: unknown): string | null {
    if (typeof cell === 'number') return this.#words[cell] ?? null;
    if (typeof cell === 'string' && this.#words.length < WORDS_MAX) this.#words.push(cell);
    return cell as string | null;
  }
}

function topicOf(domain: string | null, band: Outcome['band']): Pick<Outcome, 'domain' | 'band'> {
  return domain === null ? {} : { domain, band: band ?? null };
}

const quotedOf = (quoted: AttemptRecord['quoted'] | null): Pick<AttemptRecord, 'quoted'> =>
  quoted === null || quoted === undefined ? {} : { quoted };

/** A reservation is named after its decision. */
function reservationOf(cell: string | true | null, decision: string): string | null {
  return cell === true ? decision : cell;
}
