import { isFavourable, operandsOf } from './condition.ts';
import type { Ahead, Condition, Junction, Measure, Term, Weighing } from './condition.ts';
import { stepsAhead } from './ahead.ts';
import { NodeStatistics, SlotCosts } from './statistics.ts';
import { UNITS } from './weighing.ts';

type Operand = Condition | Measure;

/** Without so many observations, a condition keeps the place that its cost class gives it. */
const EVIDENCE = 32;

/** Ranks that differ by less than this factor count as equal, so that noise changes no order. */
const STEP = 1.25;

/** Nothing is free: a floor in microseconds, so that ranks stay comparable. */
const COST_MIN = 0.05;

/** What is kept of a condition in its place: its statistics, and its newest arrangement. */
interface Kept {
  readonly statistics: NodeStatistics;
  order: readonly number[];
  shape: string;
  arranged: Operand | null;
}

interface Ranked {
  readonly index: number;
  readonly class: number;
  readonly hasEvidence: boolean;
  rank: number;
}

/**
 * Puts the operands of conditions into the order of expected cost over the probability of deciding, by
 * what past decisions taught: a child that is likely to settle the outcome at little cost comes first.
 * The same observations give the same arrangement. No condition changes its meaning.
 */
export class Arranger {
  readonly costs = new SlotCosts();
  /** By what the caller makes of unknown, which decides what settles an outcome. */
  readonly #kept = [new Map<Operand, Kept>(), new Map<Operand, Kept>()] as const;
  readonly #byArranged = new WeakMap<Operand, NodeStatistics>();

  /** A condition whose statistics say nothing else is arranged as it is. */
  arrange(condition: Condition, unknownAs: boolean): Condition {
    return this.#arrange(condition, unknownAs) as Condition;
  }

  /** The statistics of a condition that `arrange` gave. */
  statisticsOf(arranged: Operand): NodeStatistics | undefined {
    return this.#byArranged.get(arranged);
  }

