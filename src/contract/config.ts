import type { KeyId, TenantId } from '../kernel/index.ts';
import type { HeadTask } from './encoder.ts';
import type { Instance, Model } from './fleet.ts';
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
  readonly concurrency: number | null;
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
  readonly limits: BudgetLimits;
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
}

export interface LearningConfig {
  readonly reputation: { readonly alpha: number; readonly graceRatio: number };
}

export interface HealthConfig {
  readonly pollMs: number;
  readonly timeoutMs: number;
  /** Circuit breaker: opens after this many failures in a row, for a time that doubles up to a ceiling. */
  readonly breaker: {
    readonly failures: number;
    readonly openMs: number;
    readonly openMsMax: number;
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
  readonly budgets: readonly BudgetRule[];
  readonly attempts: AttemptPlan;
  readonly health: HealthConfig;
  readonly learning: LearningConfig;
  readonly understanding: UnderstandingConfig;
  /** Module paths, absolute. */
  readonly plugins: readonly string[];
}
