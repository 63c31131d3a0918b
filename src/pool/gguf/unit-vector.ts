import { LocalAskError } from './local-model.ts';
import type { LocalVectors } from './local-model.ts';

/** Vectors of so many numbers, of unit length again; null: as they are. Throws `LocalAskError` where they have fewer. */
export function shortened(answer: LocalVectors, dimensions: number | null): LocalVectors {
  const [first] = answer.vectors;
  if (dimensions === null || first === undefined) return answer;
  if (dimensions > first.length) {
    throw new LocalAskError(`dimensions: this model has ${first.length}`);
  }
  const vectors = answer.vectors.map((vector) => unitVector(vector.subarray(0, dimensions)));
  return { ...answer, vectors };
}

/** Of length 1 where it has any. */
export function unitVector(vector: ArrayLike<number>): Float32Array {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += vector[i]! ** 2;
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
  return Float32Array.from(vector, (value) => value * scale);
}
