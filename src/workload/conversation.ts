import {
  CLOSE_BRACKET,
  OPEN_BRACKET,
  QUOTE,
  decodeString,
  endOfValue,
  firstItem,
  nextItem,
  parseField,
  parseSpan,
} from '../wire/index.ts';
import type { MessageView, RequestBody, Surface } from '../contract/index.ts';
import type { Census } from './census.ts';

type Json = Readonly<Record<string, unknown>>;

/** The whole conversation, decoded. What is not text is left out. */
export function readConversation(body: RequestBody, surface: Surface): readonly MessageView[] {
  if (surface === 'chat') return viewsOf(parseField(body, 'messages'), messageView);
  if (surface === 'completions') return [promptView(parseField(body, 'prompt'))];
  const input = parseField(body, 'input');
  if (surface === 'embeddings') return [promptView(input)];
  const views = typeof input === 'string' ? [promptView(input)] : viewsOf(input, itemView);
  const instructions = parseField(body, 'instructions');
  if (typeof instructions !== 'string') return views;
  return [{ role: 'system', text: instructions, hasToolCalls: false }, ...views];
}

/** The text of the last message of the user: only its bytes are parsed. */
export function readLastUserText(body: RequestBody, surface: Surface, census: Census): string {
  const { lastUserStart: start, lastUserEnd: end } = census;
  const { bytes } = body;
  if (end === 0) return '';
  if (census.lastUserTextEnd > 0) {
    const { lastUserTextStart, lastUserTextEnd } = census;
    return decodeString(bytes, lastUserTextStart, lastUserTextEnd, placeOf(surface));
  }
  if (bytes[start] === QUOTE) return decodeString(bytes, start, end, 'prompt');
  const value = parseSpan(bytes, start, end, placeOf(surface));
  if (Array.isArray(value)) return promptView(value).text;
  return (surface === 'chat' ? messageView(value as Json) : itemView(value as Json)).text;
}

const placeOf = (surface: Surface): string => (surface === 'chat' ? 'messages' : 'input');

/** How many elements the array at `key` has; 0 where it is no array. */
export function countElements(body: RequestBody, key: string): number {
  const span = body.fields.get(key);
  if (span === undefined || body.bytes[span.start] !== OPEN_BRACKET) return 0;
  const text = { bytes: body.bytes, end: span.end, isStrict: false };
  let count = 0;
  let at = firstItem(text, span.start, CLOSE_BRACKET);
  while (at >= 0) {
    count++;
    at = nextItem(text, endOfValue(text, at, 2), CLOSE_BRACKET);
  }
  return count;
}

function viewsOf(value: unknown, view: (message: Json) => MessageView): readonly MessageView[] {
  return Array.isArray(value) ? value.map((message) => view(message as Json)) : [];
}

/** An item of the responses surface: its type says more than its role. */
function itemView(item: Json): MessageView {
  if (item['type'] === 'function_call') return { role: 'assistant', text: '', hasToolCalls: true };
  if (item['type'] === 'function_call_output') {
    return { role: 'tool', text: textOf(item['output']), hasToolCalls: false };
  }
  return messageView(item);
}

function messageView(message: Json): MessageView {
  const { role, tool_calls: calls } = message;
  return {
    role: typeof role === 'string' ? role : 'assistant',
    text: textOf(message['content']),
    hasToolCalls: (Array.isArray(calls) && calls.length > 0) || isObject(message['function_call']),
  };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  const texts: string[] = [];
  for (const part of content as readonly unknown[]) {
    if (typeof part === 'string') texts.push(part);
    else if (isObject(part) && typeof part['text'] === 'string') texts.push(part['text']);
  }
  return texts.join('\n');
}

function promptView(prompt: unknown): MessageView {
  const texts = Array.isArray(prompt)
    ? prompt.filter((item) => typeof item === 'string')
    : [prompt];
  const text = texts.filter((item) => typeof item === 'string').join('\n');
  return { role: 'user', text, hasToolCalls: false };
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
