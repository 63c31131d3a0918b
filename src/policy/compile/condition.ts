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
      readonly deep: DeepLeaf | null;
    }
  | {
      readonly kind: 'all' | 'any';
      readonly children: readonly Condition[];
      readonly cost: number;
    }
  | { readonly kind: 'not'; readonly child: Condition; readonly cost: number };

/** The slot that settles a doubtful reading of the leaf's own slot. */
export interface DeepLeaf {
  readonly slot: number;
  readonly isDoubtful: (reading: Reading) => boolean;
}

/** A truth, or undefined while a doubtful reading leaves it open. */
export type OpenTruth = Truth | undefined;

/** Whether a doubtful reading can leave the condition open. */
export function hasDeepLeaf(condition: Condition): boolean {
  if (condition.kind === 'leaf') return condition.deep !== null;
  if (condition.kind === 'not') return hasDeepLeaf(condition.child);
  return condition.children.some(hasDeepLeaf);
}

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

/** A failing test of doubt is no doubt. */
export function doubtBy(isDoubtful: (reading: Reading) => boolean): (reading: Reading) => boolean {
  return (reading) => {
    if (reading.value === null || reading.value === undefined) return false;
    try {
      return isDoubtful(reading);
    } catch {
      return false;
    }
  };
}

/** `not`; what is unknown or open stays so. */
export function negate<T extends OpenTruth>(truth: T): T {
  return (typeof truth === 'boolean' ? !truth : truth) as T;
}
