import type { MaybeAsync } from '../kernel/index.ts';

/** Requests, and tokens of prompt and output. As a limit it is per minute, and Infinity is none. */
export interface RateAmounts {
  readonly requests: number;
  readonly tokens: number;
}

/**
 * A limit that all workers keep together: a bucket that holds what a minute allows and fills evenly.
 * A worker uses slices of it, and asks for them ahead.
 */
export interface SharedRate {
  /**
   * Takes one request. Milliseconds until there is one; 0 where it was taken. A promise where this
   * worker's slice is used up and the keeper is asked, which rejects with `BRS_KEEPER_LOST`.
   */
  admit(): MaybeAsync<number>;
  /**
   * Whether `take` may be called. Where this worker knows of no shortage and has no slice, one
   * request may go ahead of the keeper's answer, and is charged.
   */
  hasRoom(): boolean;
  /** Milliseconds until it is likely to have room. */
  roomAfterMs(): number;
  /** Takes one request, and tokens: the last ones may go below empty, and are made up for first. */
  take(tokens: number): void;
}

/** Limits that workers share. */
export interface SharedRates {
  /** The same limit for the same name; what is left of a slice goes back when the amounts change. */
  of(name: string, limits: RateAmounts): SharedRate;
}
