import type { Clock, Rng } from '../kernel/index.ts';
import type { CacheStore } from '../contract/index.ts';
import type { Beliefs, BourseEvent, Learner, Policy, PolicyProblem } from '../contract/index.ts';
import type { Engine, Instance, Prober, Store } from '../contract/index.ts';
import type { Defer } from './journal.ts';

/** The text of a policy, the file that it is from, and the texts of the files that it names (null: not readable). */
export interface PolicySource {
  readonly text: string;
  readonly file: string | null;
  readonly files: Readonly<Record<string, string | null>>;
}

/** Compiles a policy; the same function in every worker and in the keeper. */
export type LoadPolicy = (
  source: PolicySource,
  generation: number,
) =>
  | {
      readonly kind: 'policy';
      readonly policy: Policy;
      readonly warnings: readonly PolicyProblem[];
    }
  | { readonly kind: 'rejected'; readonly problems: readonly PolicyProblem[] };

/** What is known of servers, and whom their list is told to. */
export interface ServersPort {
  /** The kinds that there are. */
  readonly engines: readonly Engine[];
  /** Rejects with a fault where an instance that is being added could never serve. */
  readonly check: (instance: Instance) => Promise<void>;
  /** Hears of every list of instances. It must be quick and must not throw. */
  readonly onFleet: (instances: readonly Instance[]) => void;
}

export interface KeeperOptions {
  readonly store: Store;
  /** Where stored answers are kept; unset: nowhere. */
  readonly cacheStore?: CacheStore | null;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly learners: readonly Learner[];
  readonly prober: Prober;
  /** Unset: any engine may be named, and nothing is checked. */
  readonly servers?: ServersPort;
  readonly loadPolicy: LoadPolicy;
  /** The policy to start with; `start` rejects with `BRS_CONFIG` where it is not good. */
  readonly policy: PolicySource;
  /** Reads the policy again, with all its files, for `reload`. */
  readonly readPolicy: () => Promise<PolicySource>;
  readonly beliefs: {
    toJson(beliefs: Beliefs): string;
    fromJson(json: string): Beliefs | null;
  };
  /** Hears of everything, the workers' events included. It must be quick and must not throw. */
  readonly onEvent: (event: BourseEvent) => void;
  /** How short delays are waited for. Default: the timers of the process. */
  readonly defer?: Defer;
}
