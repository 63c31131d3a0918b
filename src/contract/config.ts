import type { KeyId, TenantId } from '../kernel/index.ts';
import type { VerdictSource } from './accuracy.ts';
import type { CacheConfig } from './cache.ts';
import type { MarketConfig } from './bidding.ts';
import type { HeadTask } from './encoder.ts';
import type { ExplorationPlan } from './exploration.ts';
import type { Instance, Model } from './fleet.ts';
import type { JudgingConfig } from './judge.ts';
import type { Objective } from './workload.ts';

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly admin: {
    readonly host: string;
    readonly port: number;
    readonly keySha256: string | null;
  };
  readonly limits: {
    readonly bodyBytes: number;
    readonly headerBytes: number;
    readonly connections: number;
    /** Requests in flight per worker, over all tenants; more are shed with 429. */
    readonly concurrency: number;
    readonly bodyTimeoutMs: number;
  };
  /** Phases of DESIGN §8: how long readiness fails before the port closes, and how long requests may finish. */
  readonly shutdown: { readonly noticeMs: number; readonly drainMs: number };
  readonly workers: number;
  /** Engines that can are told that tenants share no KV memory. Unset: they may. */
  readonly keepsPrefixesApart?: boolean;
}

export interface KeyConfig {
  readonly id: KeyId;
  readonly tenant: TenantId;
  /** Lower-case hexadecimal SHA-256 of the key. */
  readonly sha256: string;
  readonly roles: readonly string[];
}

/** Ceilings and stored preferences of one tenant. `*` is every tenant that has no entry of its own. */
export interface TenantConfig {
  readonly id: string;
  readonly mode: string | null;
  readonly weights: Partial<Objective> | null;
  /** Of each worker. */
  readonly concurrency: number | null;
  /** Of all workers together. */
  readonly requestsPerMinute: number | null;
}

export type BudgetPeriod = 'minute' | 'hour' | 'day' | 'month' | 'total';

/** One budget rule. Each distinct value of the scopes that are `*` has a balance of its own; null does not tell apart. */
export interface BudgetRule {
  readonly id: string;
  readonly scope: {
    readonly tenant: string | null;
    readonly key: string | null;
    readonly user: string | null;
    readonly route: string | null;
  };
  readonly per: BudgetPeriod;
  /** IANA name; days and months begin at its midnight. Unset: UTC. */
  readonly timeZone?: string;
  readonly limits: BudgetLimits;
  /** What was left of the last period is added to the next. Unset: nothing is. */
  readonly carryOver?: CarryOver;
  /** Unset: spending is not paced. */
  readonly pacing?: { readonly targetRatio: number };
}

/** `shareRatio` of what was left, and never more than `maxRatio` of the limit. */
export interface CarryOver {
  readonly shareRatio: number;
  readonly maxRatio: number;
}

export interface BudgetLimits {
  readonly tokens: number | null;
  readonly picoUsd: number | null;
  readonly microjoules: number | null;
}

export interface AttemptPlan {
  /** Attempts in all, the first included; each on another instance. */
  readonly max: number;
  readonly connectTimeoutMs: number;
  /**
   * From dispatch to the first meaningful byte of the answer. An unstreamed answer, whose first byte
   * comes with its last, gets four times the latency that its bid promises on top.
   */
  readonly firstTokenTimeoutMs: number;
  /** Between two chunks of a stream. */
  readonly idleTimeoutMs: number;
  /** From the first dispatch to the end of the answer, over all attempts. */
  readonly totalTimeoutMs: number;
  /** A stream that breaks off goes on at another instance of the same model, where that can be. Unset: it does. */
  readonly continueCut?: boolean;
}

export interface LearningConfig {
  readonly reputation: { readonly alpha: number; readonly graceRatio: number };
  readonly accuracy: AccuracyLearningConfig;
  /** Of routes that say nothing of their own; unset: they do not explore. */
  readonly exploration?: ExplorationPlan;
  /** The absolute path of a trained router, and how much its forecasts weigh; null or unset: there is none. Read at start. */
  readonly router?: { readonly file: string; readonly questions: number } | null;
}

