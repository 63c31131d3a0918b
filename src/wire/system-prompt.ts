import type { FieldSpan, RequestBody, SystemPrompt } from '../contract/index.ts';
import { isGenericPrompt } from './generic-prompt.ts';
import {
  CLOSE_BRACKET,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfValue,
  firstItem,
  nextItem,
} from './json-text.ts';
import type { JsonText } from './json-text.ts';
import { ownMember } from './own-member.ts';
import { decodeString, parseSpan } from './read-field.ts';

const BETWEEN = '\n\n';

/**
 * The value of `messages` with the system prompt in it: that of the first system or developer
 * message is replaced or extended, and where there is none a message is put in front. For a body of
 * the responses surface, which has `input` instead, it is the value of `instructions`. Null where
 * the body has neither, and where the client's own prompt stands.
 */
export function systemPromptEdit(body: RequestBody, prompt: SystemPrompt): Buffer | null {
  const { bytes, fields } = body;
  const messages = fields.get('messages');
  if (messages === undefined) return fields.has('input') ? instructionsEdit(body, prompt) : null;
  if (bytes[messages.start] !== OPEN_BRACKET) return null;
  const open = firstSystemMessage(body, messages);
  if (open !== null) {
    const patch = messageEdit(body, { bytes, end: messages.end, isStrict: false }, open, prompt);
    return patch === null ? null : splice(bytes, messages, patch);
  }
  const isEmpty =
    firstItem({ bytes, end: messages.end, isStrict: false }, messages.start, CLOSE_BRACKET) < 0;
  const message = `{"role":"system","content":${JSON.stringify(prompt.text)}}${isEmpty ? '' : ','}`;
  const start = messages.start + 1;
  return splice(bytes, messages, { start, end: start, value: Buffer.from(message) });
}

/** On the responses surface, a message of the input can be a system prompt too: one that says something stands. */
function instructionsEdit(body: RequestBody, prompt: SystemPrompt): Buffer | null {
  const input = body.fields.get('input')!;
  if (prompt.mode === 'onlyIfGeneric' && body.bytes[input.start] === OPEN_BRACKET) {
    const open = firstSystemMessage(body, input);
    if (open !== null) {
      const text = { bytes: body.bytes, end: input.end, isStrict: false };
      const content = ownMember(text, open, 'content');
      if (content !== null && !isGeneric(body.bytes, content)) return null;
    }
  }
  return contentEdit(body, body.fields.get('instructions'), prompt);
}

/** Where the first system or developer message of an array opens; null where there is none. */
function firstSystemMessage({ bytes }: RequestBody, list: FieldSpan): number | null {
  const text: JsonText = { bytes, end: list.end, isStrict: false };
  let at = firstItem(text, list.start, CLOSE_BRACKET);
  while (at >= 0) {
    if (bytes[at] === OPEN_BRACE && isSystem(bytes, ownMember(text, at, 'role'))) return at;
    at = nextItem(text, endOfValue(text, at, 1), CLOSE_BRACKET);
  }
  return null;
}

interface Patch {
  readonly start: number;
  readonly end: number;
  readonly value: Buffer;
}

/** The longest role, each character an escape of six bytes, and the quotes. */
const ROLE_BYTES_MAX = 6 * 'developer'.length + 2;

function isSystem(bytes: Buffer, role: FieldSpan | null): boolean {
  if (role === null || bytes[role.start] !== QUOTE) return false;
  if (role.end - role.start > ROLE_BYTES_MAX) return false;
  const name = decodeString(bytes, role.start, role.end, 'role');
  return name === 'system' || name === 'developer';
}

function messageEdit(
  body: RequestBody,
  text: JsonText,
  open: number,
  prompt: SystemPrompt,
): Patch | null {
  const content = ownMember(text, open, 'content');
  if (content !== null) {
    const value = contentEdit(body, content, prompt);
    return value === null ? null : { start: content.start, end: content.end, value };
  }
  const value = Buffer.from(`"content":${JSON.stringify(prompt.text)},`);
  return { start: open + 1, end: open + 1, value };
}

/** The new value of a content: a string, a list of parts, or (null, missing) the prompt alone. Null where it stands. */
function contentEdit(
  { bytes }: RequestBody,
  content: FieldSpan | undefined,
  { mode, text }: SystemPrompt,
): Buffer | null {
  if (mode === 'onlyIfGeneric') {
    const isKept = content !== undefined && !isGeneric(bytes, content);
    return isKept ? null : Buffer.from(JSON.stringify(text));
  }
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

/** Contents beyond this many bytes say something; the limit counts escapes and the frame of parts. */
const GENERIC_BYTES_MAX = 4096;

function isGeneric(bytes: Buffer, { start, end }: FieldSpan): boolean {
  if (end - start > GENERIC_BYTES_MAX) return false;
  const content = parseSpan(bytes, start, end, 'content');
  if (content === null) return true;
  if (typeof content === 'string') return isGenericPrompt(content);
  return Array.isArray(content) && content.every(isGenericPart);
}

/** A part of another kind than text says something that is not read here. */
function isGenericPart(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  const { type, text } = part as { readonly type?: unknown; readonly text?: unknown };
  return (
    (type === 'text' || type === 'input_text') && typeof text === 'string' && isGenericPrompt(text)
  );
}

/** The bytes of `span` with `patch` (in the same coordinates) put in. */
function splice(bytes: Buffer, span: FieldSpan, patch: Patch): Buffer {
  return Buffer.concat([
    bytes.subarray(span.start, patch.start),
    patch.value,
    bytes.subarray(patch.end, span.end),
  ]);
}
