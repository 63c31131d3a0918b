import type { AttemptRecord, Outcome } from '../contract/index.ts';

/** The cells of each outcome in turn, and after them those of its attempts. */
export type EncodedOutcomes = readonly unknown[];

/** A `user` is the client's text: more of it than this does not reach the ledger. */
const USER_LENGTH_MAX = 256;

/**
 * Outcomes cross threads as one flat array: cloning it costs a third of what cloning the objects does
 * (measured: 1.6 against 4.6 µs per outcome, both ends together).
 */
export function encodeOutcomes(outcomes: readonly Outcome[]): EncodedOutcomes {
  const cells: unknown[] = [];
  for (const outcome of outcomes) {
    const { usage, attempts, user } = outcome;
    cells.push(
      outcome.decision,
      outcome.atMs,
      outcome.surface,
      outcome.tenant,
      outcome.key,
      user !== null && user.length > USER_LENGTH_MAX ? user.slice(0, USER_LENGTH_MAX) : user,
      outcome.route,
      outcome.mode,
      outcome.instance,
      outcome.model,
      outcome.archetype,
      outcome.promptBytes,
      outcome.status,
      outcome.httpStatus,
      outcome.finishReason,
      usage.promptTokens,
      usage.cachedTokens,
      usage.outputTokens,
      usage.isEstimated,
      outcome.costPicoUsd,
      outcome.energyMicrojoules,
      outcome.energySource,
      outcome.ttftMs,
      outcome.totalMs,
      outcome.perTokenMs,
      outcome.reservation,
      attempts.length,
    );
    for (const attempt of attempts) {
      cells.push(
        attempt.instance,
        attempt.result,
        attempt.status,
        attempt.ttftMs,
        attempt.totalMs,
        attempt.promisedTtftMs,
        attempt.promisedLatencyMs,
        attempt.promisedWaitMs,
        attempt.promisedOutputTokens,
      );
    }
  }
  return cells;
}

/** The ledger sums whole numbers: anything else counts as the nearest one, and as 0 where there is none. */
const whole = (cell: unknown): number =>
  Number.isSafeInteger(cell)
    ? Math.max(0, cell as number)
    : Math.min(Math.max(0, Math.round(Number(cell)) || 0), Number.MAX_SAFE_INTEGER);

export function decodeOutcomes(cells: EncodedOutcomes): Outcome[] {
  const outcomes: Outcome[] = [];
  let i = 0;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- each field names its own type
  const next = <T>(): T => cells[i++] as T;
  while (i < cells.length) {
    const outcome = {
      decision: next<Outcome['decision']>(),
      atMs: whole(cells[i++]),
      surface: next<Outcome['surface']>(),
      tenant: next<Outcome['tenant']>(),
      key: next<Outcome['key']>(),
      user: next<string | null>(),
      route: next<string>(),
      mode: next<string>(),
      instance: next<Outcome['instance']>(),
      model: next<Outcome['model']>(),
      archetype: next<string>(),
      promptBytes: next<number>(),
      status: next<Outcome['status']>(),
      httpStatus: next<number>(),
      finishReason: next<string | null>(),
      usage: {
        promptTokens: whole(cells[i++]),
        cachedTokens: whole(cells[i++]),
        outputTokens: whole(cells[i++]),
        isEstimated: next<boolean>(),
      },
      costPicoUsd: whole(cells[i++]),
      energyMicrojoules: whole(cells[i++]),
      energySource: next<Outcome['energySource']>(),
      ttftMs: next<number | null>(),
      totalMs: next<number>(),
      perTokenMs: next<number | null>(),
      reservation: next<string | null>(),
      attempts: [] as AttemptRecord[],
    };
    for (let left = next<number>(); left > 0; left--) {
      outcome.attempts.push({
        instance: next<AttemptRecord['instance']>(),
        result: next<AttemptRecord['result']>(),
        status: next<number | null>(),
        ttftMs: next<number | null>(),
        totalMs: next<number>(),
        promisedTtftMs: next<number | null>(),
        promisedLatencyMs: next<number | null>(),
        promisedWaitMs: next<number | null>(),
        promisedOutputTokens: next<number | null>(),
      });
    }
    outcomes.push(outcome);
  }
  return outcomes;
}
