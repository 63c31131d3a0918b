import { z } from 'zod';

/** How a raw score becomes a probability that holds what it says. */
export const calibrationSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('temperature'), temperature: z.number().positive() }),
  z.object({ kind: z.literal('platt'), a: z.number(), b: z.number() }),
  z
    .object({ kind: z.literal('isotonic'), x: z.array(z.number()), y: z.array(z.number()) })
    .refine(({ x, y }) => x.length > 0 && x.length === y.length, 'x and y must be of one length')
    .refine(({ x }) => x.every((at, i) => i === 0 || at >= x[i - 1]!), 'x must ascend'),
]);

export type Calibration = z.infer<typeof calibrationSchema>;

const CERTAINTY_MAX = 1 - 1e-6;

export const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** The probability of the second of two labels, from its logit. */
export function probabilityOf(calibration: Calibration, logit: number): number {
  if (calibration.kind === 'temperature') return sigmoid(logit / calibration.temperature);
  if (calibration.kind === 'platt') return sigmoid(calibration.a * logit + calibration.b);
  return interpolate(calibration.x, calibration.y, sigmoid(logit));
}

/** Softmax over logits; only a temperature changes it, other calibrations act on the confidence. */
export function probabilitiesOf(calibration: Calibration, logits: ArrayLike<number>): number[] {
  const temperature = calibration.kind === 'temperature' ? calibration.temperature : 1;
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) top = Math.max(top, logits[i]!);
  const shares: number[] = [];
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const share = Math.exp((logits[i]! - top) / temperature);
    shares.push(share);
    sum += share;
  }
  for (let i = 0; i < shares.length; i++) shares[i]! /= sum;
  return shares;
}

/** The chance that the likeliest label is right, from its share `top` of the softmax. */
export function confidenceOf(calibration: Calibration, top: number): number {
  if (calibration.kind === 'temperature') return top;
  if (calibration.kind === 'isotonic') return interpolate(calibration.x, calibration.y, top);
  const share = Math.min(CERTAINTY_MAX, Math.max(1 - CERTAINTY_MAX, top));
  return sigmoid(calibration.a * Math.log(share / (1 - share)) + calibration.b);
}

/** Linear between the points, held at both ends; where an `x` is repeated, its last `y` counts. */
function interpolate(x: readonly number[], y: readonly number[], at: number): number {
  let after = 0;
  while (after < x.length && x[after]! <= at) after++;
  if (after === 0) return y[0]!;
  if (after === x.length) return y[after - 1]!;
  const share = (at - x[after - 1]!) / (x[after]! - x[after - 1]!);
  return y[after - 1]! + share * (y[after]! - y[after - 1]!);
}
