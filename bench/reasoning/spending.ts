import type { Effort } from '../../src/contract/index.ts';
import { effortFor } from '../../src/policy/injection/effort.ts';
import type { EffortScale } from '../../src/policy/injection/effort.ts';
import { EFFORTS } from './fleet.ts';
import type { Results } from './fleet.ts';

/** Averages per question. */
export interface Spending {
  readonly tokens: number;
  /** Share of right answers, 0 to 1. */
  readonly accuracy: number;
}

/** What it costs and brings to give each question the effort that `choose` says. */
export function spend(results: readonly Results[], choose: (question: number) => Effort): Spending {
  let tokens = 0;
  let right = 0;
  for (const [i, result] of results.entries()) {
    const chosen = result[choose(i)];
    tokens += chosen.tokens;
    right += chosen.right;
  }
  return { tokens: tokens / results.length, accuracy: right / results.length };
}

export function effortOn(scale: EffortScale, difficulty: number): Effort {
  return effortFor(scale, { value: difficulty } as never)!;
}

/**
 * Who knows beforehand which efforts will be right takes the least of them, and none where none is. The
 * efforts of one question meet the same luck: each is right wherever a lesser one is.
 */
export function spendWithForesight(results: readonly Results[]): Spending {
  let tokens = 0;
  let right = 0;
  for (const result of results) {
    let below = 0;
    for (const effort of EFFORTS) {
      tokens += Math.max(0, result[effort].right - below) * result[effort].tokens;
      below = Math.max(below, result[effort].right);
    }
    tokens += (1 - below) * result.off.tokens;
    right += below;
  }
  return { tokens: tokens / results.length, accuracy: right / results.length };
}

/** Who sees without fail that a first answer is wrong, and then pays for a second one. */
export function spendWithCheck(results: readonly Results[]): Spending {
  let tokens = 0;
  let right = 0;
  for (const { off, high } of results) {
    tokens += off.tokens + (1 - off.right) * high.tokens;
    right += Math.max(off.right, high.right);
  }
  return { tokens: tokens / results.length, accuracy: right / results.length };
}

/** Who knows how hard each question is, though not the luck: the most accuracy where a token costs `price`. */
export function spendKnowingDifficulty(results: readonly Results[], price: number): Spending {
  const worth = (result: Results, effort: Effort): number =>
    result[effort].right - price * result[effort].tokens;
  return spend(results, (i) => {
    let best: Effort = 'off';
    for (const effort of EFFORTS) {
      if (worth(results[i]!, effort) > worth(results[i]!, best)) best = effort;
    }
    return best;
  });
}

/** The accuracy of mixing the fixed efforts at random for as many tokens: what no reading of the prompt gets. */
export function accuracyOfMixing(results: readonly Results[], tokens: number): number {
  const fixed = EFFORTS.map((effort) => spend(results, () => effort));
  let best = fixed[0]!.accuracy;
  for (const less of fixed) {
    for (const more of fixed) {
      if (less.tokens > tokens || more.tokens < tokens || less.tokens === more.tokens) continue;
      const share = (tokens - less.tokens) / (more.tokens - less.tokens);
      best = Math.max(best, less.accuracy + share * (more.accuracy - less.accuracy));
    }
  }
  return best;
}

/** Every scale on a grid, in rising order of its bounds. Above 1 an effort is never chosen. */
export function scales(step: number): readonly EffortScale[] {
  const bounds = Array.from({ length: Math.round(1 / step) + 1 }, (_, i) =>
    Number((i * step).toFixed(4)),
  );
  return bounds.flatMap((low) =>
    bounds
      .filter((medium) => medium >= low)
      .flatMap((medium) =>
        bounds.filter((high) => high >= medium).map((high) => ({ low, medium, high })),
      ),
  );
}
