import { fault } from '../../kernel/index.ts';
import { isObject } from '../usage.ts';
import { messageUsage, stopOf, textAt, thoughtAt } from './message-parts.ts';

type Json = Readonly<Record<string, unknown>>;

/** A chat answer as the messages surface gives it. Throws `BRS_UPSTREAM_PROTOCOL` where it is no chat answer. */
export function messageFromChat(chat: Buffer, id: string): Buffer {
  const answer = parsed(chat);
  const choices = answer?.['choices'];
  const choice: unknown = Array.isArray(choices) ? choices[0] : null;
  const message = isObject(choice) ? choice['message'] : null;
  if (answer === null || !isObject(choice) || !isObject(message)) {
    const reason = 'it has no choices[0].message';
    throw fault('BRS_UPSTREAM_PROTOCOL', { instance: 'of the chat surface', reason });
  }
  const usage = messageUsage(answer['usage']);
  return Buffer.from(
    JSON.stringify({
      id: `msg_${id}`,
      type: 'message',
      role: 'assistant',
      model: answer['model'] ?? '',
      content: contentOf(message, id),
      ...stopOf(choice['finish_reason'], message['anthropic']),
      usage: usage ?? { input_tokens: 0, output_tokens: 0 },
    }),
  );
}

function contentOf(message: Json, id: string): readonly Json[] {
  const blocks: Json[] = thoughtsOf(message);
  const text = textAt(message, 'content') ?? textAt(message, 'refusal');
  if (text !== null) blocks.push({ type: 'text', text });
  const calls = message['tool_calls'];
  for (const [i, call] of (Array.isArray(calls) ? (calls as readonly unknown[]) : []).entries()) {
    const body = isObject(call) ? call['function'] : null;
    if (!isObject(call) || !isObject(body)) continue;
    const callId = textAt(call, 'id') ?? `toolu_${id}_${i}`;
    const input = inputOf(body['arguments']);
    blocks.push({ type: 'tool_use', id: callId, name: body['name'], input });
  }
  return blocks;
}

/** Signed thoughts as they are; those of other models have no signature. */
function thoughtsOf(message: Json): Json[] {
  const signed = message['thinking_blocks'];
  if (Array.isArray(signed)) return signed.filter(isObject);
  const thought = thoughtAt(message);
  return thought === null ? [] : [{ type: 'thinking', thinking: thought, signature: '' }];
}

/** Arguments that are no JSON object stay readable. */
function inputOf(text: unknown): Json {
  if (typeof text !== 'string' || text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : { value };
  } catch {
    return { arguments: text };
  }
}

function parsed(chat: Buffer): Json | null {
  try {
    const value: unknown = JSON.parse(chat.toString());
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
