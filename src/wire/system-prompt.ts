import type { FieldSpan, RequestBody } from '../contract/index.ts';
import {
  CLOSE_BRACKET,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfValue,
  findMember,
  firstItem,
  isWord,
  nextItem,
} from './json-text.ts';
import type { JsonText } from './json-text.ts';

/** A system prompt of the policy, and how it meets one that the client sent. */
export interface SystemPrompt {
  readonly mode: 'replace' | 'prepend' | 'append';
  readonly text: string;
}

const BETWEEN = '\n\n';

/**
 * The value of `messages` with the system prompt in it: that of the first system or developer
 * message is replaced or extended, and where there is none a message is put in front. For a body of
 * the responses surface, which has `input` instead, it is the value of `instructions`. Null where
 * the body has neither.
 */
export function systemPromptEdit(body: RequestBody, prompt: SystemPrompt): Buffer | null {
  const { bytes, fields } = body;
  const messages = fields.get('messages');
  if (messages === undefined) {
    return fields.has('input') ? contentEdit(body, fields.get('instructions'), prompt) : null;
  }
  if (bytes[messages.start] !== OPEN_BRACKET) return null;
  const text: JsonText = { bytes, end: messages.end, isStrict: false };
  let at = firstItem(text, messages.start, CLOSE_BRACKET);
  const isEmpty = at < 0;
  while (at >= 0) {
    const end = endOfValue(text, at, 1);
    if (bytes[at] === OPEN_BRACE) {
      if (isSystem(text, findMember(text, at, 'role'))) {
        return splice(bytes, messages, messageEdit(body, text, at, prompt));
      }
    }
    at = nextItem(text, end, CLOSE_BRACKET);
  }
  const message = `{"role":"system","content":${JSON.stringify(prompt.text)}}${isEmpty ? '' : ','}`;
  const start = messages.start + 1;
  return splice(bytes, messages, { start, end: start, value: Buffer.from(message) });
}

interface Patch {
  readonly start: number;
  readonly end: number;
  readonly value: Buffer;
}

function isSystem(text: JsonText, role: FieldSpan | null): boolean {
  if (role === null) return false;
  const { start, end } = role;
  return isWord(text, start, end, 'system') || isWord(text, start, end, 'developer');
}

function messageEdit(body: RequestBody, text: JsonText, open: number, prompt: SystemPrompt): Patch {
  const content = findMember(text, open, 'content');
  if (content !== null) {
    return { start: content.start, end: content.end, value: contentEdit(body, content, prompt) };
  }
  const value = Buffer.from(`"content":${JSON.stringify(prompt.text)},`);
  return { start: open + 1, end: open + 1, value };
}

/** The new value of a content: a string, a list of parts, or (null, missing) the prompt alone. */
function contentEdit(
  { bytes }: RequestBody,
  content: FieldSpan | undefined,
  { mode, text }: SystemPrompt,
): Buffer {
  const first = content === undefined ? undefined : bytes[content.start];
  if (mode === 'replace' || content === undefined || (first !== QUOTE && first !== OPEN_BRACKET)) {
    return Buffer.from(JSON.stringify(text));
  }
  const inner = bytes.subarray(content.start + 1, content.end - 1);
  const isString = first === QUOTE;
  const isEmpty = isString
    ? inner.length === 0
    : firstItem({ bytes, end: content.end, isStrict: false }, content.start, CLOSE_BRACKET) < 0;
  const between = isEmpty ? '' : isString ? JSON.stringify(BETWEEN).slice(1, -1) : ',';
  const piece = isString
    ? JSON.stringify(text).slice(1, -1)
    : JSON.stringify({ type: 'text', text });
  const added = Buffer.from(mode === 'prepend' ? piece + between : between + piece);
  const opening = bytes.subarray(content.start, content.start + 1);
  const closing = bytes.subarray(content.end - 1, content.end);
  const parts =
    mode === 'prepend' ? [opening, added, inner, closing] : [opening, inner, added, closing];
  return Buffer.concat(parts);
}

/** The bytes of `span` with `patch` (in the same coordinates) put in. */
function splice(bytes: Buffer, span: FieldSpan, patch: Patch): Buffer {
  return Buffer.concat([
    bytes.subarray(span.start, patch.start),
    patch.value,
    bytes.subarray(patch.end, span.end),
  ]);
}
