import { ConfigIssue } from '../../contract/index.ts';
import type { Claim, Interval, Reading } from '../../contract/index.ts';
import { passes, PROBABILITY } from '../claims.ts';
import { COMPARISON_SCHEMA, compileComparison } from '../comparison.ts';

/** A test of a probability, and which probabilities are too near to it to be sure. */
export interface ProbabilityCondition {
  readonly text: string;
  readonly claim: Claim;
  readonly test: (reading: Reading) => boolean;
  readonly isDoubtful: (reading: Reading) => boolean;
}

export interface ProbabilityScale {
  /** What claims call the probability; unset: the kind. */
  readonly quantity?: string;
  /** Unset: a model's, which is never certain. */
  readonly range?: Interval;
  /** The probability from which on `true` holds. */
  readonly threshold: number;
  /** Where the fast head's word is not enough for `true`; a comparison's doubt is as wide around its bounds. */
  readonly band: readonly [number, number] | null;
}

/** Reads `true`, `false` or a comparison. Throws `ConfigIssue`. */
export function compileProbabilityCondition(
  kind: string,
  value: unknown,
  { threshold, band, quantity = kind, range = PROBABILITY }: ProbabilityScale,
): ProbabilityCondition {
  const comparison = comparisonOf(value, threshold);
  const text = typeof value === 'boolean' ? `${kind}: ${value}` : `${kind} ${comparison.text}`;
  const below = band === null ? 0 : threshold - band[0];
  const above = band === null ? 0 : band[1] - threshold;
  return {
    text,
    claim: passes({ kind: 'number', name: quantity, range, isInteger: false }, comparison),
    test: (reading) => comparison.test(reading.value as number),
    isDoubtful(reading) {
      if (band === null) return false;
      const probability = reading.value as number;
      return comparison.bounds.some(
        (bound) => probability >= bound - below && probability <= bound + above,
      );
    },
  };
}

function comparisonOf(value: unknown, threshold: number): ReturnType<typeof compileComparison> {
  if (value === true) return compileComparison({ atLeast: threshold });
  if (value === false) return compileComparison({ below: threshold });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigIssue('must be true, false, or a comparison such as { atLeast: 0.6 }');
  }
  return compileComparison(value);
}

/** JSON Schema of what `compileProbabilityCondition` reads. */
export function probabilityConditionSchema(description: string): Readonly<Record<string, unknown>> {
  return {
    description: `${description} \`true\`: from the shipped threshold on; or a comparison with the probability.`,
    anyOf: [{ type: 'boolean' }, COMPARISON_SCHEMA],
  };
}
