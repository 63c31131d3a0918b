import type { Fault, MaybeAsync } from '../kernel/index.ts';
import type { Mandate } from './policy.ts';
import type { Workload } from './workload.ts';

/** Extension point: inspects an answer while it flows. A chunk goes on changed, unchanged, or held (null). */
export interface Guard {
  readonly apiVersion: 1;
  readonly name: string;
  onData(chunk: Buffer): Buffer | null;
  onEnd(): Buffer | null;
  /** Set where the answer must not go on: what the guard gave last goes out, and then this ends it. */
  readonly fault?: Fault | null;
}

/** Opens the guards that a mandate asks for; null where none is asked for. */
export type OpenGuard = (mandate: Mandate, workload: Workload) => Guard | null;

/** Session and context pointers → the effective conversation. */
export type Resolve = (workload: Workload) => Workload;

/** An answer that needs no model. */
export interface CacheHit {
  readonly kind: 'cache-hit';
  readonly body: Buffer;
}

/** Looks for an exact hit; null is a miss. */
export type LookUp = (workload: Workload, mandate: Mandate) => MaybeAsync<CacheHit | null>;
