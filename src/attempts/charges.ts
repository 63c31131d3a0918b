import type { AttemptRecord, AttemptsResult, AttemptShare, Usage } from '../contract/index.ts';

/** What one of several servings of a request came to, and what it was for. */
export interface Charge {
  readonly role: AttemptShare['role'];
  readonly result: AttemptsResult;
  readonly confidence: AttemptShare['confidence'];
}

/**
 * The result of a request that was served more than once: `ending` says how it ended; usage, cost and
 * energy are those of all. The attempts of the ending come last.
 */
export function totalOf(
  ending: Charge,
  others: readonly Charge[],
  totalMs: number,
): AttemptsResult {
  let { usage, costPicoUsd, energyMicrojoules } = ending.result;
  const attempts: AttemptRecord[] = [];
  for (const other of others) {
    usage = plus(usage, other.result.usage);
    costPicoUsd += other.result.costPicoUsd;
    energyMicrojoules += other.result.energyMicrojoules;
    attempts.push(...recordsOf(other));
  }
  attempts.push(...recordsOf(ending));
  const sums = { usage, costPicoUsd: Math.min(costPicoUsd, Number.MAX_SAFE_INTEGER) };
  return { ...ending.result, ...sums, energyMicrojoules, totalMs, attempts };
}

/** What was charged stands with the last of its attempts. */
function recordsOf({ role, result, confidence }: Charge): readonly AttemptRecord[] {
  const { attempts, usage, costPicoUsd, energyMicrojoules, bid, payment } = result;
  const last = attempts.at(-1);
  const isCharged = usage.promptTokens + usage.outputTokens > 0;
  if (last === undefined || bid === null || !isCharged) return attempts;
  const { id: model } = bid.instance.model;
  const own = { role, model, usage, costPicoUsd, energyMicrojoules, confidence };
  const share = payment === undefined ? own : { ...own, payment };
  return [...attempts.slice(0, -1), { ...last, share }];
}

const plus = (a: Usage, b: Usage): Usage => ({
  promptTokens: a.promptTokens + b.promptTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  isEstimated: a.isEstimated || b.isEstimated,
});

/** Of results that are not the answer's. */
export const asideOf = (charges: readonly Charge[]): number =>
  charges.reduce((sum, { result }) => sum + result.costPicoUsd, 0);
