import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  OPEN_BRACE,
  OPEN_BRACKET,
  endOfKey,
  endOfValue,
  firstItem,
  isWord,
  nextItem,
  startOfValue,
} from './json-text.ts';
import type { JsonText } from './json-text.ts';
import { isData, lineEnd, skipLineEnd } from './sse-lines.ts';
import { finishOfResponse, isObject } from './usage.ts';

/** Of an answer's text, no more than this is kept. */
const TEXT_LENGTH_MAX = 256 * 1024;
const CALLS_MAX = 128;
const NULL = Buffer.from('null');

type Members = Readonly<Record<string, unknown>>;

/** A call as an answer makes it: `arguments` is the model's text. */
export interface AnswerCall {
  name: string;
  arguments: string;
}

/**
 * Reads what an answer of one choice says and how sure its model was, while it passes: chunks of whole
 * events, or a whole body, of the chat, completions and responses surfaces. What is no JSON says nothing.
 */
export class AnswerReader {
  /** Cut at a bound: see `isWhole`. */
  text = '';
  isWhole = true;
  hasRefused = false;
  hasThought = false;
  finishReason: string | null = null;
  readonly calls: AnswerCall[] = [];
  /** Tokens whose log-probability was told, their sum, and the lowest. */
  tokens = 0;
  logprobSum = 0;
  logprobMin = 0;
  firstLogprob: number | null = null;
  readonly #isStream: boolean;
  readonly #hidesLogprobs: boolean;
  /** Of the object that was read last. */
  #hasLogprobs = false;

  constructor(options: { readonly isStream: boolean; readonly hidesLogprobs: boolean }) {
    this.#isStream = options.isStream;
    this.#hidesLogprobs = options.hidesLogprobs;
  }

  /** What goes on of this chunk: the same bytes, `null` in place of log-probabilities that are hidden. */
  read(chunk: Buffer): Buffer {
    const cuts: number[] = [];
    if (!this.#isStream) this.#readObject(chunk, 0, chunk.length, cuts);
    else this.#readEvents(chunk, cuts);
    if (cuts.length === 0) return chunk;
    const parts: Buffer[] = [];
    let kept = 0;
    for (let i = 0; i < cuts.length; i += 2) {
      parts.push(chunk.subarray(kept, cuts[i]), NULL);
      kept = cuts[i + 1]!;
    }
    parts.push(chunk.subarray(kept));
    return Buffer.concat(parts);
  }

  #readEvents(bytes: Buffer, cuts: number[]): void {
    let at = 0;
    while (at < bytes.length) {
      const stop = lineEnd(bytes, at, bytes.length);
      if (isData(bytes, at)) {
        const start = bytes[at + 5] === 0x20 ? at + 6 : at + 5;
        if (bytes[start] === OPEN_BRACE) this.#readObject(bytes, start, stop, cuts);
      }
      at = skipLineEnd(bytes, stop, bytes.length);
    }
  }

