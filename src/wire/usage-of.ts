import type { Usage } from '../contract/index.ts';
import { AnswerScan } from './answer-scan.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  OPEN_BRACE,
  QUOTE,
  endOfKey,
  endOfValue,
  findMember,
  isWord,
  nextItem,
  skipSpace,
  startOfValue,
} from './json-text.ts';
import type { JsonText } from './json-text.ts';
import { UsageScan } from './usage-scan.ts';
import { finishOfResponse, readUsage } from './usage.ts';

const scan = new AnswerScan();
const usageScan = new UsageScan();

export interface AnswerEnd {
  readonly usage: Usage | null;
  readonly finishReason: string | null;
}

const NOTHING: AnswerEnd = { usage: null, finishReason: null };
const USAGE_KEY = Buffer.from('"usage":');
const FINISH_KEY = Buffer.from('"finish_reason":');
/** What stands behind the usage is short, or the usage is not where servers put it. */
const TAIL_BYTES_MAX = 1024;

/**
 * What an unstreamed answer of any surface says of its own cost and end. Servers put both at the end,
 * so they are looked for there first; where that proves nothing, one pass over the whole structure
 * tells. Nothing is decoded but the usage object. An answer in which neither is found says nothing.
 */
export function usageOf(bytes: Buffer): AnswerEnd {
  const text: JsonText = { bytes, end: bytes.length, isStrict: false };
  const open = skipSpace(text, 0);
  if (bytes[open] !== OPEN_BRACE) return NOTHING;
  return readFromEnd(text, open) ?? readFromStart(text, open);
}

/** The end of an answer with choices, of which all that matters stands in its last few bytes. */
function readFromEnd(text: JsonText, open: number): AnswerEnd | null {
  try {
    const key = lastKey(text.bytes, USAGE_KEY, text.end);
    if (key <= open) return null;
    const finish = lastKey(text.bytes, FINISH_KEY, key);
    if (finish <= open) return null;
    const start = startOfValue(text, key + USAGE_KEY.length - 1);
    if (text.bytes[start] !== OPEN_BRACE) return null;
    if (!isLastOf(text, usageScan.read(text, start))) return null;
    const finishStart = startOfValue(text, finish + FINISH_KEY.length - 1);
    if (text.bytes[finishStart] !== QUOTE) return null;
    const finishEnd = endOfValue(text, finishStart, 3);
    if (!isOfLastChoice(text, finishEnd, key)) return null;
    return {
      usage: usageScan.usage,
      finishReason: finishText(text, finishStart, finishEnd),
    };
  } catch {
    return null;
  }
}

function readFromStart(text: JsonText, open: number): AnswerEnd {
  const { bytes } = text;
  try {
    scan.read(text, open);
    if (scan.usageEnd === 0 && scan.dataStart > 0) {
      return { usage: usageAfterData(text, scan.dataStart), finishReason: null };
    }
    const usage =
      scan.usageEnd === 0
        ? null
        : readUsage(parse(bytes, scan.usageStart, scan.usageEnd), timingsIn(bytes));
    if (scan.finishEnd > 0) {
      const finishReason = finishText(text, scan.finishStart, scan.finishEnd);
      return { usage, finishReason };
    }
    return { usage, finishReason: scan.isResponse ? finishOfBody(text, open) : null };
  } catch {
    return NOTHING;
  }
}

const timingsIn = (bytes: Buffer): unknown =>
  scan.timingsEnd === 0 ? null : parse(bytes, scan.timingsStart, scan.timingsEnd);

/** Nearly every answer ends with `stop`: it needs no new string. */
const finishText = (text: JsonText, start: number, end: number): string =>
  isWord(text, start, end, 'stop') ? 'stop' : text.bytes.toString('utf8', start + 1, end - 1);

/** Vectors are megabytes of digits, so the usage behind them is looked for from the end. */
function usageAfterData(text: JsonText, after: number): Usage | null {
  const key = lastKey(text.bytes, USAGE_KEY, text.end);
  if (key < after) return null;
  const start = startOfValue(text, key + USAGE_KEY.length - 1);
  const end = endOfValue(text, start, 1);
  return isLastOf(text, end) ? readUsage(parse(text.bytes, start, end)) : null;
}

/**
 * Where `key`, with its quotes and colon, stands last before `before`; -1 where it does not. Inside of
 * a string its quotes would have backslashes before them, so only the first of them is left to check.
 */
function lastKey(bytes: Buffer, key: Buffer, before: number): number {
  const at = bytes.lastIndexOf(key, before);
  return at > 0 && bytes[at - 1] !== BACKSLASH ? at : -1;
}

/** Whether the object whose member ends at `valueEnd` is the whole text: few members follow, then its end. */
function isLastOf(text: JsonText, valueEnd: number): boolean {
  if (text.end - valueEnd > TAIL_BYTES_MAX) return false;
  let at = nextItem(text, valueEnd, CLOSE_BRACE);
  while (at >= 0) {
    const keyEnd = endOfKey(text, at);
    if (isWord(text, at, keyEnd, 'usage') || isWord(text, at, keyEnd, 'timings')) return false;
    at = nextItem(text, endOfValue(text, startOfValue(text, keyEnd), 1), CLOSE_BRACE);
  }
  return skipSpace(text, -at) === text.end;
}

/**
 * Whether the member that ends at `valueEnd` belongs to the last object of an array, which is itself a
 * member of the object that has a key at `key`.
 */
function isOfLastChoice(text: JsonText, valueEnd: number, key: number): boolean {
  let at = nextItem(text, valueEnd, CLOSE_BRACE);
  while (at >= 0) at = nextMember(text, at);
  at = nextItem(text, -at, CLOSE_BRACKET);
  if (at >= 0) return false;
  at = nextItem(text, -at, CLOSE_BRACE);
  while (at >= 0 && at < key) at = nextMember(text, at);
  return at === key;
}

/** Steps over the member whose key is at `at`. */
function nextMember(text: JsonText, at: number): number {
  const end = endOfValue(text, startOfValue(text, endOfKey(text, at)), 1);
  return nextItem(text, end, CLOSE_BRACE);
}

function finishOfBody(text: JsonText, open: number): string | null {
  const read = (key: string): unknown => {
    const span = findMember(text, open, key);
    return span === null ? null : parse(text.bytes, span.start, span.end);
  };
  return finishOfResponse({
    status: read('status'),
    incomplete_details: read('incomplete_details'),
  });
}

const parse = (bytes: Buffer, start: number, end: number): unknown =>
  JSON.parse(bytes.toString('utf8', start, end));
