import type { Signal } from '../../contract/index.ts';
import type { Findings } from '../document/place.ts';
import { definitionsKey } from '../schema/index.ts';
import { RESERVED_SECTIONS, RESERVED_WORDS } from '../schema/words.ts';

/** A plugin's signal that is called like a word of the language, or like another signal, could not be reached. */
export function checkWords(signals: readonly Signal[], findings: Findings): void {
  const kinds = new Set(RESERVED_WORDS);
  for (const signal of signals) {
    const { kind } = signal;
    const isTaken = kinds.has(kind) || RESERVED_SECTIONS.includes(definitionsKey(signal));
    if (isTaken) {
      findings.add(
        ['plugins'],
        `a signal of the kind "${kind}" cannot be: the policy language has the word already`,
      );
    }
    kinds.add(kind);
  }
}