  #arrange(operand: Operand, unknownAs: boolean): Operand {
    switch (operand.kind) {
      case 'leaf':
      case 'measure':
        // A leaf reads the same wherever it stands.
        this.#byArranged.set(operand, this.#keptOf(operand, false).statistics);
        return operand;
      case 'not':
      case 'labelled':
      case 'assumption': {
        const child = this.arrange(operand.child, unknownBelow(operand, unknownAs));
        return this.#keep(operand, unknownAs, [child], () => ({ ...operand, child }));
      }
      case 'weighing':
        return this.#arrangeWeighing(operand, unknownAs);
      default:
        return this.#arrangeJunction(operand, unknownAs);
    }
  }

  #arrangeJunction(junction: Junction, unknownAs: boolean): Operand {
    const children = junction.children.map((child) => this.arrange(child, unknownAs));
    const truths = junction.children.map((child) => this.#probability(child, unknownAs));
    const trueShare = sideOfTrue(junction, truths);
    const order = this.#order(
      junction.children,
      () => unknownAs,
      (child, i) => {
        const deciding = trueShare * truths[i]! + (1 - trueShare) * (1 - truths[i]!);
        return this.#cost(child, unknownAs) / deciding;
      },
    );
    const ahead = this.#reorder(junction, unknownAs, order);
    const ordered = order.map((i) => children[i]!);
    return this.#keep(junction, unknownAs, ordered, () => ({
      ...junction,
      children: ordered,
      ahead,
    }));
  }

  /** A term settles the more, the more it weighs. */
  #arrangeWeighing(weighing: Weighing, unknownAs: boolean): Operand {
    const below = (term: Term): boolean => isFavourable(term) === unknownAs;
    const terms = weighing.terms.map((term) => ({
      ...term,
      operand: this.#arrange(term.operand, below(term)),
    }));
    const operands = weighing.terms.map((term) => term.operand);
    const order = this.#order(
      operands,
      (i) => below(weighing.terms[i]!),
      (operand, i) => {
        const term = weighing.terms[i]!;
        return (this.#cost(operand, below(term)) * UNITS) / Math.max(1, Math.abs(term.weight));
      },
    );
    const ahead = this.#reorder(weighing, unknownAs, order);
    const ordered = order.map((i) => terms[i]!);
    const parts = ordered.map((term) => term.operand);
    return this.#keep(weighing, unknownAs, parts, () => ({ ...weighing, terms: ordered, ahead }));
  }

  /** Takes over an order, and gives what is begun ahead in it. */
  #reorder(operand: Operand, unknownAs: boolean, order: readonly number[]): Ahead {
    const kept = this.#keptOf(operand, unknownAs);
    const { statistics } = kept;
    if (kept.order.join() !== order.join()) {
      kept.order = order;
      statistics.forgetTurns();
    }
    const { fast, deep } = statistics.turns;
    return { fast: stepsAhead(fast), deep: stepsAhead(deep) };
  }

  /** The arrangement before, where this one is no other: who holds it need not change. */
  #keep(
    operand: Operand,
    unknownAs: boolean,
    parts: readonly Operand[],
    make: () => Operand & { readonly ahead?: Ahead },
  ): Operand {
    const kept = this.#keptOf(operand, unknownAs);
    const made = make();
    const before = kept.arranged === null ? [] : operandsOf(kept.arranged);
    const shape = `${made.ahead?.fast.join()}|${made.ahead?.deep.join()}`;
    const isSame =
      kept.arranged !== null &&
      kept.shape === shape &&
      parts.every((part, i) => part === before[i]);
    if (isSame) return kept.arranged!;
    kept.arranged = made;
    kept.shape = shape;
    this.#byArranged.set(made, kept.statistics);
    return made;
  }

  #order(
    operands: readonly Operand[],
    unknownAs: (index: number) => boolean,
    rankOf: (operand: Operand, index: number) => number,
  ): readonly number[] {
    const ranked = operands.map((operand, index): Ranked => ({
      index,
      class: operand.cost,
      hasEvidence: this.#statistics(operand, unknownAs(index)).observations >= EVIDENCE,
      rank: Math.round(Math.log(rankOf(operand, index)) / Math.log(STEP)),
    }));
    for (const one of ranked) if (!one.hasEvidence) one.rank = rankByClass(one, ranked);
    return ranked.sort((a, b) => a.rank - b.rank || a.index - b.index).map(({ index }) => index);
  }

  #probability(operand: Operand, unknownAs: boolean): number {
    return this.#statistics(operand, unknownAs).probability(unknownAs);
  }

  /** Expected microseconds of evaluating an operand in its arranged order. */
  #cost(operand: Operand, unknownAs: boolean): number {
    switch (operand.kind) {
      case 'leaf':
      case 'measure':
        return Math.max(COST_MIN, this.costs.of(operand));
      case 'not':
      case 'labelled':
      case 'assumption':
        return this.#cost(operand.child, unknownBelow(operand, unknownAs));
      case 'weighing':
        return operand.terms.reduce(
          (sum, term) => sum + this.#cost(term.operand, isFavourable(term) === unknownAs),
          0,
        );
      default: {
        const { order } = this.#keptOf(operand, unknownAs);
        const children = order.map((i) => operand.children[i]!);
        const open = openBefore(
          operand,
          children.map((child) => this.#probability(child, unknownAs)),
        );
        return children.reduce((sum, child, i) => sum + open[i]! * this.#cost(child, unknownAs), 0);
      }
    }
  }

  #statistics(operand: Operand, unknownAs: boolean): NodeStatistics {
    const isLeaf = operand.kind === 'leaf' || operand.kind === 'measure';
    return this.#keptOf(operand, isLeaf ? false : unknownAs).statistics;
  }

  #keptOf(operand: Operand, unknownAs: boolean): Kept {
    const kept = this.#kept[unknownAs ? 1 : 0];
    let found = kept.get(operand);
    if (found === undefined) {
      found = { statistics: new NodeStatistics(), order: [], shape: '', arranged: null };
      kept.set(operand, found);
    }
    return found;
  }
}

function unknownBelow(
  operand: Extract<Condition, { kind: 'not' | 'labelled' | 'assumption' }>,
  unknownAs: boolean,
): boolean {
  if (operand.kind === 'assumption') return operand.unknownAs;
  return operand.kind === 'not' ? !unknownAs : unknownAs;
}

/** Behind everything cheaper, and before everything dearer where the two do not exclude each other. */
function rankByClass(one: Ranked, all: readonly Ranked[]): number {
  let { rank } = one;
  for (const other of all) if (other.class > one.class) rank = Math.min(rank, other.rank);
  for (const other of all) if (other.class < one.class) rank = Math.max(rank, other.rank);
  return rank;
}

/** Which side is likely to settle a junction: 0, only a false child can; 1, only a true one. */
function sideOfTrue({ need }: Junction, truths: readonly number[]): number {
  if (need === truths.length) return 0;
  if (need === 1) return 1;
  const trues = distributions(truths).at(-1)!;
  return trues.slice(need).reduce((sum, share) => sum + share, 0);
}

/** For each child, the probability that those before it leave the junction open, as if independent. */
function openBefore({ need }: Junction, truths: readonly number[]): readonly number[] {
  const spare = truths.length - need;
  return distributions(truths)
    .slice(0, -1)
    .map((trues, before) =>
      trues.reduce((sum, share, n) => sum + (n < need && before - n <= spare ? share : 0), 0),
    );
}

/** The distribution of the number of true ones among the first 0, 1, 2 … (Poisson binomial). */
function distributions(truths: readonly number[]): readonly (readonly number[])[] {
  const all: number[][] = [[1]];
  for (const truth of truths) {
    const before = all.at(-1)!;
    const after = [...before, 0].map(
      (share, n) => share * (1 - truth) + (n > 0 ? before[n - 1]! * truth : 0),
    );
    all.push(after);
  }
  return all;
}
