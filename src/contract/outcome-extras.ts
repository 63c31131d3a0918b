import type { Outcome } from './outcome.ts';

/** What only some outcomes have; it is kept and sent as one object. */
export type OutcomeExtras = Pick<Outcome, (typeof EXTRAS)[number]>;

const EXTRAS = [
  'payment',
  'bidMisses',
  'context',
  'propensity',
  'explored',
] as const satisfies readonly (keyof Outcome)[];

/** Null where there is none. */
export function extrasOf(outcome: Outcome): OutcomeExtras | null {
  let extras: Record<string, unknown> | null = null;
  for (const name of EXTRAS) {
    if (outcome[name] !== undefined) (extras ??= {})[name] = outcome[name];
  }
  return extras;
}
