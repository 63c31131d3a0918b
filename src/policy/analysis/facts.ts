import type { Amount, Fact, Formula, WithinFact } from '../../contract/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import { all, not } from './formula.ts';

/** Every fact that a formula is made of. */
export function factsIn(formula: Formula | Amount): readonly Fact[] {
  switch (formula.kind) {
    case 'constant':
    case 'amount':
      return [];
    case 'not':
      return factsIn(formula.of);
    case 'atLeast':
      return formula.of.flatMap(factsIn);
    case 'weighing':
      return formula.terms.flatMap(({ operand }) => factsIn(operand));
    default:
      return [formula];
  }
}

/** A set of examples as caps on the sphere of unit vectors: the cosine with a centre times a scale is at least so much. */
interface Caps {
  readonly centres: readonly Float32Array[];
  readonly scale: number;
}

type Embed = (texts: readonly string[]) => MaybeAsync<readonly Float32Array[]>;

/**
 * What is known of similarities: the texts above one threshold are caps on a sphere, so that two
 * thresholds exclude each other where no two of their caps meet, and one implies the other where each of
 * its caps lies within one of the other's.
 */
export class SimilarityFacts {
  readonly #caps = new Map<string, Caps>();
  readonly #known = new Map<string, Formula | null>();

  /** Reads the examples of every similarity in the formulas. */
  static async of(formulas: readonly Formula[], embed: Embed): Promise<SimilarityFacts> {
    const facts = new SimilarityFacts();
    for (const { of } of formulas.flatMap(factsIn).filter(isSimilarity)) {
      const { name, cosineWith } = of;
      if (cosineWith === undefined || facts.#caps.has(name)) continue;
      const vectors = await embed(cosineWith.examples);
      facts.#caps.set(
        name,
        cosineWith.aggregate === 'max' ? { centres: vectors, scale: 1 } : meanOf(vectors),
      );
    }
    return facts;
  }

  /** What holds between the similarities that the formula speaks of. */
  readonly about = (formula: Formula): readonly Formula[] => {
    if (this.#caps.size === 0) return [];
    const found: Formula[] = [];
    const thresholds = thresholdsIn(formula);
    for (const [i, second] of thresholds.entries()) {
      for (const first of thresholds.slice(0, i)) {
        if (first.of.name === second.of.name) continue;
        for (const fact of [this.#between(first, second), this.#between(second, first)]) {
          if (fact !== null) found.push(fact);
        }
      }
    }
    return found;
  };

  #between(first: WithinFact, second: WithinFact): Formula | null {
    const key = `${keyOf(first)} ${keyOf(second)}`;
    let fact = this.#known.get(key);
    if (fact === undefined) {
      fact = this.#compare(first, second);
      this.#known.set(key, fact);
    }
    return fact;
  }

  #compare(first: WithinFact, second: WithinFact): Formula | null {
    const a = this.#caps.get(first.of.name);
    const b = this.#caps.get(second.of.name);
    if (a === undefined || b === undefined) return null;
    const angleA = angleOf(first, a);
    const angleB = angleOf(second, b);
    if (!Number.isFinite(angleA) || !Number.isFinite(angleB)) return null;
    const angles = a.centres.map((from) => b.centres.map((to) => Math.acos(cosine(from, to))));
    const isApart = angles.every((row) => row.every((angle) => angle > angleA + angleB));
    if (isApart) return not(all([first, second]));
    const isInside = angles.every((row) => row.some((angle) => angle + angleA <= angleB));
    return isInside ? not(all([first, not(second)])) : null;
  }
}

const keyOf = ({ of, intervals }: WithinFact): string => `${of.name} ${intervals[0]?.low}`;

const isSimilarity = (fact: Fact): fact is WithinFact =>
  fact.kind === 'within' && fact.of.cosineWith !== undefined;

/** The similarities' thresholds, each as the fact that it is reached. */
function thresholdsIn(formula: Formula): readonly WithinFact[] {
  const found = new Map<string, WithinFact>();
  for (const { of, intervals } of factsIn(formula).filter(isSimilarity)) {
    for (const { low, high } of intervals) {
      for (const end of [low, high].filter((each) => Math.abs(each) < 1)) {
        const above = { low: end, high: 1, isLowOpen: false, isHighOpen: false };
        const fact: WithinFact = { kind: 'within', of, intervals: [above] };
        found.set(keyOf(fact), fact);
      }
    }
  }
  return [...found.values()];
}

/** The angle of a cap around its centre. */
const angleOf = ({ intervals }: WithinFact, { scale }: Caps): number =>
  Math.acos(intervals[0]!.low / scale);

/** The mean of cosines with unit vectors is the cosine with their mean, times its length. */
function meanOf(vectors: readonly Float32Array[]): Caps {
  const mean = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    for (let i = 0; i < mean.length; i++) mean[i]! += vector[i]! / vectors.length;
  const scale = Math.hypot(...mean);
  return { centres: [mean.map((value) => value / scale)], scale };
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return Math.min(1, Math.max(-1, sum));
}
