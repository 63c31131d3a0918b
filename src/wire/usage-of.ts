import type { Usage } from '../contract/index.ts';
import { AnswerScan } from './answer-scan.ts';
import {
  CLOSE_BRACE,
  OPEN_BRACE,
  endOfKey,
  endOfValue,
  findMember,
  nextItem,
  skipSpace,
  startOfValue,
} from './json-text.ts';
import type { JsonText } from './json-text.ts';
import { finishOfResponse, readUsage } from './usage.ts';

const scan = new AnswerScan();

export interface AnswerEnd {
  readonly usage: Usage | null;
  readonly finishReason: string | null;
}

const NOTHING: AnswerEnd = { usage: null, finishReason: null };

/**
 * What an unstreamed answer of any surface says of its own cost and end. One pass over its
 * structure; only the usage object is parsed. An answer that is not JSON says nothing.
 */
export function usageOf(bytes: Buffer): AnswerEnd {
  const text: JsonText = { bytes, end: bytes.length, isStrict: false };
  const open = skipSpace(text, 0);
  if (bytes[open] !== OPEN_BRACE) return NOTHING;
  try {
    scan.read(text, open);
    if (scan.usageEnd === 0 && scan.dataStart > 0) {
      return { usage: usageFromEnd(text, scan.dataStart), finishReason: null };
    }
    const usage =
      scan.usageEnd === 0 ? null : readUsage(parse(bytes, scan.usageStart, scan.usageEnd));
    if (scan.finishEnd > 0) {
      const finishReason = bytes.toString('utf8', scan.finishStart + 1, scan.finishEnd - 1);
      return { usage, finishReason };
    }
    return { usage, finishReason: scan.isResponse ? finishOfBody(text, open) : null };
  } catch {
    return NOTHING;
  }
}

/**
 * Vectors are megabytes of digits, so the usage behind them is looked for from the end. A quote
 * inside of a string has a backslash before it, so what is found is a key; it is the answer's own
 * when the members after it end where the answer does.
 */
function usageFromEnd(text: JsonText, after: number): Usage | null {
  const { bytes, end } = text;
  const found = bytes.lastIndexOf('"usage"');
  if (found < after) return null;
  let usage: Usage | null = null;
  let at = found;
  while (at >= 0) {
    const start = startOfValue(text, endOfKey(text, at));
    const valueEnd = endOfValue(text, start, 1);
    if (at === found) usage = readUsage(parse(bytes, start, valueEnd));
    at = nextItem(text, valueEnd, CLOSE_BRACE);
  }
  return skipSpace(text, -at) === end ? usage : null;
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
