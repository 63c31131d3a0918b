import type { CompiledCondition, Reading } from '../../contract/index.ts';

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
