/** Whether a turn says again what an earlier one said. */
export interface RepeatedTurn {
  /** Cosine with the most similar earlier turn, or −1 where there is none. */
  readonly similarity: number;
  /** Calibrated chance that the two ask for the same. */
  readonly probability: number;
  /** How many turns ago, 1 being the previous one; 0 where there is none. */
  readonly turnsAgo: number;
}

/**
 * Logistic in the cosine: `python training/intent.py` fits it on pairs of one intent and of neighbouring
 * intents, and takes it that one turn in ten repeats an earlier one.
 */
const SLOPE = 9.997;
const MIDPOINT = 0.7036;

/** Compares a user turn with earlier ones, the latest last; vectors have unit length. */
export function findRepeatedTurn(
  turn: Float32Array,
  earlier: readonly Float32Array[],
): RepeatedTurn {
  let similarity = -1;
  let turnsAgo = 0;
  for (let i = earlier.length - 1; i >= 0; i--) {
    const cosine = dot(turn, earlier[i]!);
    if (cosine > similarity) {
      similarity = cosine;
      turnsAgo = earlier.length - i;
    }
  }
  const probability = turnsAgo === 0 ? 0 : 1 / (1 + Math.exp(-SLOPE * (similarity - MIDPOINT)));
  return { similarity, probability, turnsAgo };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * (b[i] ?? 0);
  return sum;
}
