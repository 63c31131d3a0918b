import type { FieldSpan } from '../contract/index.ts';
import { fault } from '../kernel/index.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  LOWER_N,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfKey,
  endOfValue,
  firstItem,
  isWord,
  nextItem,
  startOfValue,
  wrongType,
} from '../wire/index.ts';
import type { JsonText } from '../wire/index.ts';
import { authorOf, isAudioKey, isImageKey, messageKey } from './message-keys.ts';
import type { Author, MessageKey } from './message-keys.ts';

/** What an audio clip counts at least, and its base64 bytes per token above that (speech at 16 kbit/s). */
const AUDIO_TOKENS_MIN = 1600;
const AUDIO_BYTES_PER_TOKEN = 32;
/** Token ids stand for text of about this many bytes each. */
const BYTES_PER_TOKEN_ID = 4;

/**
 * What stands in a conversation, counted in its bytes without decoding them. The one pass over a
 * prompt that every request pays for: it refuses messages that are none, and finds the last of the
 * user's. The bytes have been scanned: their structure is sound.
 */
export class Census {
  messages = 0;
  /** Bytes of text that reach the model; images and audio are not among them. */
  textBytes = 0;
  /** Bytes of images and audio, or of the links to them. */
  mediaBytes = 0;
  images = 0;
  audioTokens = 0;
  hasAudio = false;
  userMessages = 0;
  assistantMessages = 0;
  toolMessages = 0;
  hasToolCalls = false;
  isInToolLoop = false;
  /** The last message of the user; 0 where there is none. */
  lastUserStart = 0;
  lastUserEnd = 0;
  /** The content of that message where it is a string: the whole message need not be parsed then. */
  lastUserTextStart = 0;
  lastUserTextEnd = 0;
  /** Prompts or inputs of an array, each answered apart. */
  prompts = 1;
  #awaitsResult = false;
  // Of the message at hand.
  #author: Author | null = null;
  #hasRole = false;
  #hasContent = false;
  #callsTool = false;
  #contentStart = 0;
  #contentEnd = 0;

  /** Reads `messages`, or the `input` items of the responses surface, whose roles may be missing. */
  readMessages(text: JsonText, span: FieldSpan, field: 'messages' | 'input'): void {
    if (text.bytes[span.start] !== OPEN_BRACKET) {
      throw wrongType(
        field,
        field === 'input' ? 'a string or an array of items' : 'an array of messages',
      );
    }
    let at = firstItem(text, span.start, CLOSE_BRACKET);
    while (at >= 0) {
      if (text.bytes[at] !== OPEN_BRACE) throw wrongType(this.#place(field), 'an object');
      const end = this.#readMessage(text, at, field);
      this.#countMessage(field, at, end);
      at = nextItem(text, end, CLOSE_BRACKET);
    }
    if (this.messages === 0) throw wrongType(field, 'an array of at least one message');
  }

  /** Reads a `prompt` or `input`: a string, strings, token ids, or lists of token ids. */
  readPrompt(text: JsonText, span: FieldSpan, field: 'prompt' | 'input'): void {
    const first = text.bytes[span.start];
    this.messages = 1;
    this.userMessages = 1;
    this.lastUserStart = span.start;
    this.lastUserEnd = span.end;
    if (first === QUOTE) {
      this.textBytes += span.end - span.start - 2;
      return;
    }
    const expected = 'a string, or an array of strings or of token ids';
    if (first !== OPEN_BRACKET) throw wrongType(field, expected);
    let at = firstItem(text, span.start, CLOSE_BRACKET);
    if (at < 0) throw wrongType(field, expected);
    const kind = promptKind(text, at);
    if (kind === 'other') throw wrongType(field, expected);
    let items = 0;
    while (at >= 0) {
      if (promptKind(text, at) !== kind)
        throw wrongType(`${field}[${items}]`, 'of one type with the others');
      const end = endOfValue(text, at, 2);
      this.textBytes += promptBytes(text, kind, at, end);
      items++;
      at = nextItem(text, end, CLOSE_BRACKET);
    }
    this.prompts = kind === 'token' ? 1 : items;
    this.messages = this.prompts;
  }

  #place(field: string): string {
    return `${field}[${this.messages}]`;
  }

