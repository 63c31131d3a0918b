import type { Reading, SpentReading, Truth } from '../../contract/index.ts';

/**
 * A compiled condition. The children of `all` and `any` are in the order of evaluation: cheapest
 * signals first, else as written. `cost` is the dearest cost class below, as an index.
 */
export type Condition =
  | {
      readonly kind: 'leaf';
      readonly slot: number;
      readonly text: string;
      readonly cost: number;
      readonly judge: (reading: Reading) => Truth;
    }
  | {
      readonly kind: 'all' | 'any';
      readonly children: readonly Condition[];
      readonly cost: number;
    }
  | { readonly kind: 'not'; readonly child: Condition; readonly cost: number };

/** What was read of a request, by slot; undefined where nothing was. */
export type Readings = readonly (SpentReading | undefined)[];

/** Kleene's test of one reading: an unknown value, and a test that throws, are unknown. */
export function judgeBy(test: (reading: Reading) => Truth): (reading: Reading) => Truth {
  return (reading) => {
    if (reading.value === null || reading.value === undefined) return null;
    try {
      return test(reading);
    } catch {
      return null;
    }
  };
}

/** `not`, three-valued. */
export function negate(truth: Truth): Truth {
  return truth === null ? null : !truth;
}
