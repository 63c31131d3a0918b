/** Keys of a condition that are no kind of signal. */
export const RESERVED_WORDS: readonly string[] = [
  'all',
  'any',
  'not',
  'atLeast',
  'condition',
  'score',
  'group',
  'onError',
];

/** Keys under `signals` that define no signal. */
export const RESERVED_SECTIONS: readonly string[] = ['scores', 'groups'];
