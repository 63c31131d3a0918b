import { HOMOGLYPHS } from './homoglyphs.ts';

/** What a text is hidden behind, if anything. */
export type Disguise = 'invisible' | 'look-alike' | 'leet' | 'spaced' | 'encoded';

const TAG_HIGH = 0xdb40;
const MATHEMATICAL_HIGH = 0xd835;

/** Marks that show nothing: zero-width, bidirectional, soft hyphen, variation selectors. */
export function isInvisible(code: number): boolean {
  if (code < 0xad) return false;
  if (code === 0xad || code === 0x034f || code === 0x061c || code === 0x180e || code === 0xfeff) {
    return true;
  }
  if (code >= 0x200b && code <= 0x200f) return true;
  if (code >= 0x202a && code <= 0x202e) return true;
  if (code >= 0x2060 && code <= 0x206f) return true;
  return (code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xfff9 && code <= 0xfffb);
}

/** Full-width, circled and mathematical letters, which NFKC brings back to plain ones. */
const isDisguisedLetter = (code: number): boolean =>
  (code >= 0xff21 && code <= 0xff3a) ||
  (code >= 0xff41 && code <= 0xff5a) ||
  (code >= 0x24b6 && code <= 0x24e9) ||
  code === MATHEMATICAL_HIGH;

export interface Folded {
  readonly text: string;
  /** Text written in invisible tag characters. */
  readonly tagText: string;
  readonly hasInvisible: boolean;
  readonly hasLookAlike: boolean;
}

interface Traits {
  invisible: number;
  /** Full-width punctuation is ordinary and does not count. */
  disguisedLetters: boolean;
  lookAlike: boolean;
  tags: boolean;
}

/** Folds what readers cannot see or tell apart. The same string where there is nothing to fold. */
export function foldCharacters(text: string): Folded {
  const traits = traitsOf(text);
  if (traits === null) return { text, tagText: '', hasInvisible: false, hasLookAlike: false };
  let folded = traits.invisible > 0 ? withoutInvisible(text) : text;
  const tagText = traits.tags ? tagTextOf(text) : '';
  if (traits.disguisedLetters) folded = folded.normalize('NFKC');
  let hasLookAlike = false;
  if (traits.lookAlike) {
    const plain = withoutLookAlikes(folded);
    hasLookAlike = plain !== folded;
    folded = plain;
  }
  return {
    text: folded,
    tagText,
    hasInvisible: hasHiddenSplit(text, traits.invisible),
    hasLookAlike: hasLookAlike || traits.disguisedLetters,
  };
}

function traitsOf(text: string): Traits | null {
  const traits: Traits = {
    invisible: 0,
    disguisedLetters: false,
    lookAlike: false,
    tags: false,
  };
  let isPlain = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0xad) continue;
    if (isInvisible(code)) traits.invisible += 1;
    else if (code === TAG_HIGH) traits.tags = true;
    else if (isDisguisedLetter(code)) traits.disguisedLetters = true;
    else if (code >= 0x370 && code <= 0x52f) traits.lookAlike = true;
    else continue;
    isPlain = false;
  }
  return isPlain ? null : traits;
}

/** An invisible mark between two ASCII letters, which no script needs. */
function hasHiddenSplit(text: string, count: number): boolean {
  if (count === 0) return false;
  for (let i = 1; i < text.length - 1; i++) {
    if (!isInvisible(text.charCodeAt(i)) || !isAsciiLetter(text.charCodeAt(i - 1))) continue;
    let next = i + 1;
    while (next < text.length && isInvisible(text.charCodeAt(next))) next += 1;
    if (next < text.length && isAsciiLetter(text.charCodeAt(next))) return true;
    i = next;
  }
  return false;
}

function withoutInvisible(text: string): string {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (!isInvisible(text.charCodeAt(i))) continue;
    if (i > start) parts.push(text.slice(start, i));
    start = i + 1;
  }
  parts.push(text.slice(start));
  return parts.join('');
}

/** Tag characters U+E0020 to U+E007E spell ASCII that no reader sees. */
function tagTextOf(text: string): string {
  const units: number[] = [];
  for (let i = 0; i < text.length - 1 && units.length < 4096; i++) {
    if (text.charCodeAt(i) !== TAG_HIGH) continue;
    const low = text.charCodeAt(i + 1) - 0xdc00;
    if (low >= 0x20 && low <= 0x7e) units.push(low);
  }
  return String.fromCharCode(...units);
}

/** Replaces Greek and Cyrillic look-alikes in words that also hold ASCII letters. */
function withoutLookAlikes(text: string): string {
  const parts: string[] = [];
  let copied = 0;
  for (let i = 0; i < text.length;) {
    if (!isLetterUnit(text.charCodeAt(i))) {
      i += 1;
      continue;
    }
    const start = i;
    let ascii = 0;
    let foreign = 0;
    for (; i < text.length && isLetterUnit(text.charCodeAt(i)); i++) {
      if (isAsciiLetter(text.charCodeAt(i))) ascii += 1;
      else if (HOMOGLYPHS.has(text.charCodeAt(i))) foreign += 1;
    }
    if (ascii === 0 || foreign === 0) continue;
    parts.push(text.slice(copied, start), plainWord(text, start, i));
    copied = i;
  }
  if (copied === 0) return text;
  parts.push(text.slice(copied));
  return parts.join('');
}

function plainWord(text: string, start: number, end: number): string {
  let word = '';
  for (let i = start; i < end; i++) word += HOMOGLYPHS.get(text.charCodeAt(i)) ?? text.charAt(i);
  return word;
}

const isLetterUnit = (code: number): boolean =>
  isAsciiLetter(code) || (code >= 0x370 && code <= 0x52f);

export const isAsciiLetter = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
