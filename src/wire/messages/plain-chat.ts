import type { Effort, RequestBody } from '../../contract/index.ts';
import { parseField } from '../read-field.ts';
import { isObject } from '../usage.ts';

type Json = Readonly<Record<string, unknown>>;

/** Up to so many tokens of thinking, what a client asks for is of this effort; any more is high. */
const LOW_TOKENS_MAX = 2048;
const MEDIUM_TOKENS_MAX = 8192;

/** The member of chat in which a request of the messages surface keeps what chat has no place for. */
export const MESSAGES_MEMBER = 'anthropic';

/** How much thinking a request of the messages surface asks for; null: it says nothing. */
export function requestedEffort(body: RequestBody): Effort | null {
  const own = parseField(body, MESSAGES_MEMBER);
  const thinking = isObject(own) ? own['thinking'] : null;
  if (!isObject(thinking)) return null;
  if (thinking['type'] === 'disabled') return 'off';
  const budget = thinking['budget_tokens'];
  if (typeof budget !== 'number') return 'medium';
  if (budget <= LOW_TOKENS_MAX) return 'low';
  return budget <= MEDIUM_TOKENS_MAX ? 'medium' : 'high';
}

/** `messages` or `tools` without what only Anthropic's own servers understand. */
export function withoutMarks(json: Buffer): Buffer {
  const list: unknown = JSON.parse(json.toString());
  return Array.isArray(list) ? Buffer.from(JSON.stringify(list.map(plain))) : json;
}

function plain(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { cache_control: _mark, thinking_blocks: _thinking, is_error: _isError, ...rest } = value;
  const { content, tool_calls: calls } = rest;
  return {
    ...rest,
    ...(Array.isArray(content) && { content: plainContent(content as readonly unknown[]) }),
    ...(Array.isArray(calls) && { tool_calls: calls.map(plain) }),
  };
}

/** Text alone becomes one string: chat templates expect it. */
function plainContent(parts: readonly unknown[]): unknown {
  const unmarked = parts.map(plain);
  const texts = unmarked.filter((part): part is Json => isObject(part) && part['type'] === 'text');
  if (texts.length < unmarked.length) return unmarked;
  return texts.map((part) => String(part['text'])).join('\n');
}
