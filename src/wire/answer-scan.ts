import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  LOWER_N,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfKey,
  endOfValue,
  firstItem,
  isSame,
  isWord,
  nextItem,
  startOfValue,
} from './json-text.ts';
import type { JsonText } from './json-text.ts';

type RootKey =
  | 'choices'
  | 'usage'
  | 'error'
  | 'object'
  | 'type'
  | 'delta'
  | 'response'
  | 'data'
  | 'timings';

/**
 * What one answer object says, found in its bytes by structure: a whole answer, or the payload of
 * one event of a stream, of the chat, completions, embeddings and responses surfaces. Offsets are 0
 * where there is nothing. One instance is reused for many objects.
 */
export class AnswerScan {
  /** The top-level `usage`, where it is an object. */
  usageStart = 0;
  usageEnd = 0;
  /** The object at `timings`, by which llama.cpp tells what it had cached. */
  timingsStart = 0;
  timingsEnd = 0;
  /** What to cut so that `usage` goes with one comma. */
  cutFrom = 0;
  cutTo = 0;
  /** How many elements `choices` has; -1 where there is no such array. */
  choices = -1;
  /** A choice or delta carries text, reasoning or a tool call. */
  hasContent = false;
  /** The last `finish_reason` that is a string, quotes included. */
  finishStart = 0;
  finishEnd = 0;
  isError = false;
  /** The value of `type`, quotes included: the responses surface names its events by it. */
  typeStart = 0;
  typeEnd = 0;
  /** The object at `response`. */
  responseStart = 0;
  responseEnd = 0;
  /** The object calls itself a `response`. */
  isResponse = false;
  /** Where `data`, the array of an embeddings answer, begins: it may be huge, and reading stops there. */
  dataStart = 0;

  /** Reads the object at `open`; returns one past its end (or `dataStart`). Throws where it is not JSON. */
  read(text: JsonText, open: number): number {
    this.#reset();
    let previousEnd = 0;
    let at = firstItem(text, open, CLOSE_BRACE);
    while (at >= 0) {
      const keyEnd = endOfKey(text, at);
      const key = keyOf(text, at, keyEnd);
      const start = startOfValue(text, keyEnd);
      if (key === 'data') {
        this.dataStart = start;
        return start;
      }
      const isChoices = key === 'choices' && text.bytes[start] === OPEN_BRACKET;
      const end = isChoices ? this.#readChoices(text, start) : endOfValue(text, start, 1);
      const next = nextItem(text, end, CLOSE_BRACE);
      if (key !== null && !isChoices) this.#note(text, key, start, end);
      if (key === 'usage') {
        this.cutFrom = previousEnd === 0 ? at : previousEnd;
        this.cutTo = previousEnd === 0 && next >= 0 ? next : end;
      }
      previousEnd = end;
      at = next;
    }
    return -at;
  }

