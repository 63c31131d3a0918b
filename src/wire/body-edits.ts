import type { RequestBody } from '../contract/index.ts';
import { CLOSE_BRACE, OPEN_BRACE, firstItem } from './json-text.ts';
import { ownMember } from './own-member.ts';
import { spliceBody } from './splice-body.ts';

/**
 * What is to change in one request body. Members are named by plain ASCII keys; a path is the keys
 * from the top level down, as a JSON pointer gives them. A later change of the same place wins.
 */
export class BodyEdits {
  readonly #body: RequestBody;
  readonly #edits = new Map<string, Buffer | null>();

  constructor(body: RequestBody) {
    this.#body = body;
  }

  /** Sets a top-level member to a JSON value; null takes it out. */
  set(field: string, value: Buffer | null): void {
    this.#edits.set(field, value);
  }

  /**
   * Sets the member at `path` to a JSON value. Parents that are missing are made, and one that is no
   * object gives way to one; everything beside the path keeps its bytes. Throws where a key of the
   * path stands twice in the body or is written with escapes.
   */
  setAt(path: readonly string[], value: Buffer): void {
    const [field, ...rest] = path as readonly [string, ...string[]];
    this.#edits.set(field, rest.length === 0 ? value : this.#valueWith(field, rest, value));
  }

  /** The value of a top-level member as it is with the changes so far; null where there is none. */
  valueOf(field: string): Buffer | null {
    const edited = this.#edits.get(field);
    if (edited !== undefined) return edited;
    const span = this.#body.fields.get(field);
    return span === undefined ? null : this.#body.bytes.subarray(span.start, span.end);
  }

  /** The body with all changes: its own bytes where there is none. */
  build(): Buffer {
    return this.#edits.size === 0 ? this.#body.bytes : spliceBody(this.#body, this.#edits);
  }

  #valueWith(field: string, path: readonly string[], value: Buffer): Buffer {
    const edited = this.#edits.get(field);
    if (edited !== undefined) {
      return edited === null ? nested(path, value) : valueWith(edited, path, value);
    }
    const span = this.#body.fields.get(field);
    if (span === undefined) return nested(path, value);
    return valueWith(this.#body.bytes.subarray(span.start, span.end), path, value);
  }
}

/** The JSON value `bytes`, without space around it, with `value` at `path`. */
function valueWith(bytes: Buffer, path: readonly string[], value: Buffer): Buffer {
  let start = 0;
  let end = bytes.length;
  for (let depth = 0; depth < path.length; depth++) {
    if (bytes[start] !== OPEN_BRACE) {
      return replaced(bytes, start, end, nested(path.slice(depth), value));
    }
    const text = { bytes, end, isStrict: false };
    const member = ownMember(text, start, path[depth]!);
    if (member === null) {
      const isEmpty = firstItem(text, start, CLOSE_BRACE) < 0;
      const added = `${isEmpty ? '' : ','}${JSON.stringify(path[depth])}:`;
      const inner = nested(path.slice(depth + 1), value);
      return replaced(bytes, end - 1, end - 1, Buffer.concat([Buffer.from(added), inner]));
    }
    start = member.start;
    end = member.end;
  }
  return replaced(bytes, start, end, value);
}

/** `value` inside of an object for each key of the path. */
function nested(path: readonly string[], value: Buffer): Buffer {
  if (path.length === 0) return value;
  const opening = path.map((key) => `{${JSON.stringify(key)}:`).join('');
  return Buffer.concat([Buffer.from(opening), value, Buffer.from('}'.repeat(path.length))]);
}

function replaced(bytes: Buffer, start: number, end: number, value: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, start), value, bytes.subarray(end)]);
}
