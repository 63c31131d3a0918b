import { z } from 'zod';
import { ATTACK_FEATURES, AttackReader, familiesOf } from './features.ts';
import type { AttackFamily } from './patterns.ts';

/** The trained part: the largest logit over the windows of a text, before calibration. */
export interface AttackHead {
  windowLogit(text: string): number;
}

export interface AttackReading {
  /** Calibrated chance that the text attacks, 0–1. */
  readonly probability: number;
  readonly isAttack: boolean;
  /** The probability lies where a deeper classifier is worth asking. */
  readonly isDoubtful: boolean;
  /** Families of reviewed patterns that hold; empty where only the trained part speaks. Never client text. */
  readonly families: readonly AttackFamily[];
}

export interface AttackDetector {
  /** The probability from which on a text counts as an attack. */
  readonly threshold: number;
  readonly band: readonly [number, number] | null;
  /** Pure, linear in the text; 10 MB of anything is read without failure. */
  read(text: string): AttackReading;
}

const combinationSchema = z.object({
  names: z.array(z.string()),
  weights: z.array(z.number()),
  calibration: z.object({ kind: z.literal('platt'), a: z.number(), b: z.number() }),
  /** Where the features that speak for an attack weigh `evidence`, the head counts as no less than `logit`. */
  floor: z.object({ evidence: z.number(), logit: z.number() }).nullable().default(null),
  threshold: z.number().min(0).max(1),
  band: z.tuple([z.number(), z.number()]).nullable(),
});

const metadataSchema = z.looseObject({ combination: combinationSchema });

type Combination = z.infer<typeof combinationSchema>;

/**
 * Joins the head with the reviewed features by the weights of the artefact:
 * P = sigmoid(a · (head + Σ weight of the features that hold) + b), the head no lower than its floor.
 * Throws a `RangeError` where the metadata has no combination, or one that was made for other features.
 */
export function createAttackDetector(head: AttackHead, metadata: unknown): AttackDetector {
  const parsed = metadataSchema.safeParse(metadata);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new RangeError(
      `the attack model's metadata at "${issue.path.join('.')}": ${issue.message}`,
    );
  }
  return new Detector(head, parsed.data.combination);
}

class Detector implements AttackDetector {
  readonly threshold: number;
  readonly band: readonly [number, number] | null;
  readonly #head: AttackHead;
  readonly #reader = new AttackReader();
  readonly #weights: Float64Array;
  readonly #floor: Combination['floor'];
  readonly #slope: number;
  readonly #offset: number;

  constructor(head: AttackHead, combination: Combination) {
    this.#head = head;
    this.threshold = combination.threshold;
    this.band = combination.band;
    this.#floor = combination.floor;
    this.#slope = combination.calibration.a;
    this.#offset = combination.calibration.b;
    this.#weights = alignedWeights(combination);
  }

  read(text: string): AttackReading {
    const { texts, values } = this.#reader.read(text);
    let logit = Number.NEGATIVE_INFINITY;
    for (const part of texts) logit = Math.max(logit, this.#head.windowLogit(part));
    let evidence = 0;
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      if (values[i] === 0) continue;
      const weight = this.#weights[i]!;
      sum += weight;
      if (weight > 0) evidence += weight;
    }
    const floor = this.#floor;
    if (floor !== null && evidence >= floor.evidence) logit = Math.max(logit, floor.logit);
    logit += sum;
    const probability = 1 / (1 + Math.exp(-(this.#slope * logit + this.#offset)));
    return {
      probability,
      isAttack: probability >= this.threshold,
      isDoubtful: this.band !== null && probability >= this.band[0] && probability <= this.band[1],
      families: familiesOf(values),
    };
  }
}

function alignedWeights({ names, weights }: Combination): Float64Array {
  const isSame =
    names.length === ATTACK_FEATURES.length &&
    weights.length === names.length &&
    names.every((name, i) => name === ATTACK_FEATURES[i]);
  if (!isSame) {
    throw new RangeError(
      'the attack model was trained for other patterns than these: run training/attack.py again',
    );
  }
  return Float64Array.from(weights);
}
