import type { WordClass } from './lexicon.ts';

export type AttackFamily =
  | 'override'
  | 'leak'
  | 'roleplay'
  | 'authority'
  | 'harm'
  | 'injected'
  | 'encoding';

export interface AttackPattern {
  readonly name: string;
  readonly family: AttackFamily;
  /** Word classes in order, one of each step; between two steps lie at most `gaps` other words. */
  readonly steps: readonly (readonly WordClass[])[];
  readonly gaps: readonly number[];
  /** What a match is worth, in logits, before training has seen data: 3 strong, 1 weak. */
  readonly reviewedWeight: number;
}

/**
 * A pattern from words such as `ignore 4 prior 3 rules|context`: classes, with the largest gap between.
 * A sentence's end counts as three words.
 */
function pattern(
  family: AttackFamily,
  name: string,
  source: string,
  reviewedWeight: number,
): AttackPattern {
  const parts = source.split(' ');
  const steps: (readonly WordClass[])[] = [];
  const gaps: number[] = [];
  parts.forEach((part, i) => {
    if (i % 2 === 1) gaps.push(Number(part));
    else steps.push(part.split('|') as WordClass[]);
  });
  return { name, family, steps, gaps, reviewedWeight };
}

/**
 * Reviewed by hand. None decides alone: each has a learned weight in the artefact, and a match inside
 * quotation marks, or in a sentence about words, counts as a mention.
 */
export const ATTACK_PATTERNS: readonly AttackPattern[] = [
  pattern('override', 'ignore-prior-rules', 'ignore 4 prior|all 3 rules|context', 3),
  pattern('override', 'ignore-your-rules', 'ignore 3 your 3 rules', 3),
  pattern('override', 'ignore-rules', 'ignore 2 rules|context', 2),
  pattern('override', 'ignore-all-prior', 'ignore 1 all|prior 2 prior|context', 3),
  pattern('override', 'ignore-all', 'ignore 0 all', 2),
  pattern('override', 'not-follow-rules', 'never|without 3 follow 4 rules', 2),
  pattern('override', 'rules-are-gone', 'prior|your 2 rules 4 gone|lifted', 2),
  pattern('override', 'new-task', 'fresh 1 task', 1),
  pattern('override', 'ignore-then-say', 'ignore 8 only|now 4 say', 2),
  pattern('override', 'only-say', 'only 1 say', 0.5),
  pattern('override', 'say-only', 'say 1 only', 0.5),
  pattern('leak', 'reveal-your-prompt', 'reveal 6 your 4 prompt', 3),
  pattern('leak', 'reveal-secret-prompt', 'reveal 6 secret 2 prompt', 3),
  pattern('leak', 'reveal-secret-text', 'reveal 5 secret 1 context', 2),
  pattern('leak', 'reveal-your-context', 'reveal 6 your 2 context', 1.5),
  pattern('leak', 'reveal-prior-text', 'reveal 5 context|all 3 prior', 1),
  pattern('leak', 'what-is-your-prompt', 'question 3 your 3 prompt', 2),
  pattern('leak', 'what-stands-above', 'question 5 written 3 prior', 2),
  pattern('roleplay', 'act-unbound', 'role 10 unbound', 2),
  pattern('roleplay', 'without-limits', 'without 4 limits', 1),
  pattern('roleplay', 'never-refuse', 'never 2 refuse', 2),
  pattern('roleplay', 'stay-in-character', 'stay 3 character', 0.5),
  pattern('roleplay', 'named-mode', 'modeName 0 mode', 2),
  pattern('roleplay', 'unbound', 'unbound', 0.5),
  pattern('roleplay', 'act-as-machine', 'role 8 machine', 1),
  pattern('roleplay', 'from-now-on-act', 'now 4 role', 0.5),
  pattern('authority', 'limits-lifted', 'limits|rules 4 lifted', 2),
  pattern('authority', 'lift-limits', 'lifted 3 limits|rules', 2),
  pattern('authority', 'authority-speaks', 'authority 5 lifted|ignore|mode', 1),
  pattern('harm', 'how-to-danger', 'howto 5 danger', 0.5),
  pattern('harm', 'write-danger', 'say|make 3 danger', 0.5),
  pattern('injected', 'address-machine', 'address 3 machine', 1),
  pattern('injected', 'conceal-from-user', 'never 2 concealed 2 user', 2),
  pattern('injected', 'machine-ignore', 'machine 6 ignore|only', 2),
];

/** Marks of chat templates and of forged turns, in lower case. */
export const TEMPLATE_MARKS: readonly string[] = [
  '<|im_start|>',
  '<|im_end|>',
  '<|system|>',
  '<|endoftext|>',
  '[inst]',
  '[/inst]',
  '<<sys>>',
  '[system]',
  '<system>',
  '</system>',
  '### system',
  '### instruction',
  '{{#system',
];
