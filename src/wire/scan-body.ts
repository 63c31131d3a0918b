import type { FieldSpan, RequestBody } from '../contract/index.ts';
import { fault } from '../kernel/index.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  OPEN_BRACE,
  endOfKey,
  endOfValue,
  firstItem,
  flaw,
  nextItem,
  skipSpace,
  startOfValue,
} from './json-text.ts';
import type { JsonText } from './json-text.ts';
import { keyName } from './known-keys.ts';

/** Bodies up to this size are checked inside of their strings too. */
const STRICT_BYTES = 4096;
const FIELDS_MAX = 256;

/**
 * Finds the top-level members of a request in one pass, without decoding it. The grammar, the
 * nesting and the end of the text are checked at any size; escapes and control characters inside of
 * strings only in bodies up to 4 KiB (the upstream checks the rest). A key that stands twice or is
 * written with escapes is refused, since two readers could see two different requests in it.
 */
export function scanBody(bytes: Buffer): RequestBody {
  const isStrict = bytes.length <= STRICT_BYTES;
  const longStrings = isStrict ? undefined : new Map<number, number>();
  const text: JsonText = { bytes, end: bytes.length, isStrict, longStrings };
  const open = skipSpace(text, startAfterMark(bytes));
  if (open >= bytes.length) throw fault('BRS_BODY_EMPTY');
  if (bytes[open] !== OPEN_BRACE) {
    endOfValue(text, open, 0);
    throw fault('BRS_BODY_NOT_OBJECT');
  }
  const fields = new Map<string, FieldSpan>();
  const end = scanMembers(text, open, fields);
  const rest = skipSpace(text, end);
  if (rest < bytes.length) throw flaw(text, rest, 'something follows the object');
  return { bytes, open, close: end - 1, fields, longStrings };
}

/** Fills `fields` with the members of the object that opens at `open`; returns one past its end. */
function scanMembers(text: JsonText, open: number, fields: Map<string, FieldSpan>): number {
  let at = firstItem(text, open, CLOSE_BRACE);
  while (at >= 0) {
    const keyEnd = endOfKey(text, at);
    const key = plainKey(text, at + 1, keyEnd - 1);
    if (fields.has(key))
      throw fault('BRS_FIELD_DUPLICATE', { key: shown(key) }, { param: shown(key) });
    if (fields.size >= FIELDS_MAX) throw fault('BRS_FIELD_COUNT', { limit: FIELDS_MAX });
    const start = startOfValue(text, keyEnd);
    const end = endOfValue(text, start, 1);
    fields.set(key, { keyStart: at, start, end });
    at = nextItem(text, end, CLOSE_BRACE);
  }
  return -at;
}

function plainKey(text: JsonText, start: number, end: number): string {
  for (let at = start; at < end; at++) {
    if (text.bytes[at] === BACKSLASH) {
      const key = shown(text.bytes.toString('utf8', start, end));
      throw fault('BRS_FIELD_ESCAPED', { key }, { param: key });
    }
  }
  return keyName(text, start, end);
}

/** A client's key as an error may repeat it. */
const shown = (key: string): string => (key.length > 64 ? `${key.slice(0, 64)}…` : key);

/** Skips the byte order mark of UTF-8. */
function startAfterMark(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}
