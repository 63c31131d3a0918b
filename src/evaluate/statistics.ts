export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of values in any order; `share` 0–1, linear between the neighbours. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? 0;
  const above = sorted[Math.ceil(at)] ?? 0;
  return below + (above - below) * (at - Math.floor(at));
}

export const accuracyOf = (isRight: readonly boolean[]): number =>
  isRight.filter(Boolean).length / isRight.length;

/** Rank correlation; equal values share their mean rank. Null where one side is constant. */
export function spearman(a: readonly number[], b: readonly number[]): number | null {
  const [x, y] = [ranks(a), ranks(b)];
  const middle = (a.length + 1) / 2;
  let product = 0;
  let xs = 0;
  let ys = 0;
  for (let i = 0; i < x.length; i++) {
    const dx = x[i]! - middle;
    const dy = y[i]! - middle;
    product += dx * dy;
    xs += dx * dx;
    ys += dy * dy;
  }
  return xs === 0 || ys === 0 ? null : product / Math.sqrt(xs * ys);
}

/** Area under the ROC curve: the chance that a positive scores above a negative. Null where one class lacks. */
export function areaUnderRoc(
  scores: readonly number[],
  isPositive: readonly boolean[],
): number | null {
  const positives = isPositive.filter(Boolean).length;
  const negatives = isPositive.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const rank = ranks(scores);
  const sum = rank.reduce((total, value, i) => total + (isPositive[i]! ? value : 0), 0);
  return (sum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Share of the positives above the score that at most `ratio` of the negatives exceed. */
export function recallAtFalsePositiveRate(
  scores: readonly number[],
  isPositive: readonly boolean[],
  ratio: number,
): number | null {
  const negatives = scores.filter((_, i) => !isPositive[i]!).sort((a, b) => b - a);
  const positives = scores.filter((_, i) => isPositive[i]!);
  if (negatives.length === 0 || positives.length === 0) return null;
  const limit = negatives[Math.floor(ratio * negatives.length)] ?? -Infinity;
  return positives.filter((score) => score > limit).length / positives.length;
}

const BINS = 15;

/** Expected calibration error: Σ share of bin · |accuracy − mean confidence|, 15 bins of one width. */
export function calibrationError(
  confidences: readonly number[],
  isRight: readonly boolean[],
): number {
  const sums = Array.from({ length: BINS }, () => ({ confidence: 0, right: 0 }));
  confidences.forEach((confidence, i) => {
    const bin = sums[Math.min(BINS - 1, Math.max(0, Math.floor(confidence * BINS)))]!;
    bin.confidence += confidence;
    bin.right += isRight[i]! ? 1 : 0;
  });
  const gaps = sums.map(({ confidence, right }) => Math.abs(confidence - right));
  return gaps.reduce((sum, gap) => sum + gap, 0) / confidences.length;
}

function ranks(values: readonly number[]): Float64Array {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const result = new Float64Array(values.length);
  for (let i = 0; i < order.length;) {
    let end = i;
    while (end < order.length && values[order[end]!] === values[order[i]!]) end++;
    for (let k = i; k < end; k++) result[order[k]!] = (i + end + 1) / 2;
    i = end;
  }
  return result;
}