  #reset(): void {
    this.usageStart = 0;
    this.usageEnd = 0;
    this.timingsEnd = 0;
    this.choices = -1;
    this.hasContent = false;
    this.finishStart = 0;
    this.finishEnd = 0;
    this.isError = false;
    this.typeStart = 0;
    this.typeEnd = 0;
    this.responseStart = 0;
    this.responseEnd = 0;
    this.isResponse = false;
    this.dataStart = 0;
  }

  #note(text: JsonText, key: RootKey, start: number, end: number): void {
    const first = text.bytes[start];
    if (key === 'usage') {
      this.usageStart = first === OPEN_BRACE ? start : 0;
      this.usageEnd = first === OPEN_BRACE ? end : 0;
    } else if (key === 'error') {
      this.isError ||= first !== LOWER_N;
    } else if (key === 'object') {
      this.isError ||= isWord(text, start, end, 'error');
      this.isResponse = isWord(text, start, end, 'response');
    } else if (key === 'type') {
      this.isError ||= isWord(text, start, end, 'error');
      this.typeStart = start;
      this.typeEnd = end;
    } else if (key === 'delta') {
      this.hasContent ||= isFilled(text, start, end);
    } else if (key === 'timings') {
      this.timingsStart = start;
      this.timingsEnd = first === OPEN_BRACE ? end : 0;
    } else if (key === 'response' && first === OPEN_BRACE) {
      this.responseStart = start;
      this.responseEnd = end;
    }
  }

  #readChoices(text: JsonText, open: number): number {
    this.choices = 0;
    let at = firstItem(text, open, CLOSE_BRACKET);
    while (at >= 0) {
      this.choices++;
      const isObject = text.bytes[at] === OPEN_BRACE;
      const end = isObject ? this.#readChoice(text, at) : endOfValue(text, at, 2);
      at = nextItem(text, end, CLOSE_BRACKET);
    }
    return -at;
  }

  #readChoice(text: JsonText, open: number): number {
    let at = firstItem(text, open, CLOSE_BRACE);
    while (at >= 0) {
      const keyEnd = endOfKey(text, at);
      const start = startOfValue(text, keyEnd);
      const first = text.bytes[start];
      let end = 0;
      if (
        first === OPEN_BRACE &&
        (isWord(text, at, keyEnd, 'delta') || isWord(text, at, keyEnd, 'message'))
      ) {
        end = this.#readDelta(text, start);
      } else {
        end = endOfValue(text, start, 3);
        if (first === QUOTE) {
          if (isWord(text, at, keyEnd, 'finish_reason')) {
            this.finishStart = start;
            this.finishEnd = end;
          } else if (isWord(text, at, keyEnd, 'text')) {
            this.hasContent ||= end - start > 2;
          }
        }
      }
      at = nextItem(text, end, CLOSE_BRACE);
    }
    return -at;
  }

  #readDelta(text: JsonText, open: number): number {
    let at = firstItem(text, open, CLOSE_BRACE);
    while (at >= 0) {
      const keyEnd = endOfKey(text, at);
      const start = startOfValue(text, keyEnd);
      const end = endOfValue(text, start, 4);
      this.hasContent ||= isContentKey(text, at, keyEnd) && isFilled(text, start, end);
      at = nextItem(text, end, CLOSE_BRACE);
    }
    return -at;
  }
}

function keyOf(text: JsonText, start: number, end: number): RootKey | null {
  switch (end - start) {
    case 6:
      if (isSame(text, start + 1, 'type')) return 'type';
      return isSame(text, start + 1, 'data') ? 'data' : null;
    case 7:
      if (isSame(text, start + 1, 'usage')) return 'usage';
      if (isSame(text, start + 1, 'error')) return 'error';
      return isSame(text, start + 1, 'delta') ? 'delta' : null;
    case 8:
      return isSame(text, start + 1, 'object') ? 'object' : null;
    case 9:
      if (isSame(text, start + 1, 'choices')) return 'choices';
      return isSame(text, start + 1, 'timings') ? 'timings' : null;
    case 10:
      return isSame(text, start + 1, 'response') ? 'response' : null;
    default:
      return null;
  }
}

/** Whether a member of a delta or message, where it is not empty, is part of the answer. */
function isContentKey(text: JsonText, start: number, end: number): boolean {
  switch (end - start) {
    case 7:
      return isSame(text, start + 1, 'audio');
    case 9:
      return isSame(text, start + 1, 'content') || isSame(text, start + 1, 'refusal');
    case 11:
      return isSame(text, start + 1, 'reasoning');
    case 12:
      return isSame(text, start + 1, 'tool_calls');
    case 15:
      return isSame(text, start + 1, 'function_call');
    case 19:
      return isSame(text, start + 1, 'reasoning_content');
    default:
      return false;
  }
}

/** Whether a value is more than null, an empty string, `[]` or `{}`. */
function isFilled(text: JsonText, start: number, end: number): boolean {
  const first = text.bytes[start];
  if (first === QUOTE) return end - start > 2;
  if (first === OPEN_BRACKET) return firstItem(text, start, CLOSE_BRACKET) >= 0;
  if (first === OPEN_BRACE) return firstItem(text, start, CLOSE_BRACE) >= 0;
  return first !== LOWER_N;
}
