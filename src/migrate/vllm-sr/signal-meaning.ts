import type { DefinitionSection, DraftValue } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';

/** A comparison in the words of a policy: `atLeast`, `above`, `below`, `atMost`. */
export type Comparison = Readonly<Record<string, number>>;

/** How a decision asks for a signal. */
export interface Ask {
  /** What follows the colon of its name, as in `coding:hard`. */
  readonly level: string | null;
  readonly comparison: Comparison | null;
}

/** What a signal of the foreign file is in a policy. */
export interface SignalMeaning {
  /** The condition, or why there is none. */
  condition(ask: Ask): DraftValue | string;
  /** What `signals` must define for it. */
  readonly definition?: { readonly section: DefinitionSection; readonly value: DraftValue };
}

/** Reads a signal's definition; `name` is what the policy may call it. A text: why it has no meaning. */
export type ReadSignal = (node: ForeignNode, name: string) => SignalMeaning | string;

export const NO_COMPARISON = 'its confidence is not compared in a policy';

/** A signal that holds or does not: an ask that compares it, or wants a level, is not understood. */
export function plainMeaning(
  condition: DraftValue,
  definition?: NonNullable<SignalMeaning['definition']>,
): SignalMeaning {
  return {
    condition: ({ level, comparison }) =>
      level === null && comparison === null ? condition : NO_COMPARISON,
    ...(definition !== undefined && { definition }),
  };
}
