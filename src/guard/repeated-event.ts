import { BACKSLASH, QUOTE } from '../wire/index.ts';

const ARGUMENTS = Buffer.from('"arguments":');
const NAME = Buffer.from('"name":');

/**
 * Events that differ from a known one in the text of their arguments alone: the same members with the
 * same values stand around it, byte by byte. While a call's arguments flow, most events are such.
 */
export class RepeatedEvent {
  #head = 0;
  #tail = 0;
  #known: Buffer | null = null;

  /** Takes an event as the known one. One that begins a call, or whose arguments cannot be told from the rest, is none. */
  learn(raw: Buffer): void {
    this.#known = null;
    const key = raw.indexOf(ARGUMENTS);
    if (key < 0 || raw.indexOf(ARGUMENTS, key + 1) >= 0 || raw.includes(NAME)) return;
    let start = key + ARGUMENTS.length;
    if (raw[start] === 0x20) start++;
    if (raw[start] !== QUOTE) return;
    const end = endOfText(raw, start + 1, raw.length);
    if (end === raw.length) return;
    this.#head = start + 1;
    this.#tail = raw.length - end;
    this.#known = raw;
  }

  forget(): void {
    this.#known = null;
  }

  matches(raw: Buffer): boolean {
    const known = this.#known;
    if (known === null) return false;
    const end = raw.length - this.#tail;
    return (
      end >= this.#head &&
      raw.compare(known, 0, this.#head, 0, this.#head) === 0 &&
      raw.compare(known, known.length - this.#tail, known.length, end) === 0 &&
      endOfText(raw, this.#head, end) === end
    );
  }
}

/** Where the text of a JSON string ends: at its quote, at `end`, or past it where an escape is cut or a line breaks. */
function endOfText(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at;
    if (byte < 0x20) return end + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return at;
}
