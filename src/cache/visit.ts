import type { CacheRule, Workload } from '../contract/index.ts';
import type { RecordingSink } from './answer-record.ts';
import type { Judged } from './matching.ts';
import type { RequestKey } from './request-key.ts';

/** What the cache knows of one request while it is under way. */
export interface Visit {
  readonly workload: Workload;
  readonly rule: CacheRule;
  /** By which error bounds are told apart. */
  readonly ruleName: string;
  /** Null: it neither gets nor leaves a stored answer. */
  readonly key: RequestKey | null;
  /** Null until something asks for it, or where the route does not serve by meaning. */
  vector: Float32Array | null;
  judged: Judged | null;
  /** The same request was answered, and its answer is for nobody else: this one waits for none. */
  isSolitary: boolean;
  /** Monotonic; null: it has not waited for another request's answer. */
  waitsUntilMs: number | null;
  record: RecordingSink | null;
  isWhole: boolean;
}
