import type { Beliefs, LengthHistogram, LogEstimate } from '../contract/index.ts';
import { lengthKey, routeLengthKey } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { normalCdf } from './normal.ts';

/** The first bin reaches from 1 token to this many. */
const FIRST_BIN_TOKENS = 8;
const BINS_PER_OCTAVE = 4;
/** Up to 2^17 tokens; what is longer is in the last bin. */
export const LENGTH_BINS = 1 + BINS_PER_OCTAVE * 14;

/** Where no text was read: a median answer of 180 tokens, one in twenty above 900. */
const UNREAD: LogEstimate = { logMean: Math.log(180), logDeviation: 1 };
/** The prior counts as so many answers; it fades with what is observed. */
const PRIOR_WEIGHT = 8;

/** The longest answer of a bin, in tokens. */
const UPPER_TOKENS: readonly number[] = Array.from(
  { length: LENGTH_BINS },
  (_, bin) => FIRST_BIN_TOKENS * 2 ** (bin / BINS_PER_OCTAVE),
);

function binOf(tokens: number): number {
  if (!(tokens > FIRST_BIN_TOKENS)) return 0;
  // A length that is just an upper bound must not slip into the next bin by rounding.
  const octaves = Math.log2(tokens / FIRST_BIN_TOKENS) - 1e-9;
  return Math.min(LENGTH_BINS - 1, Math.ceil(octaves * BINS_PER_OCTAVE));
}

/** One answer of `tokens`; `isCut`: it would have been longer. */
export interface ObservedLength {
  readonly tokens: number;
  readonly isCut: boolean;
}

/**
 * Adds answers, first to last; after `halfLife` more an old one counts half. A cut one is as long as one
 * of those that are known to be longer: its weight goes to the bins above, by their own weights (B. Efron's
 * redistribution to the right, 1967), and to the next bin where none is heavier than nothing.
 */
export function observeLengths(
  before: LengthHistogram | null,
  answers: readonly ObservedLength[],
  halfLife: number,
): LengthHistogram {
  const weights = new Float64Array(LENGTH_BINS);
  if (before !== null) weights.set(before);
  // Growing the newest instead of fading all others leaves their proportions the same.
  const growth = 2 ** (1 / halfLife);
  let unit = 1;
  for (const { tokens, isCut } of answers) {
    unit *= growth;
    const own = binOf(tokens);
    if (isCut) addAbove(weights, Math.min(own + 1, LENGTH_BINS - 1), unit);
    else weights[own]! += unit;
  }
  return rounded(weights, unit);
}

function addAbove(weights: Float64Array, from: number, unit: number): void {
  let longer = 0;
  for (let bin = from; bin < LENGTH_BINS; bin++) longer += weights[bin]!;
  if (longer > 0) {
    const factor = 1 + unit / longer;
    for (let bin = from; bin < LENGTH_BINS; bin++) weights[bin]! *= factor;
  } else {
    weights[from]! += unit;
  }
}

/** In units of the newest answer, to the millionth, since they are kept as text; without the empty bins at the end. */
function rounded(weights: Float64Array, unit: number): LengthHistogram {
  const exact: number[] = [];
  let filled = 0;
  for (let bin = 0; bin < LENGTH_BINS; bin++) {
    const weight = Math.round((weights[bin]! / unit) * 1e6) / 1e6;
    exact.push(weight);
    if (weight > 0) filled = bin + 1;
  }
  exact.length = filled;
  return exact;
}

/** Whose answers, as narrow as is known. */
export interface AnswerKind {
  readonly model: ModelId;
  readonly archetype: string;
  readonly route: string;
}

/** The histogram of the narrowest kind that was observed: of the model on the route, else of the model, else of all. */
export function lengthsOf(
  { model, archetype, route }: AnswerKind,
  { answerLengths }: Beliefs,
): LengthHistogram | null {
  return (
    answerLengths.get(routeLengthKey(model, archetype, route)) ??
    answerLengths.get(lengthKey(model, archetype)) ??
    answerLengths.get(lengthKey('*', archetype)) ??
    answerLengths.get('*|*') ??
    null
  );
}

/**
 * Tokens that a share `quantile` of answers does not exceed, by what was observed and the log-normal
 * prior together: the upper end of the bin in which their pooled weight passes it.
 */
export function lengthQuantile(
  observed: LengthHistogram | null,
  prior: LogEstimate | null,
  quantile: number,
): number {
  const { logMean, logDeviation } = prior ?? UNREAD;
  const deviation = Math.max(logDeviation, 1e-3);
  let total = PRIOR_WEIGHT;
  if (observed !== null) for (const weight of observed) total += weight;
  let below = 0;
  for (let bin = 0; bin < LENGTH_BINS - 1; bin++) {
    below += observed?.[bin] ?? 0;
    const upper = UPPER_TOKENS[bin]!;
    const expected = PRIOR_WEIGHT * normalCdf((Math.log(upper) - logMean) / deviation);
    if (below + expected >= quantile * total) return Math.ceil(upper);
  }
  return UPPER_TOKENS[LENGTH_BINS - 1]!;
}

/**
 * The log-normal of which a mean and the chance to lie within a factor of two of the median are known:
 * `σ = ln 2 / z`, `μ = ln mean − σ²/2`, with z the standard deviations that hold that chance.
 */
export function logEstimateOf(mean: number, zOfFactorTwo: number): LogEstimate | null {
  if (!(mean > 0) || !(zOfFactorTwo > 0) || !Number.isFinite(zOfFactorTwo)) return null;
  const logDeviation = Math.LN2 / zOfFactorTwo;
  return { logMean: Math.log(mean) - logDeviation ** 2 / 2, logDeviation };
}
