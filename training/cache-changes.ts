/** Changes of a question, one at a time: such as change its answer, and such as do not. Null: nothing to change. */
import type { Rng } from '../src/kernel/index.ts';
import { OPPOSITES, RIVALS } from '../src/match/lexicon.ts';

type Change = (text: string, rng: Rng) => string | null;

const pick = <T>(list: readonly T[], rng: Rng): T => list[Math.floor(rng.next() * list.length)];

const NAMES =
  'Anna Boris Chen Diego Emma Farid Grace Hugo Ivan Julia Kofi Lena Marco Nadia Omar'.split(' ');
const PLACES =
  'Berlin Paris London Madrid Rome Vienna Oslo Dublin Lisbon Prague Tokyo Boston'.split(' ');
const THINGS =
  'laptop phone passport ticket invoice refund password account card loan order delivery'.split(
    ' ',
  );

function replaceWord(text: string, from: string, to: string): string | null {
  const pattern = new RegExp(`\\b${from.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\b`, 'i');
  return pattern.test(text) ? text.replace(pattern, to) : null;
}

const otherNumber: Change = (text, rng) =>
  /\d/.test(text)
    ? text.replace(/\d+/, (number) => String(Number(number) + 1 + Math.floor(rng.next() * 9)))
    : null;

/** Both texts get a slot; the filler differs: callers compare the text with its other filling. */
const rivalWord: Change = (text, rng) => {
  for (const rivals of RIVALS) {
    for (const word of rivals) {
      const other = pick(rivals, rng);
      if (other === word || word.length < 3) continue;
      const changed = replaceWord(text, word, other);
      if (changed !== null) return changed;
    }
  }
  return null;
};

const oppositeWord: Change = (text) => {
  for (const [one, other] of OPPOSITES) {
    const changed = replaceWord(text, one, other) ?? replaceWord(text, other, one);
    if (changed !== null && one.length > 2 && other.length > 2) return changed;
  }
  return null;
};

const negated: Change = (text) => {
  const rules: readonly (readonly [RegExp, string])[] = [
    [/\bcan i\b/i, "can't i"],
    [/\bis\b/i, 'is not'],
    [/\bdo i\b/i, "don't i"],
    [/\bwith\b/i, 'without'],
    [/\bi am\b/i, 'i am not'],
    [/\bwill\b/i, 'will not'],
    [/\bdid\b/i, "didn't"],
  ];
  for (const [pattern, replacement] of rules)
    if (pattern.test(text)) return text.replace(pattern, replacement);
  return null;
};

/** Another word in the place of one that carries the meaning. */
const otherThing: Change = (text, rng) => {
  const words = text.split(' ');
  const places = words.map((word, i) => (word.length >= 5 ? i : -1)).filter((i) => i >= 0);
  if (places.length === 0) return null;
  words[pick(places, rng)] = pick(THINGS, rng);
  return words.join(' ');
};

const swapped: Change = (text) => {
  const found = /\b(\w{3,}) (to|into|for|than|from|before|after) (\w{3,})\b/i.exec(text);
  return found === null ? null : text.replace(found[0], `${found[3]} ${found[2]} ${found[1]}`);
};

const otherName: Change = (text, rng) =>
  rng.next() < 0.3 ? `${text.replace(/[?.!]$/, '')} for ${pick(NAMES, rng)}` : null;

const otherPlace: Change = (text, rng) =>
  rng.next() < 0.3 ? `${text.replace(/[?.!]$/, '')} in ${pick(PLACES, rng)}` : null;

export const CHANGES: readonly Change[] = [
  otherNumber,
  rivalWord,
  oppositeWord,
  negated,
  otherThing,
  swapped,
  otherName,
  otherPlace,
];

const polite: Change = (text, rng) =>
  rng.next() < 0.5
    ? `${pick(['please', 'hi,', 'hello,', 'hey', 'could you tell me', 'can you please tell me', 'i would like to know'], rng)} ${text}`
    : `${text} ${pick(['please', 'thanks', 'thank you'], rng)}`;

const recased: Change = (text, rng) =>
  rng.next() < 0.5 ? text.toUpperCase() : `${text[0].toUpperCase()}${text.slice(1)}`;

const punctuated: Change = (text, rng) =>
  `${text.replace(/[?.!]+$/, '')}${pick(['', '?', '??', '.', '!'], rng)}`;

const contracted: Change = (text) => {
  const rules: readonly (readonly [RegExp, string])[] = [
    [/\bwhat is\b/i, "what's"],
    [/\bi am\b/i, "i'm"],
    [/\bdo not\b/i, "don't"],
    [/\bhow do i\b/i, 'how can i'],
    [/\bcan i\b/i, 'could i'],
    [/\bi want to\b/i, "i'd like to"],
    [/\bi need to\b/i, 'i have to'],
    [/\btell me\b/i, 'let me know'],
    [/\bwhere is\b/i, "where's"],
  ];
  for (const [pattern, replacement] of rules)
    if (pattern.test(text)) return text.replace(pattern, replacement);
  return null;
};

/** Two neighbouring letters of a longer word change places. */
const mistyped: Change = (text, rng) => {
  const words = text.split(' ');
  const places = words.map((word, i) => (/^[a-z]{6,}$/i.test(word) ? i : -1)).filter((i) => i >= 0);
  if (places.length === 0) return null;
  const place = pick(places, rng);
  const word = words[place];
  const at = 1 + Math.floor(rng.next() * (word.length - 3));
  words[place] = `${word.slice(0, at)}${word[at + 1]}${word[at]}${word.slice(at + 2)}`;
  return words.join(' ');
};

export const HARMLESS: readonly Change[] = [polite, recased, punctuated, contracted, mistyped];
