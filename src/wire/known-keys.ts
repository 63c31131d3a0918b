import { isSame } from './json-text.ts';
import type { JsonText } from './json-text.ts';

/** Top-level keys of the OpenAI surfaces. A key of this list costs no allocation to read. */
const KNOWN_KEYS = [
  'best_of',
  'bourse',
  'encoding_format',
  'frequency_penalty',
  'function_call',
  'functions',
  'input',
  'instructions',
  'logit_bias',
  'logprobs',
  'max_completion_tokens',
  'max_output_tokens',
  'max_tokens',
  'messages',
  'metadata',
  'model',
  'n',
  'parallel_tool_calls',
  'presence_penalty',
  'previous_response_id',
  'prompt',
  'reasoning',
  'reasoning_effort',
  'response_format',
  'seed',
  'service_tier',
  'stop',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_p',
  'user',
  'web_search_options',
] as const;

const byLength: (readonly string[])[] = Array.from({ length: 32 }, (_, length) =>
  KNOWN_KEYS.filter((key) => key.length === length),
);

/** The key between `start` and `end` (quotes excluded) as a string; the caller has ruled out escapes. */
export function keyName(text: JsonText, start: number, end: number): string {
  const length = end - start;
  if (length < byLength.length) {
    for (const candidate of byLength[length]!) {
      if (isSame(text, start, candidate)) return candidate;
    }
  }
  return text.bytes.toString('utf8', start, end);
}
