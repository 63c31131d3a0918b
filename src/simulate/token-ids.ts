import { hashText, mixHash } from './hash.ts';

/**
 * The simulator's tokens, so that counts can be reproduced exactly from the request:
 * text: `ceil(UTF-8 bytes / 4)`; a message: 4 more than its text (content, then the name and
 * arguments of its tool calls); an image or audio part: 256; tool definitions: the tokens of their
 * JSON, without white space. A token's id is its four bytes, so equal prefixes share ids.
 */
export const BYTES_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_MEDIA_PART = 256;

export interface PromptMessage {
  readonly role: string;
  readonly text: string;
  /** Addresses or data of images and audio. */
  readonly media: readonly string[];
}

const countTextTokens = (text: string): number =>
  Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);

/** Token ids of a conversation, in the order of a chat template: tools, then messages. */
export function conversationIds(
  messages: readonly PromptMessage[],
  toolsJson: string,
): Uint32Array {
  let total = countTextTokens(toolsJson);
  for (const message of messages) {
    total += TOKENS_PER_MESSAGE + countTextTokens(message.text);
    total += message.media.length * TOKENS_PER_MEDIA_PART;
  }
  const ids = new Uint32Array(total);
  let at = writeText(ids, 0, toolsJson);
  for (const message of messages) {
    ids.fill(hashText(message.role), at, at + TOKENS_PER_MESSAGE);
    at = writeText(ids, at + TOKENS_PER_MESSAGE, message.text);
    for (const source of message.media) {
      ids.fill(hashText(source), at, at + TOKENS_PER_MEDIA_PART);
      at += TOKENS_PER_MEDIA_PART;
    }
  }
  return ids;
}

/** Token ids of a bare text. */
export function textIds(text: string): Uint32Array {
  const ids = new Uint32Array(countTextTokens(text));
  writeText(ids, 0, text);
  return ids;
}

function writeText(ids: Uint32Array, start: number, text: string): number {
  if (text === '') return start;
  const bytes = Buffer.from(text);
  const whole = bytes.length - (bytes.length % BYTES_PER_TOKEN);
  let at = start;
  for (let i = 0; i < whole; i += BYTES_PER_TOKEN) ids[at++] = bytes.readUInt32LE(i);
  if (whole < bytes.length) ids[at++] = bytes.readUIntLE(whole, bytes.length - whole);
  return at;
}

/** The hash of a prompt, by which answers to it are drawn. */
export function hashIds(ids: ArrayLike<number>): number {
  let hash = ids.length;
  for (let i = 0; i < ids.length; i++) hash = Math.imul(hash ^ ids[i]!, 0x01000193) + (hash >>> 13);
  return mixHash(hash, ids.length);
}
