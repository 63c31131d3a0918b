import type { Usage } from '../contract/index.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * A `usage` object of any OpenAI surface (chat and completions: `prompt_tokens`, `completion_tokens`;
 * embeddings without the latter; responses: `input_tokens`, `output_tokens`). Null where it counts
 * nothing. A count that is no whole number ≥ 0 is taken as 0.
 */
export function readUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null;
  const prompt = value['prompt_tokens'] ?? value['input_tokens'];
  const output = value['completion_tokens'] ?? value['output_tokens'];
  if (!isCount(prompt) && !isCount(output)) return null;
  const details = value['prompt_tokens_details'] ?? value['input_tokens_details'];
  const cached = isObject(details) ? details['cached_tokens'] : value['prompt_cache_hit_tokens'];
  const promptTokens = isCount(prompt) ? prompt : 0;
  return {
    promptTokens,
    cachedTokens: isCount(cached) ? Math.min(cached, promptTokens) : 0,
    outputTokens: isCount(output) ? output : 0,
    isEstimated: false,
  };
}

/** Why a response of the responses surface ended, in the words of chat completions; null while it has not. */
export function finishOfResponse(response: Json): string | null {
  if (response['status'] === 'completed') return 'stop';
  if (response['status'] !== 'incomplete') return null;
  const details = response['incomplete_details'];
  const reason = isObject(details) ? details['reason'] : null;
  return reason === 'content_filter' ? 'content_filter' : 'length';
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
