import { ConfigIssue } from '../contract/index.ts';
import { nearest } from '../kernel/index.ts';

export type Path = readonly (string | number)[];
export type Members = Readonly<Record<string, unknown>>;

/** The value as a mapping that has only `allowed` keys. */
export function membersOf(value: unknown, allowed: readonly string[], path: Path = []): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigIssue(`must be a mapping with ${allowed.join(', ')}`, path);
  }
  for (const key of Object.keys(value)) {
    if (allowed.includes(key)) continue;
    const suggestion = nearest(key, allowed);
    throw new ConfigIssue(
      `unknown key "${key}": there are ${allowed.join(', ')}`,
      [...path, key],
      suggestion,
    );
  }
  return value as Members;
}

/** A non-empty text of at most `maxLength` characters. */
export function textOf(value: unknown, path: Path = [], maxLength = 200): string {
  if (typeof value !== 'string') throw new ConfigIssue('must be a text', path);
  if (value.trim() === '') throw new ConfigIssue('must not be empty', path);
  if (value.length > maxLength) {
    throw new ConfigIssue(`must not be longer than ${maxLength} characters`, path);
  }
  return value;
}

/** One text, or a list of them without repeats. */
export function textsOf(value: unknown, path: Path = [], maxLength = 200): readonly string[] {
  if (!Array.isArray(value)) return [textOf(value, path, maxLength)];
  if (value.length === 0) throw new ConfigIssue('must not be an empty list', path);
  if (value.length > 1000) throw new ConfigIssue('must not have more than 1000 entries', path);
  const texts = value.map((entry: unknown, i) => textOf(entry, [...path, i], maxLength));
  return [...new Set(texts)];
}

/** One of `options`, or a list of them. */
export function choicesOf(
  value: unknown,
  options: readonly string[],
  path: Path = [],
): readonly string[] {
  const chosen = textsOf(value, path);
  for (const [i, choice] of chosen.entries()) {
    if (options.includes(choice)) continue;
    throw new ConfigIssue(
      `must be one of ${options.join(', ')}`,
      Array.isArray(value) ? [...path, i] : path,
      nearest(choice, options),
    );
  }
  return chosen;
}

export function flagOf(value: unknown, path: Path = []): boolean {
  if (typeof value !== 'boolean') throw new ConfigIssue('must be true or false', path);
  return value;
}

/** `kind: a` or `kind: a or b`, as explanations show a condition. */
export function choiceText(kind: string, choices: readonly string[]): string {
  return `${kind}: ${choices.join(' or ')}`;
}

/** JSON Schema of one text or a list of texts. */
export function oneOrMany(
  item: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { anyOf: [item, { type: 'array', items: item, minItems: 1 }] };
}

/** Whether a list holds one of the wanted texts. A loop: a condition's test allocates nothing. */
export function holdsAny(list: readonly string[], wanted: readonly string[]): boolean {
  for (let i = 0; i < wanted.length; i++) if (list.includes(wanted[i]!)) return true;
  return false;
}
