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
  record: RecordingSink | null;
  isWhole: boolean;
}
