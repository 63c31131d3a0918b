import type { Clock } from '../../kernel/index.ts';

export interface CacheServerOptions<Package> {
  /** With its password. */
  readonly url: string;
  readonly library: Package;
  readonly clock: Clock;
  /** How often news of other hosts is looked for where nothing rings. */
  readonly pollMs?: number;
  /** A server that takes longer to answer is away. */
  readonly timeoutMs?: number;
}

export const POLL_MS = 5_000;
export const TIMEOUT_MS = 10_000;
