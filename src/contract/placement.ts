import type { InstanceId, SessionId, TenantId } from '../kernel/index.ts';

/**
 * The blocks of a prompt: each number stands for all bytes up to its end, so that equal numbers mean
 * equal beginnings.
 */
export interface PromptChain {
  /** 53 bits each, never 0. */
  readonly hashes: readonly number[];
  /** Where each block ends, in bytes from the beginning of the prompt. */
  readonly ends: readonly number[];
  /** Bytes of the whole prompt, in blocks or not. */
  readonly totalBytes: number;
}

/** A prompt that was sent to an instance. */
export interface RoutedPrompt {
  readonly instance: InstanceId;
  readonly chain: PromptChain;
  readonly promptTokens: number;
}

/** A session that was served at an instance; `tokens`: of its prompt and the answer. */
export interface ServedSession {
  readonly tenant: TenantId;
  readonly session: SessionId;
  readonly instance: InstanceId;
  readonly tokens: number;
}

/** A prompt as its engine renders it. */
export interface RenderedChain {
  readonly instance: InstanceId;
  readonly chain: PromptChain;
  readonly tokens: number;
  readonly blockSize: number;
  /** Each whole block of tokens and all before it, as 53 bits: equal numbers mean equal tokens. */
  readonly blocks: readonly number[];
}

/** What one worker has to tell the others of where prompts and sessions went. */
export interface PlacementNews {
  readonly prompts: readonly RoutedPrompt[];
  readonly sessions: readonly ServedSession[];
  /** Unset: none. */
  readonly rendered?: readonly RenderedChain[];
}
