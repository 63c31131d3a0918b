import type { Usage } from '../contract/index.ts';
import { AnswerScan } from './answer-scan.ts';
import { OPEN_BRACE, OPEN_BRACKET, isWord } from './json-text.ts';
import {
  boundaryAcross,
  endOfBlankLine,
  isData,
  lastBoundary,
  lineEnd,
  skipLineEnd,
} from './sse-lines.ts';
import { finishOfResponse, isObject, readUsage } from './usage.ts';

const LF = 0x0a;
/** The most of an incomplete event that is held back. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;
/** How much of an error frame is kept for the operator. */
const ERROR_CHARS_MAX = 8192;

/** What the tap reads in place: the payloads of the chunk at hand. */
interface Window {
  bytes: Buffer;
  end: number;
  readonly isStrict: false;
}

/**
 * The pass-through of an event stream. Whole events go on as the very bytes that came; only usage
 * that the client did not ask for is taken out, and an error frame ends the stream. Nothing is
 * decoded but the usage object and the last event of a responses stream. Chunks belong to the tap:
 * an event whose JSON goes over several lines is made one line in place.
 */
export class SseTap {
  /** Events that carry data. */
  events = 0;
  /** Those that carry a part of the answer: near enough its tokens where usage never comes. */
  contentEvents = 0;
  usage: Usage | null = null;
  finishReason: string | null = null;
  /** `[DONE]` or the responses surface's terminal event has passed. */
  isDone = false;
  /** The frame by which the upstream reported an error, or what makes the stream unreadable. */
  errorFrame: string | null = null;
  readonly #hideUsage: boolean;
  readonly #scan = new AnswerScan();
  readonly #window: Window = { bytes: Buffer.alloc(0), end: 0, isStrict: false };
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** What the event that was read last loses; the same offset twice is nothing. */
  #cutFrom = 0;
  #cutTo = 0;

  constructor(options: { readonly hideUsage: boolean }) {
    this.#hideUsage = options.hideUsage;
  }

  get hasContent(): boolean {
    return this.contentEvents > 0;
  }

  get hidesUsage(): boolean {
    return this.#hideUsage;
  }

  /** What to forward of this chunk: whole events only. Null: nothing yet. */
  push(chunk: Buffer): Buffer | null {
    if (this.errorFrame !== null || this.isDone || chunk.length === 0) return null;
    let bytes = chunk;
    let end = lastBoundary(chunk);
    if (this.#heldBytes > 0) {
      if (end === 0) end = boundaryAcross(this.#held.at(-1)!, chunk);
      if (end === 0) {
        this.#hold(chunk);
        return null;
      }
      end += this.#heldBytes;
      bytes = this.#takeHeld(chunk);
    }
    if (end < bytes.length) this.#hold(end === 0 ? bytes : bytes.subarray(end));
    return end === 0 || this.errorFrame !== null ? null : this.#forward(bytes, end);
  }

  /** The stream has ended: what is left of it, where that is a whole event that lacks only its blank line. */
  flush(): Buffer | null {
    if (this.#heldBytes === 0 || this.isDone || this.errorFrame !== null) return null;
    const bytes = this.#takeHeld(Buffer.from('\n\n'));
    return this.#isWhole(bytes) ? this.#forward(bytes, bytes.length) : null;
  }

  /** Whether the payload of the last line of a stream is complete. */
  #isWhole(bytes: Buffer): boolean {
    const line = Math.max(bytes.lastIndexOf('\ndata:') + 1, bytes.lastIndexOf('\rdata:') + 1);
    if (!isData(bytes, line)) return false;
    const payload = bytes[line + 5] === 0x20 ? line + 6 : line + 5;
    if (bytes[payload] === OPEN_BRACKET)
      return bytes.toString('latin1', payload).trimEnd() === '[DONE]';
    this.#window.bytes = bytes;
    this.#window.end = bytes.length;
    return bytes[payload] === OPEN_BRACE && this.#scanPayload(payload) > 0;
  }

  #forward(bytes: Buffer, end: number): Buffer | null {
    const window = this.#window;
    window.bytes = bytes;
    window.end = end;
    let parts: Buffer[] | null = null;
    let kept = 0;
    let at = 0;
    while (at < end) {
      // Behind its end, a stream has nothing more to say.
      const next = this.isDone ? at : this.#readEvent(at);
      if (this.errorFrame !== null || next === at) {
        this.#cutFrom = at;
        this.#cutTo = end;
        at = end;
      } else {
        at = next;
      }
      if (this.#cutTo > this.#cutFrom) {
        if (this.#cutFrom > kept) (parts ??= []).push(bytes.subarray(kept, this.#cutFrom));
        kept = this.#cutTo;
        this.#cutFrom = this.#cutTo;
      }
    }
    if (kept === 0) return end === bytes.length ? bytes : bytes.subarray(0, end);
    if (kept < end) (parts ??= []).push(bytes.subarray(kept, end));
    if (parts === null) return null;
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** Reads the event at `at`; returns one past its blank line. */
  #readEvent(at: number): number {
    const { bytes, end } = this.#window;
    if (isData(bytes, at)) {
      const payload = bytes[at + 5] === 0x20 ? at + 6 : at + 5;
      if (bytes[payload] === OPEN_BRACE) {
        const line = bytes.indexOf(LF, payload);
        const scanned = this.#scanPayload(payload);
        // Of JSON that is malformed, the scan may run on into the next event.
        const payloadEnd = line >= 0 && line < scanned ? -1 : scanned;
        const next = payloadEnd < 0 ? -1 : endOfBlankLine(bytes, payloadEnd, end);
        if (next >= 0) {
          this.#note(payload, payloadEnd, at, next);
          return next;
        }
      }
    }
    return this.#readLines(at);
  }

  /** An event of several lines, or whose payload is no JSON object. */
  #readLines(start: number): number {
    const { bytes, end } = this.#window;
    let at = start;
    let payload = -1;
    let payloadEnd = -1;
    while (at < end) {
      const stop = lineEnd(bytes, at, end);
      const next = skipLineEnd(bytes, stop, end);
      if (stop === at) {
        at = next;
        break;
      }
      if (isData(bytes, at)) {
        if (payload < 0) payload = bytes[at + 5] === 0x20 ? at + 6 : at + 5;
        // Between two lines of JSON is white space: with more of it in between, they are one line.
        else if (bytes[payload] === OPEN_BRACE) bytes.fill(0x20, payloadEnd, at + 5);
        payloadEnd = stop;
      }
      at = next;
    }
    if (payload >= 0) this.#readPayload(payload, payloadEnd, start, at);
    return at;
  }

