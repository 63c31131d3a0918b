import { hashText, normalOf } from './hash.ts';

/** What the simulator takes a prompt to be about, and how hard (0 trivial, 1 very hard). */
export interface PromptFeatures {
  readonly domain: string;
  readonly difficulty: number;
}

const READ_CHARACTERS = 4096;
/** Words of a domain; the domain with most distinct words in the text wins, none is `general`. */
const DOMAIN_WORDS: Readonly<Record<string, string>> = {
  math:
    'solve equation integral derivative prove theorem matrix probability polynomial triangle ' +
    'integer sum calculate vector prime algebra',
  code:
    'code function python javascript typescript java rust sql bug compile algorithm class regex ' +
    'api program def const return',
  science:
    'physics chemistry biology molecule energy velocity cell protein electron reaction gene mass ' +
    'temperature force planet atom',
  law: 'court law legal contract plaintiff defendant statute liability tort',
  business:
    'market company revenue cost price invest bank tax profit customer inflation stock demand',
  health: 'patient disease symptom treatment doctor drug diagnosis medical pain',
};
const DOMAIN_OF = new Map(
  Object.entries(DOMAIN_WORDS).flatMap(([domain, words]) =>
    words.split(' ').map((word) => [word, domain] as const),
  ),
);
const HARD_WORDS = new Set(
  'prove derive why analyze optimal complexity theorem compare explain step suppose determine'.split(
    ' ',
  ),
);

/** Reads the beginning of a text only, so that a long prompt costs no more than a short one. */
export function readPromptFeatures(text: string): PromptFeatures {
  const head = text.slice(0, READ_CHARACTERS).toLowerCase();
  const words = new Set(head.split(/[^a-z]+/));
  const counts = new Map<string, number>();
  let hard = 0;
  for (const word of words) {
    if (HARD_WORDS.has(word)) hard++;
    const domain = DOMAIN_OF.get(word);
    if (domain !== undefined) counts.set(domain, (counts.get(domain) ?? 0) + 1);
  }
  let domain = 'general';
  let most = 0;
  for (const [name, count] of counts) {
    if (count > most) [domain, most] = [name, count];
  }
  const length = Math.min(1, Math.log2(1 + text.length / 60) / 6);
  const difficulty =
    0.12 + 0.5 * length + 0.07 * Math.min(4, hard) + (domain === 'math' ? 0.08 : 0);
  // Two prompts of one kind are not equally hard: the text itself decides by how much.
  const noise = 0.1 * normalOf(hashText(head), 0xd1f);
  return { domain, difficulty: Math.min(1, Math.max(0, difficulty + noise)) };
}
