import type { RequestBody, Surface } from '../contract/index.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  QUOTE,
  endOfKey,
  endOfValue,
  firstItem,
  nextItem,
  startOfValue,
} from '../wire/index.ts';
import type { Census } from './census.ts';

/** The JSON string that ends the conversation, where it is a user's and the whole content of its message; null where it is not. */
export function findLastTurn(
  body: RequestBody,
  surface: Surface,
  census: Census,
): { readonly start: number; readonly end: number } | null {
  const { bytes } = body;
  const field = body.fields.get(FIELDS[surface]);
  if (field === undefined || census.prompts !== 1) return null;
  if (bytes[field.start] === QUOTE) return { start: field.start, end: field.end };
  const { lastUserEnd, lastUserTextStart: start, lastUserTextEnd: end } = census;
  if (end === 0 || census.isInToolLoop) return null;
  const text = { bytes, end: field.end, isStrict: false };
  if (nextItem(text, lastUserEnd, CLOSE_BRACKET) >= 0) return null;
  return hasOnly(body, census, end) ? { start, end } : null;
}

const FIELDS = {
  chat: 'messages',
  completions: 'prompt',
  responses: 'input',
  embeddings: 'input',
} as const;

/** A message of more than a role and its content says more than its text. */
function hasOnly({ bytes }: RequestBody, census: Census, textEnd: number): boolean {
  const { lastUserStart, lastUserEnd } = census;
  const text = { bytes, end: lastUserEnd, isStrict: false };
  let members = 0;
  let at = firstItem(text, lastUserStart, CLOSE_BRACE);
  while (at >= 0) {
    members++;
    const value = startOfValue(text, endOfKey(text, at));
    at = nextItem(text, endOfValue(text, value, 1), CLOSE_BRACE);
  }
  return members <= 2 && textEnd <= lastUserEnd;
}
