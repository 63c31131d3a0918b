import type { SpentReading } from '../../contract/index.ts';

/** Signals whose value a template can show. None of them is the client's own text: they are names of the policy or of a head. */
export const TEMPLATE_SIGNALS = ['domain', 'language', 'intent'] as const;
export type TemplateSignal = (typeof TEMPLATE_SIGNALS)[number];

/** Text, with the signals whose values go between its parts. */
export interface Template {
  readonly parts: readonly [string, ...string[]];
  /** One fewer than parts. */
  readonly names: readonly string[];
}

const PLACEHOLDER = /\{\{\s*([\w.-]+)\s*\}\}/g;
/** A class is said when it is likelier than all others together. */
const LIKELY = 0.5;
const LANGUAGE_NAMES = new Intl.DisplayNames(['en'], { type: 'language' });

/** Splits at `{{name}}`; anything else in braces is text. */
export function parseTemplate(text: string): Template {
  const pieces = text.split(PLACEHOLDER);
  return {
    parts: pieces.filter((_, i) => i % 2 === 0) as [string, ...string[]],
    names: pieces.filter((_, i) => i % 2 === 1),
  };
}

/** The text with its values. An empty value takes the space around it along, save for one between words. */
export function fillTemplate(
  { parts, names }: Template,
  valueOf: (name: string) => string,
): string {
  let text: string = parts[0];
  for (let i = 0; i < names.length; i++) {
    const value = valueOf(names[i]!);
    const next = parts[i + 1]!;
    if (value !== '') text += value + next;
    else text = joined(text, next);
  }
  return text.trim();
}

function joined(before: string, after: string): string {
  const start = before.trimEnd();
  const rest = after.trimStart();
  const hasSpace = start.length < before.length || rest.length < after.length;
  const needsSpace = hasSpace && start !== '' && /^[\p{L}\p{N}"'([{]/u.test(rest);
  const breaks = /\n/.exec(before.slice(start.length)) ?? /^\s*\n/.exec(after);
  return start + (breaks !== null && rest !== '' ? '\n' : needsSpace ? ' ' : '') + rest;
}

/** What a template shows of a reading: empty where it is unknown, unsure, or says nothing. */
export function shownValue(name: string, reading: SpentReading | undefined): string {
  const label = likelyClass(reading);
  if (label === null || label === 'other') return '';
  return name === 'language' ? languageName(label) : label;
}

/** The class that a reading says; null where none is likely. */
export function likelyClass(reading: SpentReading | undefined): string | null {
  const value = reading?.value ?? null;
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  for (const [label, chance] of Object.entries(value as Readonly<Record<string, number>>)) {
    if (chance >= LIKELY) return label;
  }
  return null;
}

/** The English name of an ISO 639-1 code; empty for anything else. */
function languageName(code: string): string {
  return /^[a-z]{2}$/.test(code) ? (LANGUAGE_NAMES.of(code) ?? '') : '';
}