/** How verdicts become beliefs. */
export interface AccuracyLearningConfig {
  /** After this many verdicts, and after this time, what was counted has half its weight. */
  readonly halfLifeVerdicts: number;
  readonly halfLifeMs: number;
  /** Whether figures of cards move with the difficulty of a request; unset: they do not. */
  readonly byDifficulty?: boolean;
  /** How much of a certain verdict one of each source counts, 0–1. */
  readonly reliability: Readonly<Record<VerdictSource, number>>;
  readonly drift: {
    readonly isWatched: boolean;
    /** The loss that is looked for, 0–1. */
    readonly loss: number;
    /** One false alarm is expected in this many verdicts. */
    readonly verdictsPerFalseAlarm: number;
  };
}

export interface FeedbackConfig {
  /** Whether the texts of corrections are kept in the store. */
  readonly keepsCorrections: boolean;
  /** Whether what speaks against an answer teaches: retries, failed tools, and how it ended. Unset: it does not. */
  readonly isImplicit?: boolean;
  /** Of one tenant in an hour: what comes on top is kept, and teaches nothing. */
  readonly taughtPerTenantHour: number;
}

export interface HealthConfig {
  readonly pollMs: number;
  readonly timeoutMs: number;
  /** Circuit breaker: opens after this many failures in a row, for a time that doubles up to a ceiling. */
  readonly breaker: {
    readonly failures: number;
    readonly openMs: number;
    readonly openMsMax: number;
    /** Requests at once when it closes again, doubled with each success; 0 or unset: any number. */
    readonly rampFrom?: number;
  };
}

/** An ONNX model of the operator's: absolute paths. */
export interface OnnxFiles {
  readonly onnx: string;
  /** Null: tokenizer.json beside the model. */
  readonly tokenizer: string | null;
  readonly maxTokens: number | null;
}

export interface OnnxClassifierFiles extends OnnxFiles {
  /** Null: those of config.json beside the model. */
  readonly labels: readonly string[] | null;
  readonly threshold: number | null;
}

/** An `/v1/embeddings` endpoint. */
export interface EmbeddingsEndpoint {
  readonly url: string;
  readonly model: string;
  readonly apiKey: string | null;
  readonly dimensions: number;
  readonly timeoutMs: number;
}

/** Which models read requests. Read at start; a later policy does not change it. */
export interface UnderstandingConfig {
  readonly deep: 'auto' | 'off' | 'required';
  readonly encoder: OnnxFiles | EmbeddingsEndpoint | null;
  readonly classifiers: ReadonlyMap<HeadTask, OnnxClassifierFiles>;
  readonly pii: OnnxClassifierFiles | null;
}

/** Carbon intensity by place, and which label tells the place of an instance. */
export interface CarbonConfig {
  readonly label: string;
  readonly gramsPerKilowattHour: ReadonlyMap<string, number>;
  /** How long a value counts that is pushed without a time of its own. */
  readonly maxAgeMs: number;
}

/** A virtual model of the policy, `auto:NAME`. */
export interface RecipeConfig {
  readonly name: string;
  /** Callers with one of these roles may ask for it; null: everybody. */
  readonly roles: readonly string[] | null;
}

/** Everything the policy file says that is not a rule; every default is filled in. */
export interface Config {
  readonly server: ServerConfig;
  /** Path of the SQLite file; null keeps state in memory only. */
  readonly storePath: string | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly keys: readonly KeyConfig[];
  readonly tenants: readonly TenantConfig[];
  readonly models: readonly Model[];
  readonly instances: readonly Instance[];
  readonly modes: ReadonlyMap<string, Objective>;
  readonly recipes: readonly RecipeConfig[];
  readonly carbon: CarbonConfig;
  readonly budgets: readonly BudgetRule[];
  /** Unset: nothing is cached. */
  readonly cache?: CacheConfig;
  readonly attempts: AttemptPlan;
  readonly health: HealthConfig;
  /** Unset: no instance has an owner. */
  readonly market?: MarketConfig;
  readonly learning: LearningConfig;
  readonly feedback: FeedbackConfig;
  /** Unset: nothing is judged. */
  readonly judging?: JudgingConfig;
  readonly understanding: UnderstandingConfig;
  /** Module paths, absolute. */
  readonly plugins: readonly string[];
}
