import { isObject, listOf } from './json.ts';

const MARK = { type: 'ephemeral' };

/**
 * Marks the end of the system prompt and of the conversation to be cached, where the request has no
 * mark of its own: Anthropic caches nothing that is not marked.
 */
export function markForCache(body: Record<string, unknown>): void {
  if (JSON.stringify(body).includes('"cache_control":{')) return;
  body['system'] = withMark(body['system']);
  const messages = [...listOf(body['messages'])];
  const last = messages.at(-1);
  if (!isObject(last)) return;
  messages[messages.length - 1] = { ...last, content: withMark(last['content']) };
  body['messages'] = messages;
}

function withMark(blocks: unknown): unknown {
  const marked = [...listOf(blocks)];
  const last = marked.at(-1);
  if (!isObject(last)) return blocks;
  // What the model thought cannot be marked.
  if (last['type'] === 'thinking' || last['type'] === 'redacted_thinking') return blocks;
  marked[marked.length - 1] = { ...last, cache_control: MARK };
  return marked;
}
