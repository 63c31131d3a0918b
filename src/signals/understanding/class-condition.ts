import { ConfigIssue } from '../../contract/index.ts';
import type { Claim, Reading, SharesQuantity } from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import { choiceText, membersOf, oneOrMany, textsOf } from '../shape.ts';

/** Classes exclude each other: the likeliest of them has to be likelier than all others together. */
const DEFAULT_CONFIDENCE = 0.5;
/** A calibrated model is never certain. */
const CALIBRATED = { below: 1 };
/** A deep classifier is not asked about classes that the fast one rules out, or is sure of. */
const RULED_OUT = 0.03;

/** A test of class probabilities: those wanted must reach the confidence together. */
export interface ClassCondition {
  readonly wanted: readonly string[];
  readonly text: string;
  readonly claim: Claim;
  readonly test: (reading: Reading) => boolean;
  /** Whether the wanted classes are neither ruled out nor certain. */
  readonly isOpen: (reading: Reading) => boolean;
}

/** Reads `a`, `[a, b]` or `{ anyOf: [a, b], confidence: 0.7 }`. Throws `ConfigIssue`. */
export function compileClassCondition(
  kind: string,
  value: unknown,
  labels: readonly string[],
  bounds: Partial<Pick<SharesQuantity, 'isSingle' | 'below'>> = CALIBRATED,
): ClassCondition {
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  const members = isMapping ? membersOf(value, ['anyOf', 'confidence']) : { anyOf: value };
  const path = isMapping ? ['anyOf'] : [];
  const wanted = textsOf(members['anyOf'], path);
  for (const [i, label] of wanted.entries()) {
    if (labels.includes(label)) continue;
    throw new ConfigIssue(
      `there is no ${kind} "${label}": there are ${labels.slice(0, 30).join(', ')}`,
      Array.isArray(members['anyOf']) ? [...path, i] : path,
      nearest(label, labels),
    );
  }
  const confidence = confidenceOf(members['confidence']);
  const chanceOf = (reading: Reading): number => {
    const chances = reading.value as Readonly<Record<string, number>>;
    let sum = 0;
    for (const label of wanted) sum += chances[label] ?? 0;
    return sum;
  };
  const limit = confidence === DEFAULT_CONFIDENCE ? '' : ` with confidence >= ${confidence}`;
  return {
    wanted,
    text: `${choiceText(kind, wanted)}${limit}`,
    claim: {
      kind: 'share',
      of: { kind: 'shares', name: kind, labels, isSingle: false, ...bounds },
      labels: wanted,
      atLeast: confidence,
    },
    test: (reading) => chanceOf(reading) >= confidence,
    isOpen(reading) {
      const chance = chanceOf(reading);
      return chance > RULED_OUT && chance < 1 - RULED_OUT;
    },
  };
}

/** A number above 0 and at most 1; 0.5 where none is given. */
export function confidenceOf(value: unknown, path: readonly string[] = ['confidence']): number {
  if (value === undefined) return DEFAULT_CONFIDENCE;
  if (typeof value !== 'number' || !(value > 0 && value <= 1)) {
    throw new ConfigIssue('must be a number above 0 and at most 1', path);
  }
  return value;
}

/** JSON Schema of what `compileClassCondition` reads. */
export function classConditionSchema(description: string): Readonly<Record<string, unknown>> {
  const names = oneOrMany({ type: 'string', minLength: 1 });
  return {
    description: `${description} Several names: one of them is enough; \`confidence\`: their least probability, 0.5 if unset.`,
    anyOf: [
      names,
      {
        type: 'object',
        properties: {
          anyOf: names,
          confidence: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
        },
        required: ['anyOf'],
        additionalProperties: false,
      },
    ],
  };
}
