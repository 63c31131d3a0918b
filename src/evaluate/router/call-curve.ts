/** How well scores say which prompts deserve the strong model of a pair (RouteLLM, arXiv 2406.18665). */
export interface CallCurve {
  /** Mean share of the gap in quality that is recovered, over all shares of calls to the strong model. */
  readonly apgr: number;
  /** Least share of calls to the strong model that recovers half of the gap. */
  readonly cpt50: number;
  /** The same for four fifths of the gap. */
  readonly cpt80: number;
}

export interface PairOutcomes {
  /** Quality of the answer of each model to each prompt, 0–1. */
  readonly weak: ArrayLike<number>;
  readonly strong: ArrayLike<number>;
}

interface Step {
  /** Calls to the strong model, and what they gained, both as shares of the whole. */
  readonly calls: number;
  readonly gain: number;
}

/**
 * Null where the strong model is no better. Prompts go to the strong model by descending score; those of equal
 * score go in random order, by expectation, so that a constant score has an APGR of exactly one half.
 */
export function callCurve(
  scores: ArrayLike<number>,
  { weak, strong }: PairOutcomes,
): CallCurve | null {
  const gains = Float64Array.from(weak, (own, i) => strong[i]! - own);
  const whole = gains.reduce((sum, gain) => sum + gain, 0);
  if (!(whole > 0)) return null;
  const steps = stepsOf(scores, gains, whole);
  let area = 0;
  for (let i = 1; i < steps.length; i++) {
    const [from, to] = [steps[i - 1]!, steps[i]!];
    area += ((to.calls - from.calls) * (from.gain + to.gain)) / 2;
  }
  return { apgr: area, cpt50: callsFor(steps, 0.5), cpt80: callsFor(steps, 0.8) };
}

function stepsOf(scores: ArrayLike<number>, gains: Float64Array, whole: number): Step[] {
  const order = Array.from(gains, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const steps: Step[] = [{ calls: 0, gain: 0 }];
  let gained = 0;
  for (let i = 0; i < order.length; i++) {
    gained += gains[order[i]!]!;
    const isTied = i + 1 < order.length && scores[order[i + 1]!] === scores[order[i]!];
    if (!isTied) steps.push({ calls: (i + 1) / order.length, gain: gained / whole });
  }
  return steps;
}

/** Where the curve first reaches `gain`, on a straight line between steps. */
function callsFor(steps: readonly Step[], gain: number): number {
  const at = steps.findIndex((step) => step.gain >= gain - 1e-12);
  if (at <= 0) return 1;
  const [from, to] = [steps[at - 1]!, steps[at]!];
  return from.calls + ((gain - from.gain) / (to.gain - from.gain)) * (to.calls - from.calls);
}
