import type { Surface, Usage } from '../contract/index.ts';
import { handedBack, withoutRepeated } from './begun-answer.ts';
import { isData, lineEnd, skipLineEnd } from './sse-lines.ts';
import { splicedUsage } from './spliced-usage.ts';
import { isObject } from './usage.ts';

type Json = Readonly<Record<string, unknown>>;

const DONE = 'data: [DONE]\n\n';
/** What names the answer: the same in every event of one stream. */
const ENVELOPE = ['id', 'object', 'created', 'model', 'system_fingerprint'] as const;

/**
 * Makes one stream of the streams of an answer that came in parts (chat completions and completions,
 * one choice). The events of the first part go on as the bytes that came. Those from the finish on
 * are held back until it is known whether the answer ends there. What follows of further parts is
 * text under the name of the first; usage is one for all. A text that several parts wrote is `text`.
 */
export class StreamSplice {
  /** The answer so far: without what the model thought. */
  text = '';
  hasReasoning = false;
  /** Nothing but text so far: no thinking, no call of a tool, no refusal. */
  isTextOnly = true;
  readonly #surface: Surface;
  #part = 0;
  #envelope: Json | null = null;
  #isEnding = false;
  /** Events from the finish on, as they came. */
  #held: Buffer[] = [];
  #finish: Json | null = null;
  #hasDone = false;
  #usages: unknown[] = [];
  #usage: unknown = null;
  /** The end of the text that the part at hand may write again. */
  #repeated = '';

  constructor(surface: Surface) {
    this.#surface = surface;
  }

  /** Whole events of the part at hand. Returns what goes on; null for nothing yet. */
  push(events: Buffer): Buffer | null {
    const out: (Buffer | string)[] = [];
    let start = 0;
    let payload: string | null = null;
    for (let at = 0; at < events.length;) {
      const stop = lineEnd(events, at, events.length);
      const next = skipLineEnd(events, stop, events.length);
      if (stop > at) {
        if (isData(events, at)) payload = events.toString('utf8', at + 5, stop).trim();
      } else {
        this.#event(events.subarray(start, next), payload, out);
        payload = null;
        start = next;
      }
      at = next;
    }
    if (start < events.length) this.#event(events.subarray(start), payload, out);
    return joined(out);
  }