  #readObject(bytes: Buffer, start: number, end: number, cuts: number[]): void {
    let object: unknown;
    try {
      object = JSON.parse(bytes.toString('utf8', start, end));
    } catch {
      return;
    }
    if (!isObject(object)) return;
    this.#hasLogprobs = false;
    this.#readMembers(object);
    if (this.#hidesLogprobs && this.#hasLogprobs) {
      findLogprobs(bytes, end, cuts, bytes.indexOf(OPEN_BRACE, start));
    }
  }

  #readMembers(object: Members): void {
    const { choices } = object;
    if (Array.isArray(choices)) {
      for (const choice of choices as unknown[]) if (isObject(choice)) this.#readChoice(choice);
      return;
    }
    if (object['object'] === 'response') return this.#readResponse(object);
    const { response } = object;
    const isLast =
      object['type'] === 'response.completed' || object['type'] === 'response.incomplete';
    if (isLast && isObject(response)) this.#readResponse(response);
  }

  #readChoice(choice: Members): void {
    const said = choice['delta'] ?? choice['message'];
    if (isObject(said)) this.#readMessage(said);
    this.#addText(choice['text']);
    const { finish_reason: finishReason, logprobs } = choice;
    if (typeof finishReason === 'string') this.finishReason = finishReason;
    if (!isObject(logprobs)) return;
    this.#hasLogprobs = true;
    const { content, token_logprobs: plain } = logprobs;
    for (const token of listOf(content)) if (isObject(token)) this.#addLogprob(token['logprob']);
    for (const logprob of listOf(plain)) this.#addLogprob(logprob);
  }

  #readMessage(message: Members): void {
    this.#addText(message['content']);
    const { refusal, tool_calls: calls } = message;
    if (typeof refusal === 'string' && refusal !== '') this.hasRefused = true;
    this.hasThought ||= isText(message['reasoning_content']) || isText(message['reasoning']);
    for (const [place, call] of listOf(calls).entries()) {
      if (isObject(call)) this.#addCall(call, place);
    }
  }

  #addCall(call: Members, place: number): void {
    const { index = place, function: called } = call;
    if (!isObject(called) || typeof index !== 'number') return;
    const at = Math.trunc(index);
    if (!(at >= 0 && at < CALLS_MAX && at <= this.calls.length)) return;
    const own = (this.calls[at] ??= { name: '', arguments: '' });
    if (typeof called['name'] === 'string') own.name += called['name'];
    const written = called['arguments'];
    if (typeof written !== 'string') return;
    if (own.arguments.length + written.length > TEXT_LENGTH_MAX) this.isWhole = false;
    else own.arguments += written;
  }

  #readResponse(response: Members): void {
    this.finishReason = finishOfResponse(response);
    for (const item of listOf(response['output'])) {
      if (!isObject(item)) continue;
      if (item['type'] === 'function_call') {
        this.#addCall({ index: this.calls.length, function: item }, 0);
      }
      for (const part of listOf(item['content'])) {
        if (!isObject(part)) continue;
        if (part['type'] === 'refusal') this.hasRefused = true;
        else this.#addText(part['text']);
      }
    }
  }

  #addText(text: unknown): void {
    if (typeof text !== 'string') return;
    if (this.text.length + text.length > TEXT_LENGTH_MAX) this.isWhole = false;
    else this.text += text;
  }

  /** An impossible token is told as -9999 or less: it counts, as any other that is most unlikely. */
  #addLogprob(logprob: unknown): void {
    if (typeof logprob !== 'number' || !(logprob <= 0)) return;
    const value = Math.max(logprob, LOGPROB_MIN);
    this.tokens++;
    this.firstLogprob ??= value;
    this.logprobSum += value;
    this.logprobMin = Math.min(this.logprobMin, value);
  }
}

const LOGPROB_MIN = -20;
const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : [];
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** Notes where the `logprobs` of each choice of the object at `open` begin and end. */
function findLogprobs(bytes: Buffer, end: number, cuts: number[], open: number): void {
  const text: JsonText = { bytes, end, isStrict: false };
  const start = firstItem(text, open, CLOSE_BRACE);
  members(text, start, (keyStart, keyEnd, value) => {
    if (!isWord(text, keyStart, keyEnd, 'choices') || bytes[value] !== OPEN_BRACKET) return;
    let at = firstItem(text, value, CLOSE_BRACKET);
    while (at >= 0) {
      if (bytes[at] === OPEN_BRACE) {
        members(text, firstItem(text, at, CLOSE_BRACE), (ownStart, ownEnd, own) => {
          const isFound = isWord(text, ownStart, ownEnd, 'logprobs') && bytes[own] === OPEN_BRACE;
          if (isFound) cuts.push(own, endOfValue(text, own, 3));
        });
      }
      at = nextItem(text, endOfValue(text, at, 2), CLOSE_BRACKET);
    }
  });
}

function members(
  text: JsonText,
  first: number,
  visit: (keyStart: number, keyEnd: number, value: number) => void,
): void {
  let at = first;
  while (at >= 0) {
    const keyEnd = endOfKey(text, at);
    const value = startOfValue(text, keyEnd);
    visit(at, keyEnd, value);
    at = nextItem(text, endOfValue(text, value, 1), CLOSE_BRACE);
  }
}
