import type { TextSpan } from '../contract/index.ts';

/**
 * What becomes of a span: it stays, its letters and digits become `*`, or a name such as `<PERSON_1>`
 * stands for it, which `restore` turns back.
 */
export type RedactionAction = 'keep' | 'mask' | 'placeholder';

export interface RedactionPolicy {
  readonly actions: Readonly<Record<string, RedactionAction>>;
  /** For types that `actions` does not name. */
  readonly otherwise: RedactionAction;
}

/**
 * The placeholders of one conversation: equal values of one type share one name over all its texts.
 * Names that a text of the client has already are never given.
 */
export class Placeholders {
  readonly #values = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  #longest = 0;

  get size(): number {
    return this.#values.size;
  }

  /** Characters of the longest name. */
  get longest(): number {
    return this.#longest;
  }

  /** What the name stands for; undefined where it is none of ours. */
  valueOf(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** The name of the value; `isTaken` tells names that stand for something else in the client's texts. */
  nameFor(type: string, value: string, isTaken: (name: string) => boolean): string {
    const key = `${type} ${value}`;
    const known = this.#names.get(key);
    if (known !== undefined && !isTaken(known)) return known;
    let count = this.#counts.get(type) ?? 0;
    let name: string;
    do name = `<${type}_${++count}>`;
    while (isTaken(name));
    this.#counts.set(type, count);
    this.#names.set(key, name);
    this.#values.set(name, value);
    this.#longest = Math.max(this.#longest, name.length);
    return name;
  }
}

export interface Redacted {
  readonly text: string;
  readonly placeholders: Placeholders;
}

/** Names as a client might write them too; types are upper case with underscores. */
const PLACEHOLDER = /<[A-Z][A-Z_]{0,62}_[0-9]{1,9}>/g;

/**
 * Replaces spans, which are in order and do not overlap. All texts of a conversation share one
 * `placeholders`: hand in the later ones what the first one gave.
 *
 * Of several texts, names that a later one has by itself are unknown when the first is redacted:
 * where all are at hand, `redactAll` looks at all first.
 */
export function redact(
  text: string,
  spans: readonly TextSpan[],
  policy: RedactionPolicy,
  placeholders: Placeholders = new Placeholders(),
): Redacted {
  const [redacted] = redactAll([{ text, spans }], policy, placeholders);
  return { text: redacted!, placeholders };
}

export function redactAll(
  texts: readonly { readonly text: string; readonly spans: readonly TextSpan[] }[],
  policy: RedactionPolicy,
  placeholders: Placeholders,
): readonly string[] {
  const written = new Set<string>();
  for (const { text } of texts) {
    for (const [name] of text.matchAll(PLACEHOLDER)) written.add(name);
  }
  const isTaken = (name: string): boolean => written.has(name);
  return texts.map(({ text, spans }) => {
    const parts: string[] = [];
    let from = 0;
    for (const { start, end, type } of spans) {
      const action = policy.actions[type] ?? policy.otherwise;
      if (action === 'keep' || start < from) continue;
      const value = text.slice(start, end);
      parts.push(text.slice(from, start));
      parts.push(action === 'mask' ? mask(value) : placeholders.nameFor(type, value, isTaken));
      from = end;
    }
    parts.push(text.slice(from));
    return parts.join('');
  });
}

const mask = (value: string): string => value.replaceAll(/[\p{L}\p{N}]/gu, '*');

/**
 * Puts the values back. Names that are none of ours stay.
 */
export function restore(text: string, placeholders: Placeholders): string {
  if (placeholders.size === 0) return text;
  return text.replaceAll(PLACEHOLDER, (name) => placeholders.valueOf(name) ?? name);
}

/**
 * Puts the values back in a text that comes in pieces, of which a name may be spread over several.
 */
export class StreamRestorer {
  readonly #placeholders: Placeholders;
  #held = '';

  constructor(placeholders: Placeholders) {
    this.#placeholders = placeholders;
  }

  /** What can be said so far: all but an end that may be the beginning of a name. */
  push(piece: string): string {
    const text = this.#held + piece;
    const from = text.lastIndexOf('<');
    const isOpen =
      from !== -1 && text.length - from < this.#placeholders.longest && !text.includes('>', from);
    this.#held = isOpen ? text.slice(from) : '';
    return restore(isOpen ? text.slice(0, from) : text, this.#placeholders);
  }

  /** What is left when the text ends. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}
