import { isObject, storedMemberOf } from '../usage.ts';

type Json = Readonly<Record<string, unknown>>;

/** What an answer was used for, as the messages surface counts it. */
export function messageUsage(usage: unknown): Json | null {
  if (!isObject(usage)) return null;
  const details = isObject(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {};
  const read = count(details['cached_tokens'] ?? usage['prompt_cache_hit_tokens']);
  const written = count(details['cache_write_tokens']);
  return {
    input_tokens: Math.max(0, count(usage['prompt_tokens']) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: count(usage['completion_tokens']),
    ...storedMemberOf(usage),
  };
}

const count = (value: unknown): number =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0;

const STOPS: Readonly<Record<string, string>> = {
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
};
/** Reasons that chat has one word for together. */
const MORE_STOPS: Readonly<Record<string, string>> = {
  stop_sequence: 'end_turn',
  pause_turn: 'end_turn',
  model_context_window_exceeded: 'max_tokens',
};

/**
 * Why a message ended. `own` is what Anthropic's own servers said of it: it counts where it says the
 * same in more detail, since the exchange may have made another end of it.
 */
export function stopOf(finishReason: unknown, own: unknown): Json {
  const told = isObject(own) ? own : {};
  const reason = STOPS[String(finishReason)] ?? 'end_turn';
  const given = told['stop_reason'];
  const isSame = typeof given === 'string' && (MORE_STOPS[given] ?? given) === reason;
  return {
    stop_reason: isSame ? given : reason,
    stop_sequence: isSame ? (told['stop_sequence'] ?? null) : null,
  };
}

/** The text at a key; null where there is none. */
export function textAt(value: Json, key: string): string | null {
  const text = value[key];
  return typeof text === 'string' && text !== '' ? text : null;
}

/** What the model thought, by either name. */
export const thoughtAt = (message: Json): string | null =>
  textAt(message, 'reasoning_content') ?? textAt(message, 'reasoning');
