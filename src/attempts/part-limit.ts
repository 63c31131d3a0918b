import type { Model, Usage } from '../contract/index.ts';

/** The limit that the exchange itself has set on one part of an answer. */
export interface PartLimit {
  readonly tokens: number;
  readonly contextWindowTokens: Model['contextWindowTokens'];
}

/** Engines count the token that ends an answer in different ways. */
const SLACK_TOKENS = 1;

/**
 * Whether that limit is what ended the part. A window that is full, or a ceiling of the server's own
 * that lies lower, ends it with the same word.
 */
export function isCutBy(
  { tokens, contextWindowTokens }: PartLimit,
  end: { readonly finishReason: string | null; readonly usage: Usage | null },
): boolean {
  if (end.finishReason !== 'length') return false;
  if (end.usage === null) return true;
  const { promptTokens, outputTokens } = end.usage;
  const isFull = contextWindowTokens !== null && promptTokens + outputTokens >= contextWindowTokens;
  return !isFull && outputTokens >= tokens - SLACK_TOKENS;
}
