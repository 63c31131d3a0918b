import type { AnswerInfo } from '../../../contract/index.ts';
import { fault } from '../../../kernel/index.ts';
import { objectIn } from '../openai-face.ts';
import { countOf, isObject, listOf, textOf } from './json.ts';
import type { Json } from './json.ts';

const FINISH: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** Why an answer ended, in the words of chat completions. */
export const finishOf = (reason: unknown): string => FINISH[textOf(reason)] ?? 'stop';

/**
 * Usage as chat completions have it. Anthropic counts what it read from its cache and wrote to it apart
 * from `input_tokens`; OpenAI's prompt is all of it.
 */
export function usageOf(usage: unknown): Json | undefined {
  if (!isObject(usage)) return undefined;
  const read = countOf(usage['cache_read_input_tokens']);
  const written = countOf(usage['cache_creation_input_tokens']);
  const kept = usage['cache_creation'];
  const hour = isObject(kept) ? countOf(kept['ephemeral_1h_input_tokens']) : 0;
  const prompt = countOf(usage['input_tokens']) + read + written;
  const output = countOf(usage['output_tokens']);
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: {
      cached_tokens: read,
      ...(written > 0 && { cache_write_tokens: written }),
      ...(hour > 0 && { cache_write_hour_tokens: hour }),
    },
  };
}

/** What became of the end that chat has no word for. */
export const endOf = (message: Json): Json => ({
  ...(typeof message['stop_sequence'] === 'string' && { stop_sequence: message['stop_sequence'] }),
  stop_reason: message['stop_reason'],
});

/** A whole message as a chat completion. */
export function chatAnswer(body: Buffer, info: AnswerInfo): Buffer {
  const message = objectIn(body.toString());
  if (message === null || !Array.isArray(message['content'])) {
    const reason = 'it has no content';
    throw fault('BRS_UPSTREAM_PROTOCOL', { instance: 'of Anthropic', reason });
  }
  const finish = finishOf(message['stop_reason']);
  return Buffer.from(
    JSON.stringify({
      id: textOf(message['id']) || `chatcmpl-${info.id}`,
      object: 'chat.completion',
      created: info.createdAtSeconds,
      model: message['model'],
      choices: [
        {
          index: 0,
          message: { role: 'assistant', ...saidOf(message['content']), anthropic: endOf(message) },
          logprobs: null,
          finish_reason: finish,
        },
      ],
      usage: usageOf(message['usage']),
    }),
  );
}

function saidOf(content: unknown): Json {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const thinking: Json[] = [];
  const calls: Json[] = [];
  for (const block of listOf(content)) {
    if (!isObject(block)) continue;
    if (block['type'] === 'text') texts.push(textOf(block['text']));
    else if (block['type'] === 'thinking' || block['type'] === 'redacted_thinking') {
      thoughts.push(textOf(block['thinking']));
      thinking.push(block);
    } else if (block['type'] === 'tool_use') {
      calls.push({
        id: block['id'],
        type: 'function',
        function: { name: block['name'], arguments: JSON.stringify(block['input'] ?? {}) },
      });
    }
  }
  return {
    content: texts.length === 0 ? null : texts.join(''),
    ...(thinking.length > 0 && {
      reasoning_content: thoughts.join(''),
      thinking_blocks: thinking,
    }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

/** Anthropic's error as OpenAI writes it. */
export function chatError(body: Buffer): Buffer {
  const error = objectIn(body.toString())?.['error'];
  if (!isObject(error)) return body;
  const { type, message } = error;
  return Buffer.from(JSON.stringify({ error: { message, type, param: null, code: type } }));
}
