import { centroidOf, cohesionOf } from './cohesion.ts';
import { calibrate } from './intent-calibration.ts';
import type { IntentEvidence } from './intent-calibration.ts';
import { softmax, trainLinearClasses } from './linear-classes.ts';
import type { LinearClasses } from './linear-classes.ts';
import { VectorRows } from './vector-rows.ts';

/** What an intent is known by. `vector` has unit length and comes from one encoder for all examples. */
export interface IntentExample {
  readonly label: string;
  readonly text: string;
  readonly vector: Float32Array;
}

export interface IntentAnswer {
  /** The intent that is nearest, even where the text is out of scope. */
  readonly label: string;
  /** Calibrated chance that `label` is right, given that the text has one of the intents. */
  readonly confidence: number;
  /** Calibrated chance that the text has one of the intents at all. */
  readonly inScope: number;
  readonly isOutOfScope: boolean;
  /** A deeper encoder is worth asking. */
  readonly isDoubtful: boolean;
  /** Probability of the nearest intent less that of the second, 0–1, before calibration. */
  readonly margin: number;
}

export interface IntentOptions {
  /** The chance of being in scope below which a text is out of it. */
  readonly inScopeMin: number;
  /** The answer is doubtful where the confidence is below this. */
  readonly confidenceMin: number;
}

/** Loses about 5 % of what is in scope: `models/intent.md`. */
export const INTENT_OPTIONS: IntentOptions = { inScopeMin: 0.418, confidenceMin: 0.8 };

/** Tells intents apart by a few examples each. */
export interface IntentIndex {
  readonly labels: readonly string[];
  readonly exampleCount: number;
  classify(text: string, vector: Float32Array): IntentAnswer;
}

/**
 * Builds the index: a softmax regression over vectors and words is trained here, in a fixed order,
 * and the examples are kept to tell how near a text is to them. 1,500 examples of 150 intents take
 * about 0.4 s, a text about 30 µs. Throws `RangeError` where there is no example or the vectors differ
 * in length.
 */
export function createIntentIndex(
  examples: readonly IntentExample[],
  options: IntentOptions = INTENT_OPTIONS,
): IntentIndex {
  const dimensions = examples[0]?.vector.length;
  if (dimensions === undefined) throw new RangeError('an intent index needs an example');
  if (examples.some(({ vector }) => vector.length !== dimensions)) {
    throw new RangeError('the vectors of the examples differ in length');
  }
  return new Index(examples, options);
}

/** Of the nearest intent this many examples are averaged. */
const NEIGHBOURS = 3;

class Index implements IntentIndex {
  readonly labels: readonly string[];
  readonly exampleCount: number;
  readonly #options: IntentOptions;
  readonly #classes: LinearClasses;
  readonly #rows: VectorRows;
  /** The rows of label `i` are those from `#starts[i]` to before `#starts[i + 1]`. */
  readonly #starts: Int32Array;
  readonly #centroids: VectorRows;
  readonly #cohesion: number;

  constructor(examples: readonly IntentExample[], options: IntentOptions) {
    this.#options = options;
    this.exampleCount = examples.length;
    const byLabel = Map.groupBy(examples, ({ label }) => label);
    this.labels = [...byLabel.keys()];
    const groups = [...byLabel.values()];
    this.#classes = trainLinearClasses(
      groups.flatMap((group, classIndex) =>
        group.map(({ text, vector }) => ({ text, vector, classIndex })),
      ),
      groups.length,
    );
    this.#rows = new VectorRows(groups.flatMap((group) => group.map(({ vector }) => vector)));
    this.#starts = new Int32Array(groups.length + 1);
    groups.forEach((group, i) => (this.#starts[i + 1] = this.#starts[i]! + group.length));
    const vectors = groups.map((group) => group.map(({ vector }) => vector));
    this.#centroids = new VectorRows(vectors.map(centroidOf));
    this.#cohesion = cohesionOf(vectors);
  }

  classify(text: string, vector: Float32Array): IntentAnswer {
    const logits = this.#classes.score(text, vector);
    softmax(logits);
    let best = 0;
    let second = -1;
    for (let i = 1; i < logits.length; i++) {
      if (logits[i]! > logits[best]!) {
        second = best;
        best = i;
      } else if (second === -1 || logits[i]! > logits[second]!) {
        second = i;
      }
    }
    const probability = logits[best]!;
    const margin = second === -1 ? 1 : probability - logits[second]!;
    const { confidence, inScope } = calibrate(this.#evidence(vector, best, probability));
    const { inScopeMin, confidenceMin } = this.#options;
    return {
      label: this.labels[best]!,
      confidence,
      inScope,
      isOutOfScope: inScope < inScopeMin,
      isDoubtful: confidence < confidenceMin,
      margin,
    };
  }

  #evidence(vector: Float32Array, best: number, probability: number): IntentEvidence {
    const start = this.#starts[best]!;
    const end = this.#starts[best + 1]!;
    const centroid = this.#centroids.similarities(vector);
    const own = centroid[best]!;
    let other = 0;
    for (let i = 0; i < centroid.length; i++) {
      if (i !== best && centroid[i]! > other) other = centroid[i]!;
    }
    const { nearest, near } = nearestOf(this.#rows.similarities(vector, start, end));
    return {
      probability,
      nearest: nearest / this.#cohesion,
      near: near / this.#cohesion,
      centroid: own / this.#cohesion,
      lead: (own - other) / this.#cohesion,
      examples: end - start,
      classes: this.labels.length,
    };
  }
}

/** The highest similarity, and the mean of the few highest. */
function nearestOf(similarities: Float32Array): { nearest: number; near: number } {
  const top = similarities.toSorted((a, b) => b - a).subarray(0, NEIGHBOURS);
  let sum = 0;
  for (const value of top) sum += value;
  return { nearest: top[0] ?? 0, near: top.length === 0 ? 0 : sum / top.length };
}