  #readMessage(text: JsonText, open: number, field: string): number {
    this.#author = null;
    this.#hasRole = false;
    this.#hasContent = false;
    this.#callsTool = false;
    this.#contentEnd = 0;
    let at = firstItem(text, open, CLOSE_BRACE);
    while (at >= 0) {
      const keyEnd = endOfKey(text, at);
      const key = messageKey(text, at, keyEnd);
      if (key === null) this.#refuseEscape(text, at, keyEnd, field);
      const start = startOfValue(text, keyEnd);
      const end = this.#readMember(text, key, start, field);
      at = nextItem(text, end, CLOSE_BRACE);
    }
    return -at;
  }

  #readMember(text: JsonText, key: MessageKey, start: number, field: string): number {
    if (key === 'content' || (key === 'output' && field === 'input')) {
      if (this.#hasContent) throw this.#duplicate(field, key);
      this.#hasContent = true;
      const end = this.#readContent(text, start, field);
      if (key === 'content' && text.bytes[start] === QUOTE) {
        this.#contentStart = start;
        this.#contentEnd = end;
      }
      return end;
    }
    const end = endOfValue(text, start, 3);
    const first = text.bytes[start];
    if (key === 'role') {
      if (this.#hasRole) throw this.#duplicate(field, key);
      if (first !== QUOTE) throw wrongType(`${this.#place(field)}.role`, 'a string');
      this.#hasRole = true;
      this.#author ??= authorOf(text, start, end);
    } else if (key === 'type' && field === 'input') {
      this.#readItemType(text, start, end);
    } else if (first !== LOWER_N) {
      if (key === 'tool_calls' || key === 'function_call') {
        this.#callsTool ||= first === OPEN_BRACE || isFilledArray(text, start);
      }
      this.textBytes += end - start;
    }
    return end;
  }

  /** The items of the responses surface that stand for tool calls and their results, whatever role they claim. */
  #readItemType(text: JsonText, start: number, end: number): void {
    if (isWord(text, start, end, 'function_call')) {
      this.#author = 'assistant';
      this.#callsTool = true;
    } else if (isWord(text, start, end, 'function_call_output')) {
      this.#author = 'tool';
    }
  }

  #readContent(text: JsonText, start: number, field: string): number {
    const first = text.bytes[start];
    if (first === QUOTE) {
      const end = endOfValue(text, start, 3);
      this.textBytes += end - start - 2;
      return end;
    }
    if (first === LOWER_N) return endOfValue(text, start, 3);
    if (first !== OPEN_BRACKET) {
      throw wrongType(`${this.#place(field)}.content`, 'a string, an array of parts or null');
    }
    let at = firstItem(text, start, CLOSE_BRACKET);
    while (at >= 0) {
      let end: number;
      if (text.bytes[at] === OPEN_BRACE) {
        end = this.#readPart(text, at, field);
      } else if (text.bytes[at] === QUOTE) {
        end = endOfValue(text, at, 4);
        this.textBytes += end - at - 2;
      } else {
        throw wrongType(`${this.#place(field)}.content`, 'an array of objects');
      }
      at = nextItem(text, end, CLOSE_BRACKET);
    }
    return -at;
  }

  #readPart(text: JsonText, open: number, field: string): number {
    let isImage = false;
    let at = firstItem(text, open, CLOSE_BRACE);
    while (at >= 0) {
      const keyEnd = endOfKey(text, at);
      const start = startOfValue(text, keyEnd);
      const end = endOfValue(text, start, 5);
      if (isWord(text, at, keyEnd, 'text')) {
        this.textBytes += Math.max(0, end - start - 2);
      } else if (isWord(text, at, keyEnd, 'type')) {
        isImage ||= isWord(text, start, end, 'input_image');
      } else if (isImageKey(text, at, keyEnd)) {
        isImage = true;
        this.mediaBytes += end - start;
      } else if (isAudioKey(text, at, keyEnd)) {
        this.hasAudio = true;
        this.mediaBytes += end - start;
        const tokens = Math.ceil((end - start) / AUDIO_BYTES_PER_TOKEN);
        this.audioTokens += Math.max(AUDIO_TOKENS_MIN, tokens);
      } else {
        this.#refuseEscape(text, at, keyEnd, field);
        this.textBytes += end - start;
      }
      at = nextItem(text, end, CLOSE_BRACE);
    }
    if (isImage) this.images++;
    return -at;
  }

  #countMessage(field: 'messages' | 'input', start: number, end: number): void {
    if (!this.#hasRole && field === 'messages') {
      const role = `${this.#place(field)}.role`;
      throw fault('BRS_FIELD_MISSING', { field: role }, { param: role });
    }
    this.messages++;
    this.isInToolLoop = false;
    if (this.#author === 'user') {
      this.userMessages++;
      this.lastUserStart = start;
      this.lastUserEnd = end;
      this.lastUserTextStart = this.#contentStart;
      this.lastUserTextEnd = this.#contentEnd;
    } else if (this.#author === 'assistant') {
      this.assistantMessages++;
      this.#awaitsResult = this.#callsTool;
      this.hasToolCalls ||= this.#callsTool;
    } else if (this.#author === 'tool') {
      this.toolMessages++;
      this.#awaitsResult = false;
      this.isInToolLoop = true;
    }
    this.isInToolLoop ||= this.#awaitsResult;
  }

  /** A key that another reader would read as another word could hide a member from the policy. */
  #refuseEscape(text: JsonText, start: number, end: number, field: string): void {
    for (let at = start + 1; at < end - 1; at++) {
      if (text.bytes[at] !== BACKSLASH) continue;
      const key = `${this.#place(field)}.${text.bytes.toString('utf8', start + 1, Math.min(end - 1, start + 64))}`;
      throw fault('BRS_FIELD_ESCAPED', { key }, { param: this.#place(field) });
    }
  }

  #duplicate(field: string, key: string): Error {
    const place = `${this.#place(field)}.${key}`;
    return fault('BRS_FIELD_DUPLICATE', { key: place }, { param: place });
  }
}

const isFilledArray = (text: JsonText, start: number): boolean =>
  text.bytes[start] === OPEN_BRACKET && firstItem(text, start, CLOSE_BRACKET) >= 0;

type PromptKind = 'string' | 'token' | 'tokens' | 'other';

function promptKind(text: JsonText, at: number): PromptKind {
  const byte = text.bytes[at]!;
  if (byte === QUOTE) return 'string';
  if (byte === OPEN_BRACKET) return 'tokens';
  return byte >= 0x30 && byte <= 0x39 ? 'token' : 'other';
}

function promptBytes(text: JsonText, kind: PromptKind, start: number, end: number): number {
  if (kind === 'string') return end - start - 2;
  if (kind === 'token') return BYTES_PER_TOKEN_ID;
  let count = 0;
  let at = firstItem(text, start, CLOSE_BRACKET);
  while (at >= 0) {
    count++;
    at = nextItem(text, endOfValue(text, at, 3), CLOSE_BRACKET);
  }
  return count * BYTES_PER_TOKEN_ID;
}
