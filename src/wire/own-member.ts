import type { FieldSpan } from '../contract/index.ts';
import { fault } from '../kernel/index.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  endOfKey,
  endOfValue,
  firstItem,
  isWord,
  nextItem,
  startOfValue,
} from './json-text.ts';
import type { JsonText } from './json-text.ts';
import { parseSpan } from './read-field.ts';

/**
 * The member `key` (plain ASCII) of the object at `open`; null where there is none. One that stands
 * twice or is written with escapes is refused, as it is at the top level: two readers could see two
 * different requests in it.
 */
export function ownMember(text: JsonText, open: number, key: string): FieldSpan | null {
  let found: FieldSpan | null = null;
  let at = firstItem(text, open, CLOSE_BRACE);
  while (at >= 0) {
    const keyEnd = endOfKey(text, at);
    const start = startOfValue(text, keyEnd);
    const end = endOfValue(text, start, 1);
    if (isWord(text, at, keyEnd, key)) {
      if (found !== null) throw fault('BRS_FIELD_DUPLICATE', { key }, { param: key });
      found = { keyStart: at, start, end };
    } else if (isEscapeOf(text, at, keyEnd, key)) {
      throw fault('BRS_FIELD_ESCAPED', { key }, { param: key });
    }
    at = nextItem(text, end, CLOSE_BRACE);
  }
  return found;
}

/** Whether the string between two offsets spells `word` with escapes. Of escapes, `\uXXXX` is the longest. */
function isEscapeOf(text: JsonText, start: number, end: number, word: string): boolean {
  if (end - start > 6 * word.length + 2) return false;
  for (let at = start; at < end; at++) {
    if (text.bytes[at] === BACKSLASH) return parseSpan(text.bytes, start, end, word) === word;
  }
  return false;
}
