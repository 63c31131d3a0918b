import type { Disguise } from './folding.ts';
import { ATTACK_PATTERNS, TEMPLATE_MARKS } from './patterns.ts';
import type { AttackFamily } from './patterns.ts';
import { PatternScan } from './pattern-scan.ts';
import type { PatternCounts } from './pattern-scan.ts';
import { AttackViews } from './view.ts';

const DISGUISES: readonly Disguise[] = ['invisible', 'look-alike', 'leet', 'spaced', 'encoded'];

/** What the combination reads besides the head: 0 or 1 each. */
export const ATTACK_FEATURES: readonly string[] = [
  ...ATTACK_PATTERNS.map(({ name }) => name),
  ...ATTACK_PATTERNS.map(({ name }) => `mention:${name}`),
  ...DISGUISES.map((name) => `disguise:${name}`),
  'template-mark',
];

/** What each feature is worth before training: mentions nothing, disguises and marks a little. */
export const REVIEWED_WEIGHTS: readonly number[] = [
  ...ATTACK_PATTERNS.map(({ reviewedWeight }) => reviewedWeight),
  ...ATTACK_PATTERNS.map(() => 0),
  ...DISGUISES.map((name) => (name === 'encoded' ? 0.5 : 1.5)),
  1.5,
];

export interface AttackFeatures {
  /** The text without disguise, and what was encoded in it: the head reads each. */
  readonly texts: readonly string[];
  /** In the order of ATTACK_FEATURES. */
  readonly values: Uint8Array;
}

const MENTIONS_AT = ATTACK_PATTERNS.length;
const DISGUISES_AT = 2 * ATTACK_PATTERNS.length;
const MARK_AT = DISGUISES_AT + DISGUISES.length;

/** The reviewed part of attack detection: what can be said of a text without a model. Linear in the text. */
export class AttackReader {
  readonly #scan = new PatternScan();
  readonly #views = new AttackViews(this.#scan.words);

  read(source: string): AttackFeatures {
    const first = this.#scan.count(source);
    const { text, payloads, disguises } = this.#views.of(source, first);
    const values = new Uint8Array(ATTACK_FEATURES.length);
    mark(values, text === source ? first : this.#scan.count(text));
    for (const payload of payloads) mark(values, this.#scan.count(payload));
    if (disguises.size > 0) {
      DISGUISES.forEach((name, i) => {
        if (disguises.has(name)) values[DISGUISES_AT + i] = 1;
      });
    }
    if (hasTemplateMark(text)) values[MARK_AT] = 1;
    return { texts: [text, ...payloads], values };
  }
}

function mark(values: Uint8Array, { orders, mentions }: PatternCounts): void {
  for (let i = 0; i < MENTIONS_AT; i++) {
    if (orders[i]! > 0) values[i] = 1;
    if (mentions[i]! > 0) values[MENTIONS_AT + i] = 1;
  }
}

function hasTemplateMark(text: string): boolean {
  if (!text.includes('<') && !text.includes('[') && !text.includes('#')) return false;
  const lower = text.toLowerCase();
  return TEMPLATE_MARKS.some((mark) => lower.includes(mark));
}

/** The families whose patterns hold as orders, in the order of the patterns. */
export function familiesOf(values: Uint8Array): readonly AttackFamily[] {
  const families = new Set<AttackFamily>();
  ATTACK_PATTERNS.forEach(({ family }, i) => {
    if (values[i] === 1) families.add(family);
  });
  for (let i = DISGUISES_AT; i < MARK_AT; i++) if (values[i] === 1) families.add('encoding');
  return [...families];
}
