import type { VerdictSource } from '../contract/index.ts';

const DOUBTS: ReadonlySet<VerdictSource> = new Set([
  'tool-failure',
  'retry',
  'truncated',
  'refused',
] as const);

/**
 * Whether a source only ever speaks against answers, as often as requests give rise to it: it says nothing
 * of how often others err, and a change of its number is no change of the model's quality.
 */
export const isDoubt = (source: VerdictSource): boolean => DOUBTS.has(source);
