import type { Guard } from '../contract/index.ts';
import type { Fault } from '../kernel/index.ts';
import {
  CLOSE_BRACKET,
  LOWER_N,
  OPEN_BRACKET,
  QUOTE,
  isData,
  lineEnd,
  skipLineEnd,
} from '../wire/index.ts';
import { WholeEvents } from './whole-events.ts';

/** Looks at the events of one surface that may carry calls. */
export interface EventFilter {
  /** Every event matters, since a call is being judged or one was taken out. */
  readonly needsAll: boolean;
  readonly fault: Fault | null;
  /** Sees events that carry no call, and that `event` is not asked about. */
  skim?(bytes: Buffer): void;
  /** What `event` would say, where it can be told without reading the event; undefined where not. */
  repeated?(raw: Buffer): readonly Buffer[] | null | undefined;
  /** What goes out in the event's place, in order; null: the event itself. `raw` is all of its bytes. */
  event(payload: Readonly<Record<string, unknown>>, raw: Buffer): readonly Buffer[] | null;
  /** What goes out where no event follows. */
  end(): readonly Buffer[];
}

/** Every member and type that speaks of a call has this in its name. */
const CALL = Buffer.from('_call');
const DONE = '[DONE]';
const BLANK_LINE = Buffer.from('\n\n');
const CARRIAGE_RETURN = 0x0d;

/**
 * Guards an event stream. Events that cannot carry a call go on as the very bytes that came, without
 * being read; one that may but cannot be read is taken out.
 */
export class StreamGuard implements Guard {
  readonly apiVersion = 1;
  readonly name = 'tools';
  readonly #filter: EventFilter;
  readonly #events = new WholeEvents();
  #isOver = false;

  constructor(filter: EventFilter) {
    this.#filter = filter;
  }

  get fault(): Fault | null {
    return this.#filter.fault;
  }

  onData(chunk: Buffer): Buffer | null {
    if (this.fault !== null) return null;
    const bytes = this.#events.take(chunk);
    return bytes === null ? null : this.#inspect(bytes);
  }

  onEnd(): Buffer | null {
    if (this.fault !== null) return null;
    const rest = this.#events.rest();
    const last = rest === null ? null : this.#inspect(rest);
    if (this.#isOver || this.fault !== null) return last;
    const held = this.#filter.end();
    return joined(last === null ? held : [last, ...held]);
  }

  #inspect(bytes: Buffer): Buffer | null {
    const filter = this.#filter;
    let call = nextCall(bytes, 0);
    if (call < 0 && !filter.needsAll) {
      filter.skim?.(bytes);
      return bytes;
    }
    const hasReturns = bytes.includes(CARRIAGE_RETURN);
    const parts: Buffer[] = [];
    let kept = 0;
    let at = 0;
    while (at < bytes.length) {
      const end = endOfEvent(bytes, at, hasReturns);
      if (call >= 0 && call < at) call = nextCall(bytes, at);
      const mayCall = call >= 0 && call < end;
      let instead: readonly Buffer[] | null = null;
      if (mayCall || filter.needsAll) instead = this.#read(bytes, at, end, mayCall);
      else filter.skim?.(bytes.subarray(at, end));
      if (instead !== null) {
        if (at > kept) parts.push(bytes.subarray(kept, at));
        parts.push(...instead);
        kept = end;
        if (filter.fault !== null) return joined(parts);
      }
      at = end;
    }
    if (kept === 0) return bytes;
    if (kept < bytes.length) parts.push(bytes.subarray(kept));
    return joined(parts);
  }

  /** What goes out in place of the event; null: itself. */
  #read(bytes: Buffer, start: number, end: number, mayCall: boolean): readonly Buffer[] | null {
    const raw = bytes.subarray(start, end);
    const known = mayCall ? this.#filter.repeated?.(raw) : undefined;
    if (known !== undefined) return known;
    const payload = payloadOf(bytes, start, end);
    if (payload === null) return null;
    if (payload === DONE) {
      this.#isOver = true;
      const held = this.#filter.end();
      return held.length === 0 ? null : [...held, raw];
    }
    let value: unknown;
    try {
      value = JSON.parse(payload);
    } catch {
      return mayCall ? NOTHING : null;
    }
    if (typeof value !== 'object' || value === null) return mayCall ? NOTHING : null;
    return this.#filter.event(value as Readonly<Record<string, unknown>>, raw);
  }
}

const NOTHING: readonly Buffer[] = [];

/** Where a call may be spoken of from `from` on; -1: nowhere. Many engines write `"tool_calls":null` into each event. */
function nextCall(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(CALL, from);
  while (at >= 0 && isNoCall(bytes, at + CALL.length)) at = bytes.indexOf(CALL, at + CALL.length);
  return at;
}

/** Whether a member that ends here, after its plural, is null or an empty list. */
function isNoCall(bytes: Buffer, end: number): boolean {
  let at = bytes[end] === 0x73 ? end + 1 : end;
  if (bytes[at] !== QUOTE || bytes[at + 1] !== 0x3a) return false;
  at += bytes[at + 2] === 0x20 ? 3 : 2;
  const isNull = bytes[at] === LOWER_N && bytes[at + 1] === 0x75;
  return isNull || (bytes[at] === OPEN_BRACKET && bytes[at + 1] === CLOSE_BRACKET);
}

/** One past the blank line that ends the event at `start`, or the end of the bytes. */
function endOfEvent(bytes: Buffer, start: number, hasReturns: boolean): number {
  if (!hasReturns) {
    const blank = bytes.indexOf(BLANK_LINE, start);
    return blank < 0 ? bytes.length : blank + BLANK_LINE.length;
  }
  let at = start;
  while (at < bytes.length) {
    const stop = lineEnd(bytes, at, bytes.length);
    const next = skipLineEnd(bytes, stop, bytes.length);
    if (stop === at) return next;
    at = next;
  }
  return at;
}

/** The data of an event, its lines joined; null where it has none. */
function payloadOf(bytes: Buffer, start: number, end: number): string | null {
  let payload: string | null = null;
  let at = start;
  while (at < end) {
    const stop = lineEnd(bytes, at, end);
    if (isData(bytes, at)) {
      const line = bytes.toString('utf8', bytes[at + 5] === 0x20 ? at + 6 : at + 5, stop);
      payload = payload === null ? line : `${payload}\n${line}`;
    }
    at = skipLineEnd(bytes, stop, end);
  }
  return payload;
}

function joined(parts: readonly Buffer[]): Buffer | null {
  if (parts.length === 0) return null;
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
