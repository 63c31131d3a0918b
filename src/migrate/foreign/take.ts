import type { ForeignNode } from './foreign-node.ts';

/**
 * Readers of values that the policy gets as they are. What they return is carried; a value of the
 * wrong kind is dropped with its reason, and null stands for it, as for an absent or empty one.
 */
type Maybe = ForeignNode | null;

const LINE_CHARACTERS_MAX = 1024;

export function takeText(node: Maybe): string | null {
  if (node === null) return null;
  const value = node.scalar;
  if (value === null || value === '') {
    node.carry();
    return null;
  }
  if (typeof value !== 'string' && typeof value !== 'number') {
    node.drop('is not a text');
    return null;
  }
  const text = String(value);
  if (text.length > LINE_CHARACTERS_MAX || /\p{Cc}/u.test(text)) {
    node.drop(`the policy takes one line of at most ${LINE_CHARACTERS_MAX} characters`);
    return null;
  }
  node.carry();
  return text;
}

/** A text that may have many lines. */
export function takeProse(node: Maybe): string | null {
  const value = node?.scalar;
  if (node === null || typeof value !== 'string' || value === '') return takeText(node);
  node.carry();
  return value;
}

/** A list of texts, or one text alone. */
export function takeTexts(node: Maybe): readonly string[] {
  if (node === null) return [];
  if (node.content.kind !== 'list') {
    const text = takeText(node);
    return text === null ? [] : [text];
  }
  const texts = node.items.map(takeText).filter((text) => text !== null);
  if (node.items.length === 0) node.carry();
  return [...new Set(texts)];
}

export interface Range {
  readonly min?: number;
  readonly max?: number;
  readonly isWhole?: boolean;
}

export function takeNumber(node: Maybe, range: Range = {}): number | null {
  if (node === null) return null;
  const raw = node.scalar;
  if (raw === null) {
    node.carry();
    return null;
  }
  const value = typeof raw === 'string' ? numberIn(raw) : raw;
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    node.drop('is not a number');
    return null;
  }
  const { min = -Infinity, max = Infinity, isWhole = false } = range;
  if (value < min || value > max || (isWhole && !Number.isInteger(value))) {
    node.drop(`the policy takes ${isWhole ? 'whole numbers' : 'numbers'} ${rangeText(min, max)}`);
    return null;
  }
  node.carry();
  return value;
}

export function takeCount(node: Maybe, max = 1e9): number | null {
  return takeNumber(node, { min: 1, max, isWhole: true });
}

const TRUE = ['true', 'yes', 'on'];
const FALSE = ['false', 'no', 'off'];

/** A truth value; the words of YAML 1.1 count too. */
export function takeFlag(node: Maybe): boolean | null {
  if (node === null) return null;
  const word = String(node.scalar).toLowerCase();
  if (node.scalar !== null && !TRUE.includes(word) && !FALSE.includes(word)) {
    node.drop('is neither true nor false');
    return null;
  }
  node.carry();
  return node.scalar === null ? null : TRUE.includes(word);
}

const DAY_MS = 86_400_000;
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Seconds, or a text such as `300s`, `5m` or `100ms`; in whole milliseconds. */
export function takeDurationMs(node: Maybe): number | null {
  if (node === null) return null;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(String(node.scalar ?? ''));
  if (match === null) {
    if (node.scalar === null) node.carry();
    else node.drop('is no duration in seconds');
    return null;
  }
  const milliseconds = Math.round(Number(match[1]) * UNITS_MS[match[2] ?? 's']!);
  if (milliseconds < 1 || milliseconds > DAY_MS) {
    node.drop('the policy takes durations from a millisecond to a day');
    return null;
  }
  node.carry();
  return milliseconds;
}

const TOKENS_MAX = 1e12;
const SIZES: Readonly<Record<string, number>> = { '': 1, k: 1000, m: 1_000_000 };

/** A number of tokens, or a text such as `32K`. */
export function takeTokens(node: Maybe): number | null {
  if (node === null) return null;
  const match = /^(\d+(?:\.\d+)?)\s*([km]?)$/i.exec(String(node.scalar ?? ''));
  if (match === null) {
    if (node.scalar === null) node.carry();
    else node.drop('is no number of tokens');
    return null;
  }
  const tokens = Math.round(Number(match[1]) * SIZES[match[2]!.toLowerCase()]!);
  if (tokens > TOKENS_MAX) {
    node.drop('is no plausible number of tokens');
    return null;
  }
  node.carry();
  return tokens;
}

function numberIn(text: string): number {
  return /^[-+]?[\d_]*\.?\d+(e[-+]?\d+)?$/i.test(text) ? Number(text.replaceAll('_', '')) : NaN;
}

function rangeText(min: number, max: number): string {
  if (max === Infinity) return `from ${min} on`;
  return min === -Infinity ? `up to ${max}` : `from ${min} to ${max}`;
}
