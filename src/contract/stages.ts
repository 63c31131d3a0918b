import type { Fault, MaybeAsync } from '../kernel/index.ts';
import type { CacheEntry, CachePreference } from './cache.ts';
import type { World } from './keeper.ts';
import type { Award } from './market.ts';
import type { Mandate } from './policy.ts';
import type { Refusal } from './refusal.ts';
import type { SignalReader } from './signal.ts';
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

/** The fixed answer of a route. */
export interface FixedHit {
  readonly kind: 'cache-hit';
  readonly body: Buffer;
}

/** A stored answer to the same request, or to another wording of it. */
export interface StoredHit {
  readonly kind: 'stored-hit';
  readonly entry: CacheEntry;
  readonly ageMs: number;
  /** Cosine of the two questions; null: the request is the same. */
  readonly similarity: number | null;
  /** The same request was under way, and this is its answer. Unset: it was stored before. */
  readonly isShared?: true;
}

/** An answer that needs no model. */
export type CacheHit = FixedHit | StoredHit;

/** A stored answer that is likely to fit: a bid, nearly free and instant, that may be wrong. */
export interface CacheCandidate {
  readonly kind: 'candidate';
  readonly hit: StoredHit;
  /** P(the stored answer is not the one to this question), 0–1. */
  readonly wrong: number;
  /** `serve`: within the error bound. `explore`: the same, but this request checks it. `miss`: beyond the bound. */
  readonly choice: 'serve' | 'explore' | 'miss';
  readonly maxErrorRate: number;
  readonly prefer: CachePreference;
}

/** Looks for a stored answer. A hit ends the request; a candidate goes to the market; null is a miss. */
export type LookUp = (
  workload: Workload,
  mandate: Mandate,
  world: World,
  signals: SignalReader,
) => MaybeAsync<CacheHit | CacheCandidate | null>;

/** Whether the candidate's answer is worth more than what the market awarded. */
export type WeighCandidate = (
  candidate: CacheCandidate,
  result: Award | Refusal,
  mandate: Mandate,
) => StoredHit | null;
