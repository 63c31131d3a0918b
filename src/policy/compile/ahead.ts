import { isPromise } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';

/**
 * How likely it must be that a step's turn comes, for the step to be begun while an earlier one is waited
 * for. Waiting is saved in most cases, and at most one in twenty of those begun early was not needed.
 */
const LIKELY = 0.95;

/** For each step, the last of those behind it that are begun while it is waited for; itself for none. */
export type StepsAhead = readonly number[];

/** `reached`: how often each step's turn came, in their order; never more often than that of the one before it. */
export function stepsAhead(reached: ArrayLike<number>): StepsAhead {
  return Array.from(reached, (count, step) => {
    let last = step;
    while (last + 1 < reached.length && isLikely(reached[last + 1]!, count)) last++;
    return last;
  });
}

/** The mean of the posterior under a uniform prior: nothing is likely without evidence. */
const isLikely = (count: number, of: number): boolean => (count + 1) / (of + 2) >= LIKELY;

/** Steps taken in order, of which the first is waited for; others may be begun before their turn. */
export class StepsBegun<T> {
  readonly #first: number;
  readonly #results: MaybeAsync<T>[];
  readonly #begin: (step: number) => MaybeAsync<T>;

  constructor(first: number, pending: Promise<T>, begin: (step: number) => MaybeAsync<T>) {
    this.#first = first;
    this.#results = [pending];
    this.#begin = begin;
  }

  /** Begins the steps up to `last` that are not begun. */
  upTo(last: number): void {
    for (let step = this.#first + this.#results.length; step <= last; step++) {
      const result = this.#begin(step);
      // Its turn may never come, and then nobody hears of a failure.
      if (isPromise(result)) result.catch(() => undefined);
      this.#results.push(result);
    }
  }

  at(step: number): MaybeAsync<T> {
    this.upTo(step);
    return this.#results[step - this.#first]!;
  }
}
