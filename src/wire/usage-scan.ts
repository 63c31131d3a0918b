import type { Usage } from '../contract/index.ts';
import {
  CLOSE_BRACE,
  LOWER_N,
  OPEN_BRACE,
  endOfKey,
  endOfValue,
  firstItem,
  isWord,
  nextItem,
  startOfValue,
} from './json-text.ts';
import type { JsonText } from './json-text.ts';
import { readUsage } from './usage.ts';

/** As many digits as are surely a safe integer. */
const DIGITS_MAX = 15;
const ABSENT = -1;
/** There, but no plain row of digits. */
const UNCLEAR = -2;

/**
 * Reads a `usage` object off its bytes where it is the ordinary one of chat and completions, which is
 * cheaper than a parser; any other is parsed. One instance is reused for many objects.
 */
export class UsageScan {
  usage: Usage | null = null;
  #prompt = ABSENT;
  #output = ABSENT;
  #cached = ABSENT;
  #hasDetails = false;
  /** Other members could say what was cached. */
  #hasOtherDetails = false;
  #total = ABSENT;
  /** There are counts with a rate of their own, or a cost. */
  #hasSpecial = false;

  /** Reads the object at `open`; returns one past its end. Throws where it is not JSON. */
  read(text: JsonText, open: number): number {
    this.#prompt = ABSENT;
    this.#output = ABSENT;
    this.#cached = ABSENT;
    this.#hasDetails = false;
    this.#hasOtherDetails = false;
    this.#total = ABSENT;
    this.#hasSpecial = false;
    let at = firstItem(text, open, CLOSE_BRACE);
    while (at >= 0) {
      const keyEnd = endOfKey(text, at);
      const start = startOfValue(text, keyEnd);
      const end = endOfValue(text, start, 2);
      if (isWord(text, at, keyEnd, 'prompt_tokens')) this.#prompt = countAt(text, start, end);
      else if (isWord(text, at, keyEnd, 'completion_tokens')) {
        this.#output = countAt(text, start, end);
      } else if (isWord(text, at, keyEnd, 'prompt_tokens_details')) {
        this.#readDetails(text, start);
      } else if (isWord(text, at, keyEnd, 'total_tokens')) {
        this.#total = countAt(text, start, end);
      } else if (isWord(text, at, keyEnd, 'completion_tokens_details')) {
        this.#readOutputDetails(text, start);
      } else if (isWord(text, at, keyEnd, 'cost')) {
        this.#hasSpecial = true;
      } else if (
        isWord(text, at, keyEnd, 'output_tokens_details') ||
        isWord(text, at, keyEnd, 'input_tokens_details') ||
        isWord(text, at, keyEnd, 'prompt_cache_hit_tokens')
      ) {
        this.#hasOtherDetails = true;
      }
      at = nextItem(text, end, CLOSE_BRACE);
    }
    this.usage = this.#ordinary() ?? parsed(text, open, -at);
    return -at;
  }

  #readDetails(text: JsonText, open: number): void {
    const first = text.bytes[open];
    this.#hasDetails = first !== LOWER_N;
    this.#cached = first === OPEN_BRACE || first === LOWER_N ? ABSENT : UNCLEAR;
    if (first !== OPEN_BRACE) return;
    let at = firstItem(text, open, CLOSE_BRACE);
    while (at >= 0) {
      const keyEnd = endOfKey(text, at);
      const start = startOfValue(text, keyEnd);
      const end = endOfValue(text, start, 3);
      if (isWord(text, at, keyEnd, 'cached_tokens')) this.#cached = countAt(text, start, end);
      else this.#hasSpecial ||= countAt(text, start, end) !== 0;
      at = nextItem(text, end, CLOSE_BRACE);
    }
  }

  /** What the output was used for matters only where it is not all plain text. */
  #readOutputDetails(text: JsonText, open: number): void {
    if (text.bytes[open] !== OPEN_BRACE) return;
    let at = firstItem(text, open, CLOSE_BRACE);
    while (at >= 0) {
      const start = startOfValue(text, endOfKey(text, at));
      const end = endOfValue(text, start, 3);
      this.#hasSpecial ||= countAt(text, start, end) !== 0;
      at = nextItem(text, end, CLOSE_BRACE);
    }
  }

  #ordinary(): Usage | null {
    const isClear = this.#prompt >= 0 && this.#output >= 0 && this.#cached !== UNCLEAR;
    if (!isClear || this.#hasSpecial || this.#total > this.#prompt + this.#output) return null;
    if (this.#total === UNCLEAR || (this.#hasOtherDetails && !this.#hasDetails)) return null;
    return {
      promptTokens: this.#prompt,
      cachedTokens: Math.max(0, Math.min(this.#cached, this.#prompt)),
      outputTokens: this.#output,
      isEstimated: false,
    };
  }
}

/** The whole number ≥ 0 between two offsets, or `UNCLEAR`. */
function countAt({ bytes }: JsonText, start: number, end: number): number {
  if (end - start > DIGITS_MAX) return UNCLEAR;
  let count = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return UNCLEAR;
    count = count * 10 + digit;
  }
  return count;
}

const parsed = ({ bytes }: JsonText, start: number, end: number): Usage | null =>
  readUsage(JSON.parse(bytes.toString('utf8', start, end)));
