import type { Usage } from '../contract/index.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * A `usage` object of any OpenAI surface (chat and completions: `prompt_tokens`, `completion_tokens`;
 * embeddings without the latter; responses: `input_tokens`, `output_tokens`). Null where it counts
 * nothing. A count that is no whole number ≥ 0 is taken as 0. What a `total_tokens` has beyond prompt and
 * output was output too: Gemini and xAI leave thinking out of `completion_tokens`. `timings` are
 * llama.cpp's, whose older builds tell only by them what was cached.
 */
export function readUsage(value: unknown, timings: unknown = null): Usage | null {
  if (!isObject(value)) return null;
  const prompt = value['prompt_tokens'] ?? value['input_tokens'];
  const output = value['completion_tokens'] ?? value['output_tokens'];
  if (!isCount(prompt) && !isCount(output)) return null;
  const details = value['prompt_tokens_details'] ?? value['input_tokens_details'];
  const promptTokens = isCount(prompt) ? prompt : 0;
  const cached = isObject(details)
    ? details['cached_tokens']
    : (value['prompt_cache_hit_tokens'] ?? cachedIn(timings, promptTokens));
  const outputTokens = isCount(output) ? output : 0;
  const usage = {
    promptTokens,
    cachedTokens: isCount(cached) ? Math.min(cached, promptTokens) : 0,
    outputTokens: isCount(output) ? outputWith(value, promptTokens, outputTokens) : 0,
    isEstimated: false,
  };
  const made = value['completion_tokens_details'] ?? value['output_tokens_details'];
  return isObject(details) || isObject(made) || value['cost'] !== undefined
    ? withSpecial(usage, value, [isObject(details) ? details : {}, isObject(made) ? made : {}])
    : usage;
}

function outputWith(value: Json, promptTokens: number, outputTokens: number): number {
  const total = value['completion_tokens'] === undefined ? null : value['total_tokens'];
  return isCount(total) ? Math.max(outputTokens, total - promptTokens) : outputTokens;
}

/** Prompt tokens that were not processed again; undefined where the timings do not say. */
function cachedIn(timings: unknown, promptTokens: number): number | undefined {
  if (!isObject(timings)) return undefined;
  const { cache_n: cached, prompt_n: processed } = timings;
  if (isCount(cached)) return cached;
  return isCount(processed) ? Math.max(0, promptTokens - processed) : undefined;
}

const PICO_PER_USD = 1e12;

/** Adds the counts that have a rate of their own, where they are not 0, and a cost that is reported. */
function withSpecial(usage: Usage, value: Json, [prompt, output]: readonly [Json, Json]): Usage {
  const special: Record<string, number> = {};
  const add = (name: string, tokens: unknown): void => {
    if (isCount(tokens) && tokens > 0) special[name] = tokens;
  };
  add('cacheWriteTokens', prompt['cache_write_tokens']);
  add('cacheWriteHourTokens', prompt['cache_write_hour_tokens']);
  add('imageTokens', prompt['image_tokens']);
  add('audioTokens', prompt['audio_tokens']);
  add('reasoningTokens', output['reasoning_tokens']);
  add('audioOutputTokens', output['audio_tokens']);
  const { cost } = value;
  if (typeof cost === 'number' && cost >= 0) {
    add('reportedPicoUsd', Math.round(cost * PICO_PER_USD));
  }
  return { ...usage, ...special };
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

/** How a stored answer came to be served again, as the usage of its chat form says; nothing in that of others. */
export function storedMemberOf(usage: unknown): { readonly bourse_cache?: unknown } {
  const stored = isObject(usage) ? usage['bourse_cache'] : undefined;
  return isObject(stored) ? { bourse_cache: stored } : {};
}
