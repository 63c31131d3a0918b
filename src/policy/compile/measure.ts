import type {
  Amount,
  Claim,
  CompiledCondition,
  NumberQuantity,
  Reading,
} from '../../contract/index.ts';

/**
 * A reading as a share of `range`, 0 to 1. A number is itself. Of a record, the members that the
 * condition names count together. What is neither counts 1 where the condition holds, and 0 where not.
 */
export function measureBy(
  condition: CompiledCondition,
  [low, high]: readonly [number, number],
  names: readonly string[],
): (reading: Reading) => number | null {
  const amountOf = (reading: Reading): number | null => {
    const { value } = reading;
    if (typeof value === 'number') return value;
    const named = names.length > 0 && typeof value === 'object' && !Array.isArray(value);
    if (named) return sumOf(value as Readonly<Record<string, number | boolean>>, names);
    const truth = condition.test(reading);
    return truth === null ? null : Number(truth);
  };
  return (reading) => {
    const amount = amountOf(reading);
    if (amount === null || Number.isNaN(amount)) return null;
    return Math.min(1, Math.max(0, (amount - low) / (high - low)));
  };
}

function sumOf(
  record: Readonly<Record<string, number | boolean>>,
  names: readonly string[],
): number {
  let sum = 0;
  for (const name of new Set(names)) if (Object.hasOwn(record, name)) sum += Number(record[name]);
  return sum;
}

/** What `measureBy` measures, as far as the condition's claim tells. */
export function amountOf(
  { claim }: CompiledCondition,
  [low, high]: readonly [number, number],
  names: readonly string[],
): Amount | Claim | null {
  if (claim === undefined) return null;
  const amount = (of: Amount['of']): Amount => ({ kind: 'amount', of, low, high });
  const wanted = [...new Set(names)];
  if (claim.kind === 'within' && claim.of.member === undefined) return amount([claim.of]);
  if (claim.kind === 'share' && wanted.length > 0) {
    const labels = wanted.filter((name) => claim.of.labels.includes(name));
    return amount(labels.map((label) => ({ kind: 'shareOf', shares: claim.of, label })));
  }
  const numbers = numbersOf(claim);
  if (numbers !== null && wanted.length > 0) {
    const members = numbers.filter(({ member }) => member !== undefined && wanted.includes(member));
    return members.length > 0 ? amount(members) : null;
  }
  // What is neither a number nor a record of them counts as it is judged.
  return low === 0 && high === 1 && numbers === null && claim.kind !== 'share' ? claim : null;
}

/** Null where the claim is not one about the members of a record of numbers. */
function numbersOf(claim: Claim): readonly NumberQuantity[] | null {
  if (claim.kind === 'within') return claim.of.member === undefined ? null : [claim.of];
  if (claim.kind !== 'any') return null;
  const found = claim.of.map(numbersOf);
  return found.some((each) => each === null) ? null : found.flatMap((each) => each ?? []);
}
