import type { FieldSpan, RequestBody, Surface, TurnSpan } from '../contract/index.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfKey,
  endOfValue,
  firstItem,
  isWord,
  nextItem,
  startOfValue,
} from '../wire/index.ts';
import type { JsonText } from '../wire/index.ts';
import type { Census } from './census.ts';

const FIELDS = {
  chat: 'messages',
  completions: 'prompt',
  responses: 'input',
  embeddings: 'input',
} as const;

/**
 * The text that ends the conversation, where it is a user's; null where there is none, or several. A text
 * that is alone in its list of parts is the same as the string, and so is, on the responses surface, the
 * item that is alone in the input: what stands around it there is part of the whole. Beside pictures, all
 * but the text is context.
 */
export function findLastTurn(body: RequestBody, surface: Surface, census: Census): TurnSpan | null {
  const field = body.fields.get(FIELDS[surface]);
  if (field === undefined || census.prompts !== 1) return null;
  if (body.bytes[field.start] === QUOTE) return same(field.start, field.end);
  if (census.lastUserEnd === 0 || census.isInToolLoop) return null;
  const text = { bytes: body.bytes, end: field.end, isStrict: false };
  // A list of token ids has no messages.
  if (text.bytes[census.lastUserStart] !== OPEN_BRACE) return null;
  if (nextItem(text, census.lastUserEnd, CLOSE_BRACKET) >= 0) return null;
  const message = readMessage(text, census.lastUserStart);
  if (message.content === null) return null;
  const turn = turnOf(text, message.content, surface === 'responses' ? 'input_text' : 'text');
  const isContent = turn?.wholeStart === message.content.start;
  return surface === 'responses' && isContent && message.isBare && isAlone(text, field, census)
    ? { ...turn, wholeStart: field.start, wholeEnd: field.end }
    : turn;
}

interface Message {
  readonly content: FieldSpan | null;
  /** It says who speaks and what, and nothing else. */
  readonly isBare: boolean;
}

function readMessage(text: JsonText, open: number): Message {
  let content: FieldSpan | null = null;
  const others = { role: 0, type: 0, more: 0 };
  let at = firstItem(text, open, CLOSE_BRACE);
  while (at >= 0) {
    const keyEnd = endOfKey(text, at);
    const start = startOfValue(text, keyEnd);
    const end = endOfValue(text, start, 1);
    if (isWord(text, at, keyEnd, 'content')) content = { keyStart: at, start, end };
    else if (isWord(text, at, keyEnd, 'role')) others.role++;
    else if (isWord(text, at, keyEnd, 'type') && isWord(text, start, end, 'message')) others.type++;
    else others.more++;
    at = nextItem(text, end, CLOSE_BRACE);
  }
  const isBare = others.role === 1 && others.type <= 1 && others.more === 0;
  return { content, isBare };
}

const isAlone = (text: JsonText, field: FieldSpan, census: Census): boolean =>
  firstItem(text, field.start, CLOSE_BRACKET) === census.lastUserStart;

function turnOf(text: JsonText, { start, end }: FieldSpan, type: string): TurnSpan | null {
  if (text.bytes[start] === QUOTE) return same(start, end);
  if (text.bytes[start] !== OPEN_BRACKET) return null;
  let found: Part | null = null;
  let parts = 0;
  let at = firstItem(text, start, CLOSE_BRACKET);
  while (at >= 0) {
    parts++;
    if (text.bytes[at] !== OPEN_BRACE) return null;
    const part = readPart(text, at, type);
    if (part.texts > 0) {
      // The text of two parts, or of one that says two, or says it as something else, is read in several ways.
      if (found !== null || part.texts !== 1 || part.text === null || !part.isText) return null;
      found = part;
    }
    at = nextItem(text, part.end, CLOSE_BRACKET);
  }
  if (found === null || found.text === null) return null;
  const isWhole = parts === 1 && found.members === 2;
  return isWhole
    ? { ...found.text, wholeStart: start, wholeEnd: end }
    : same(found.text.start, found.text.end);
}

interface Part {
  readonly end: number;
  readonly members: number;
  /** Members that are called `text`. */
  readonly texts: number;
  /** It has one type, and that is the surface's for text. */
  readonly isText: boolean;
  /** The text, where it is a string. */
  readonly text: { readonly start: number; readonly end: number } | null;
}

function readPart(text: JsonText, open: number, type: string): Part {
  let members = 0;
  let texts = 0;
  let types = 0;
  let isText = false;
  let said: Part['text'] = null;
  let at = firstItem(text, open, CLOSE_BRACE);
  while (at >= 0) {
    members++;
    const keyEnd = endOfKey(text, at);
    const start = startOfValue(text, keyEnd);
    const end = endOfValue(text, start, 1);
    if (isWord(text, at, keyEnd, 'text')) {
      texts++;
      if (text.bytes[start] === QUOTE) said = { start, end };
    } else if (isWord(text, at, keyEnd, 'type')) {
      types++;
      isText = isWord(text, start, end, type);
    }
    at = nextItem(text, end, CLOSE_BRACE);
  }
  return { end: -at, members, texts, isText: isText && types === 1, text: said };
}

const same = (start: number, end: number): TurnSpan => ({
  start,
  end,
  wholeStart: start,
  wholeEnd: end,
});
