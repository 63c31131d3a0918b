import type { Amount, Fact, Formula, WeighingFormula } from '../../../contract/index.ts';
import { Variables } from './variables.ts';
import type { Variable } from './variables.ts';

/** A formula over variables, its negations pushed down to the tests. */
export type Gate = Constant | VariableTest | Threshold | Scale;

interface Constant {
  readonly kind: 'constant';
  readonly value: boolean;
}

/** True where the variable's value is one of the mask. */
export interface VariableTest {
  readonly kind: 'test';
  readonly variable: number;
  readonly mask: bigint;
}

/** True where `need` of the gates are. */
export interface Threshold {
  readonly kind: 'threshold';
  readonly need: number;
  readonly of: readonly Gate[];
}

export interface Scale {
  readonly kind: 'scale';
  readonly isNegated: boolean;
  readonly sums: number;
  readonly test: (sums: readonly number[]) => boolean;
  readonly terms: readonly ScaleTerm[];
}

export interface ScaleTerm {
  readonly operand: Gate | Reach;
  readonly weight: number;
  readonly sum: number;
  readonly isFavourable: boolean;
}

/** How far an amount reaches: the variables that it adds up, where they are known. */
export interface Reach {
  readonly kind: 'reach';
  readonly variables: readonly number[];
  readonly isKnown: boolean;
  readonly low: number;
  readonly high: number;
}

export interface Circuit {
  readonly root: Gate;
  readonly variables: readonly Variable[];
}

export function circuitOf(formula: Formula): Circuit {
  const facts: Fact[] = [];
  const amounts: Amount[] = [];
  collect(formula, facts, amounts);
  const variables = new Variables(facts, amounts);
  return { root: new Builder(variables).gateOf(formula, false), variables: variables.list };
}

function collect(operand: Formula | Amount, facts: Fact[], amounts: Amount[]): void {
  switch (operand.kind) {
    case 'constant':
      return;
    case 'amount':
      amounts.push(operand);
      for (const part of operand.of) if (part.kind === 'where') facts.push(part.fact);
      return;
    case 'not':
      collect(operand.of, facts, amounts);
      return;
    case 'atLeast':
      for (const each of operand.of) collect(each, facts, amounts);
      return;
    case 'weighing':
      for (const term of operand.terms) collect(term.operand, facts, amounts);
      return;
    default:
      facts.push(operand);
  }
}

class Builder {
  readonly #variables: Variables;
  readonly #gates = new Map<Formula, readonly [Gate | undefined, Gate | undefined]>();

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** Formulas that stand in several places are built once. */
  gateOf(formula: Formula, isNegated: boolean): Gate {
    const known = this.#gates.get(formula) ?? [undefined, undefined];
    const found = known[Number(isNegated)];
    if (found !== undefined) return found;
    const gate = this.#build(formula, isNegated);
    const before = this.#gates.get(formula) ?? known;
    this.#gates.set(formula, isNegated ? [before[0], gate] : [gate, before[1]]);
    return gate;
  }

  #build(formula: Formula, isNegated: boolean): Gate {
    switch (formula.kind) {
      case 'constant':
        return { kind: 'constant', value: formula.value !== isNegated };
      case 'not':
        return this.gateOf(formula.of, !isNegated);
      case 'atLeast': {
        const of = formula.of.map((each) => this.gateOf(each, isNegated));
        const need = isNegated ? of.length - formula.need + 1 : formula.need;
        return { kind: 'threshold', need, of };
      }
      case 'weighing':
        return this.#scaleOf(formula, isNegated);
      default: {
        const { variable, mask } = this.#variables.testOf(formula);
        const every = (1n << BigInt(this.#variables.list[variable]!.values.length)) - 1n;
        return { kind: 'test', variable, mask: isNegated ? every & ~mask : mask };
      }
    }
  }

  #scaleOf({ terms, sums, test }: WeighingFormula, isNegated: boolean): Scale {
    return {
      kind: 'scale',
      isNegated,
      sums,
      test,
      terms: terms.map(({ operand, weight, sum }) => ({
        operand: operand.kind === 'amount' ? this.#reachOf(operand) : this.gateOf(operand, false),
        weight,
        sum,
        isFavourable: weight > 0 === (sum === 0),
      })),
    };
  }

  /** Shares of several classes are not told. */
  #reachOf({ of, low, high }: Amount): Reach {
    const found = of.map((part) =>
      part.kind === 'number' ? this.#variables.indexOf(part.name) : undefined,
    );
    const variables = found.filter((variable) => variable !== undefined);
    return { kind: 'reach', variables, isKnown: variables.length === of.length, low, high };
  }
}