  #readPayload(payload: number, payloadEnd: number, start: number, next: number): void {
    const { bytes } = this.#window;
    if (bytes[payload] === OPEN_BRACE && this.#scanPayload(payload) === payloadEnd) {
      this.#note(payload, payloadEnd, start, next);
      return;
    }
    this.events++;
    if (bytes[payload] === OPEN_BRACE) {
      this.errorFrame = `an event is no JSON: ${excerpt(bytes, payload, payloadEnd)}`;
      return;
    }
    if (
      bytes[payload] === OPEN_BRACKET &&
      bytes.toString('latin1', payload, payloadEnd) === '[DONE]'
    ) {
      this.isDone = true;
    }
  }

  #scanPayload(payload: number): number {
    try {
      return this.#scan.read(this.#window, payload);
    } catch {
      return -1;
    }
  }

  /** Takes down what the scan found in the event between `start` and `next`. */
  #note(payload: number, payloadEnd: number, start: number, next: number): void {
    const scan = this.#scan;
    const { bytes } = this.#window;
    this.events++;
    if (scan.hasContent) this.contentEvents++;
    if (scan.finishEnd > 0) {
      this.finishReason = bytes.toString('latin1', scan.finishStart + 1, scan.finishEnd - 1);
    }
    if (scan.usageEnd > 0) {
      const timings =
        scan.timingsEnd === 0 ? null : parsed(bytes, scan.timingsStart, scan.timingsEnd);
      this.usage = readUsage(parsed(bytes, scan.usageStart, scan.usageEnd), timings) ?? this.usage;
      if (this.#hideUsage) {
        const isUsageOnly = scan.choices === 0;
        this.#cutFrom = isUsageOnly ? start : scan.cutFrom;
        this.#cutTo = isUsageOnly ? next : scan.cutTo;
      }
    }
    if (scan.responseEnd > 0) this.#noteResponse();
    if (scan.isError) this.errorFrame = excerpt(bytes, payload, payloadEnd);
  }

  /** The responses surface: its terminal events hold the whole response. */
  #noteResponse(): void {
    const scan = this.#scan;
    const window = this.#window;
    const { typeStart, typeEnd, responseStart, responseEnd } = scan;
    const isFailure = isWord(window, typeStart, typeEnd, 'response.failed');
    if (isFailure) scan.isError = true;
    const isTerminal =
      isWord(window, typeStart, typeEnd, 'response.completed') ||
      isWord(window, typeStart, typeEnd, 'response.incomplete');
    if (!isTerminal && !isFailure) return;
    const response = parsed(window.bytes, responseStart, responseEnd);
    if (!isObject(response)) return;
    this.isDone = isTerminal;
    this.usage = readUsage(response['usage']) ?? this.usage;
    this.finishReason = finishOfResponse(response);
  }

  #hold(part: Buffer): void {
    this.#held.push(part);
    this.#heldBytes += part.length;
    if (this.#heldBytes > HELD_BYTES_MAX) {
      this.#held = [];
      this.errorFrame = `an event is larger than ${HELD_BYTES_MAX} bytes`;
    }
  }

  #takeHeld(rest: Buffer): Buffer {
    this.#held.push(rest);
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }
}

function parsed(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    return null;
  }
}

const excerpt = (bytes: Buffer, start: number, end: number): string =>
  bytes.toString('utf8', start, Math.min(end, start + ERROR_CHARS_MAX));

export const createSseTap = (options: { readonly hideUsage: boolean }): SseTap =>
  new SseTap(options);
