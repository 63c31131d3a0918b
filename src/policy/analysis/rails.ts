import type { Amount, Claim, Formula, SignalSlot, WeighedTerm } from '../../contract/index.ts';
import { isFavourable, operandsOf } from '../compile/condition.ts';
import type { Condition, Leaf, Measure, Weighing } from '../compile/condition.ts';
import { all, ALWAYS, formulaOf, loweredAmount, not } from './formula.ts';

/** When a condition is true, and when it is false; it is unknown when neither holds. */
interface Rails {
  readonly yes: Formula;
  readonly no: Formula;
}

/**
 * Conditions as formulas. A signal counts as known, but where an `onError` speaks of its failure: there
 * a flag says whether it fails.
 */
export class ConditionFormulas {
  readonly #slots: readonly SignalSlot[];
  readonly #mayFail = new Set<number>();
  readonly #rails = new Map<Condition, Rails>();

  constructor(slots: readonly SignalSlot[], conditions: readonly Condition[]) {
    this.#slots = slots;
    for (const condition of conditions) this.#findFailing(condition, false);
  }

  /** When the condition is true; null is the condition that always is. */
  isTrue(condition: Condition | null): Formula {
    return condition === null ? ALWAYS : this.#railsOf(condition).yes;
  }

  #findFailing(condition: Condition | Measure, isAssumed: boolean): void {
    if (condition.kind === 'leaf' || condition.kind === 'measure') {
      if (isAssumed) this.#mayFail.add(condition.slot);
      return;
    }
    const below = isAssumed || condition.kind === 'assumption';
    for (const operand of operandsOf(condition)) this.#findFailing(operand, below);
  }

  #railsOf(condition: Condition): Rails {
    let rails = this.#rails.get(condition);
    if (rails === undefined) {
      rails = this.#build(condition);
      this.#rails.set(condition, rails);
    }
    return rails;
  }

  #build(condition: Condition): Rails {
    switch (condition.kind) {
      case 'leaf':
        return this.#unlessFailed(condition.slot, claimOfLeaf(condition, this.#slots));
      case 'not': {
        const { yes, no } = this.#railsOf(condition.child);
        return { yes: no, no: yes };
      }
      case 'assumption': {
        const { yes, no } = this.#railsOf(condition.child);
        return condition.unknownAs ? { yes: not(no), no } : { yes, no: not(yes) };
      }
      case 'labelled':
        return this.#railsOf(condition.child);
      case 'weighing':
        return this.#weigh(condition);
      default: {
        const rails = condition.children.map((child) => this.#railsOf(child));
        const spare = rails.length - condition.need + 1;
        const yes = rails.map((each) => each.yes);
        const no = rails.map((each) => each.no);
        return {
          yes: { kind: 'atLeast', need: condition.need, of: yes },
          no: { kind: 'atLeast', need: spare, of: no },
        };
      }
    }
  }

  #unlessFailed(slot: number, claim: Formula): Rails {
    if (!this.#mayFail.has(slot)) return { yes: claim, no: not(claim) };
    const isKnown = not(this.#failureOf(slot));
    return { yes: all([isKnown, claim]), no: all([isKnown, not(claim)]) };
  }

  #failureOf(slot: number): Formula {
    return { kind: 'holds', of: { kind: 'flag', name: `failure of ${this.#slots[slot]!.key}` } };
  }

  /** What is unknown counts against the test where the truth is asked, and for it where the falsehood is. */
  #weigh({ terms, sums, test, rows }: Weighing): Rails {
    const yes = terms.map((term): WeighedTerm => {
      const { operand, weight, sum } = term;
      return { operand: this.#shareOf(operand, !isFavourable(term)), weight, sum };
    });
    const possible = terms.map((term): WeighedTerm => {
      const { operand, weight, sum } = term;
      return { operand: this.#shareOf(operand, isFavourable(term)), weight, sum };
    });
    return {
      yes: { kind: 'weighing', terms: yes, sums, test, rows },
      no: not({ kind: 'weighing', terms: possible, sums, test, rows }),
    };
  }

  #shareOf(operand: Condition | Measure, unknownAs: boolean): Formula | Amount {
    if (operand.kind !== 'measure') {
      const { yes, no } = this.#railsOf(operand);
      return unknownAs ? not(no) : yes;
    }
    const { slot, text, amount } = operand;
    if (amount === null) return amountOfAnything(`${this.#slots[slot]!.key} | ${text}`);
    if (amount.kind === 'amount') return loweredAmount(amount);
    const rails = this.#unlessFailed(slot, formulaOf(amount satisfies Claim));
    return unknownAs ? not(rails.no) : rails.yes;
  }
}

/** What a leaf says of its slot; of a condition that claims nothing, a flag of its own. */
export function claimOfLeaf({ slot, text, claim }: Leaf, slots: readonly SignalSlot[]): Formula {
  if (claim !== null) return formulaOf(claim);
  return { kind: 'holds', of: { kind: 'flag', name: `${slots[slot]!.key} | ${text}` } };
}

/** A share of which nothing is known. */
const amountOfAnything = (name: string): Amount => ({
  kind: 'amount',
  of: [
    {
      kind: 'number',
      name,
      range: { low: 0, high: 1, isLowOpen: false, isHighOpen: false },
      isInteger: false,
    },
  ],
  low: 0,
  high: 1,
});
