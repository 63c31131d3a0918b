import type { RequestBody } from '../contract/index.ts';
import { fault } from '../kernel/index.ts';
import { BACKSLASH, LOWER_N, QUOTE } from './json-text.ts';

const LOWER_T = 0x74;
const LOWER_F = 0x66;

/** The string at `key`; null where it is missing or null. Throws `BRS_FIELD_TYPE` for anything else. */
export function readString(body: RequestBody, key: string): string | null {
  const span = body.fields.get(key);
  if (span === undefined) return null;
  const first = body.bytes[span.start];
  if (first === QUOTE) return decodeString(body.bytes, span.start, span.end, key);
  if (first === LOWER_N) return null;
  throw wrongType(key, 'a string');
}

/** The number at `key`; null where it is missing or null. Throws `BRS_FIELD_TYPE` for anything else. */
export function readNumber(body: RequestBody, key: string): number | null {
  const span = body.fields.get(key);
  if (span === undefined) return null;
  const first = body.bytes[span.start]!;
  if (first === LOWER_N) return null;
  if (first !== 0x2d && !(first >= 0x30 && first <= 0x39)) throw wrongType(key, 'a number');
  return Number(body.bytes.toString('latin1', span.start, span.end));
}

/** The boolean at `key`; null where it is missing or null. Throws `BRS_FIELD_TYPE` for anything else. */
export function readBoolean(body: RequestBody, key: string): boolean | null {
  const span = body.fields.get(key);
  if (span === undefined) return null;
  const first = body.bytes[span.start];
  if (first === LOWER_T) return true;
  if (first === LOWER_F) return false;
  if (first === LOWER_N) return null;
  throw wrongType(key, 'true or false');
}

/** The value at `key`, parsed; undefined where it is missing. */
export function parseField(body: RequestBody, key: string): unknown {
  const span = body.fields.get(key);
  return span === undefined ? undefined : parseSpan(body.bytes, span.start, span.end, key);
}

/** The JSON value between two offsets. `place` names it in the fault where it cannot be read. */
export function parseSpan(bytes: Buffer, start: number, end: number, place: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end));
  } catch (cause) {
    const reason = `a string in "${place}" has a raw control character or an unknown escape`;
    throw fault('BRS_BODY_NOT_JSON', { reason, offset: start }, { param: place, cause });
  }
}

/** The string between two offsets, quotes included. */
export function decodeString(bytes: Buffer, start: number, end: number, place: string): string {
  if (hasEscape(bytes, start, end)) return parseSpan(bytes, start, end, place) as string;
  return bytes.toString('utf8', start + 1, end - 1);
}

function hasEscape(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > 128) return bytes.subarray(start, end).indexOf(BACKSLASH) >= 0;
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}

/** The fault of a field of the wrong type, which it names as `param`. */
export function wrongType(field: string, expected: string): Error {
  return fault('BRS_FIELD_TYPE', { field, expected }, { param: field });
}
