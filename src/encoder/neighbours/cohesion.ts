/** What the shipped encoder does on average, worth as much as this many examples. */
const PRIOR_COHESION = 0.7;
const PRIOR_WEIGHT = 5;

/** The sum of vectors at unit length. */
export function centroidOf(vectors: readonly Float32Array[]): Float32Array {
  const sum = sumOf(vectors);
  const length = lengthOf(sum);
  return length === 0 ? sum : sum.map((value) => value / length);
}

/** How tight groups of vectors are: the mean cosine of one with the centroid of the others of its group. */
export function cohesionOf(groups: readonly (readonly Float32Array[])[]): number {
  let total = PRIOR_COHESION * PRIOR_WEIGHT;
  let count = PRIOR_WEIGHT;
  for (const vectors of groups) {
    if (vectors.length < 2) continue;
    const sum = sumOf(vectors);
    for (const vector of vectors) {
      const others = sum.map((value, i) => value - vector[i]!);
      const length = lengthOf(others);
      if (length > 0)
        total += others.reduce((dot, value, i) => dot + value * vector[i]!, 0) / length;
      count++;
    }
  }
  return total / count;
}

function sumOf(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + vector[i]!;
  }
  return sum;
}

function lengthOf(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((squares, value) => squares + value * value, 0));
}