  /** The answer ends with the part at hand: what was held goes on. */
  finish(): Buffer | null {
    if (this.#part === 0) return joined(this.#held);
    const usage = splicedUsage([...this.#usages, this.#usage]);
    const out: string[] = [];
    const finish = this.#finish;
    if (finish !== null) {
      const { usage: own, ...rest } = finish;
      const isWithUsage = isObject(own) && usage !== null;
      out.push(frame(this.#named(isWithUsage ? { ...rest, usage } : rest)));
      if (isObject(this.#usage) && !isWithUsage && usage !== null) {
        out.push(frame(this.#named({ choices: [], usage })));
      }
    }
    if (this.#hasDone) out.push(DONE);
    return joined(out);
  }

  /**
   * The part at hand was cut, and another follows that goes on with it, or begins anew. What was held
   * is no end; text in it goes on. `counted` stands in where the part did not tell its usage.
   */
  next(kind: 'continue' | 'restart', counted: Usage | null = null): Buffer | null {
    const finish = this.#finish;
    const out: string[] = [];
    if (finish !== null && textOf(finish) !== '') out.push(frame(this.#named(open(finish))));
    this.#part++;
    if (kind === 'continue') this.#usages.push(this.#usage ?? shownUsage(counted));
    else this.#usages = [];
    this.#repeated =
      kind === 'continue' ? this.text.slice(handedBack(this.#surface, this.text).length) : '';
    this.#isEnding = false;
    this.#held = [];
    this.#finish = null;
    this.#hasDone = false;
    this.#usage = null;
    return joined(out);
  }

  #event(bytes: Buffer, payload: string | null, out: (Buffer | string)[]): void {
    const value = payload === null ? null : parsed(payload);
    if (payload === '[DONE]') this.#hasDone = true;
    if (isObject(value)) {
      this.#envelope ??= value;
      if (isObject(value['usage'])) this.#usage = value['usage'];
      const choice = choiceOf(value);
      if (choice !== null) return this.#choice(value, choice, bytes, out);
    }
    const isEnd =
      payload === '[DONE]' || this.#isEnding || (isObject(value) && isObject(value['usage']));
    if (isEnd) this.#held.push(bytes);
    else if (this.#part === 0) out.push(bytes);
  }

  #choice(value: Json, choice: Json, bytes: Buffer, out: (Buffer | string)[]): void {
    const isFinish = typeof choice['finish_reason'] === 'string';
    const delta = isObject(choice['delta']) ? choice['delta'] : null;
    if (delta !== null && (isFilled(delta['reasoning']) || isFilled(delta['reasoning_content']))) {
      this.hasReasoning = true;
    }
    if (this.isTextOnly && delta !== null && saysMore(delta)) this.isTextOnly = false;
    const text = textOf(value);
    const fresh = this.#fresh(text);
    this.text += fresh;
    const shown = this.#part === 0 ? value : withText(value, fresh);
    if (isFinish) {
      this.#isEnding = true;
      this.#finish = shown;
      this.#held.push(bytes);
    } else if (this.#isEnding) {
      this.#held.push(bytes);
    } else if (this.#part === 0) {
      out.push(bytes);
    } else if (fresh !== '' || (delta !== null && saysMore(delta))) {
      const { usage: _, ...rest } = shown;
      out.push(frame(this.#named(rest)));
    }
  }

  #fresh(text: string): string {
    if (this.#repeated === '' || text === '') return text;
    const fresh = withoutRepeated(this.#repeated, text);
    const shared = text.length - fresh.length;
    this.#repeated = fresh === '' ? this.#repeated.slice(shared) : '';
    return fresh;
  }

  /** Under the name of the first part. */
  #named(value: Json): Json {
    const named: Record<string, unknown> = { ...value };
    for (const key of ENVELOPE) {
      const first = this.#envelope?.[key];
      if (first === undefined) delete named[key];
      else named[key] = first;
    }
    return named;
  }
}

const shownUsage = (usage: Usage | null): Json | null =>
  usage === null
    ? null
    : {
        prompt_tokens: usage.promptTokens,
        completion_tokens: usage.outputTokens,
        total_tokens: usage.promptTokens + usage.outputTokens,
      };

const frame = (value: Json): string => `data: ${JSON.stringify(value)}\n\n`;

function joined(parts: readonly (Buffer | string)[]): Buffer | null {
  const [only] = parts;
  if (only === undefined) return null;
  if (parts.length === 1) return typeof only === 'string' ? Buffer.from(only) : only;
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}

const isFilled = (value: unknown): boolean => typeof value === 'string' && value !== '';

function choiceOf({ choices }: Json): Json | null {
  const first: unknown = Array.isArray(choices) ? choices[0] : null;
  return isObject(first) ? first : null;
}

function textOf(value: Json): string {
  const choice = choiceOf(value);
  if (choice === null) return '';
  const text = isObject(choice['delta']) ? choice['delta']['content'] : choice['text'];
  return typeof text === 'string' ? text : '';
}

/** A delta of a further part without its role, which the first has said. */
function withText(value: Json, text: string): Json {
  const choice = choiceOf(value)!;
  const { delta } = choice;
  if (!isObject(delta)) return { ...value, choices: [{ ...choice, text }] };
  const { role: _, content: own, ...rest } = delta;
  const hasText = typeof own === 'string' && (text !== '' || own === text);
  return { ...value, choices: [{ ...choice, delta: hasText ? { content: text, ...rest } : rest }] };
}

/** Whether a delta carries anything beside its role and its text. */
const saysMore = (delta: Json): boolean =>
  Object.entries(delta).some(
    ([key, value]) => key !== 'role' && key !== 'content' && isSaid(value),
  );

const isSaid = (value: unknown): boolean =>
  value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);

/** A finish that carries text, as an event on the way. */
function open(value: Json): Json {
  const { usage, ...rest } = value;
  void usage;
  return { ...rest, choices: [{ ...choiceOf(value)!, finish_reason: null }] };
}
