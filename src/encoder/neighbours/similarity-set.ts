import { VectorRows } from './vector-rows.ts';

/** How alike a text is to a set of examples: cosines, −1 to 1. */
export interface SimilaritySet {
  /** With the most similar one. */
  max(vector: Float32Array): number;
  mean(vector: Float32Array): number;
}

export function createSimilaritySet(vectors: readonly Float32Array[]): SimilaritySet {
  const rows = new VectorRows(vectors);
  return {
    max: (vector) => {
      let max = -1;
      for (const similarity of rows.similarities(vector)) max = Math.max(max, similarity);
      return max;
    },
    mean: (vector) => {
      let sum = 0;
      for (const similarity of rows.similarities(vector)) sum += similarity;
      return rows.count === 0 ? -1 : sum / rows.count;
    },
  };
}
