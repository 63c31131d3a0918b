import type {
  AmongFact,
  Amount,
  ChoiceQuantity,
  Fact,
  HoldsFact,
  Interval,
  NumberQuantity,
  QuantityValue,
  ShareFact,
  WithinFact,
} from '../../../contract/index.ts';
import { contains } from '../formula.ts';

/**
 * A quantity with its values cut into finitely many that the facts of a formula cannot tell apart; a
 * set of them is a mask of bits. Of shares, each claim is a variable of its own.
 */
export interface Variable {
  readonly name: string;
  readonly values: readonly Value[];
}

/** A number stands for its region. */
export type Value =
  | { readonly kind: 'region'; readonly region: Interval; readonly sample: number }
  | { readonly kind: 'plain'; readonly value: QuantityValue }
  | { readonly kind: 'literal'; readonly fact: ShareFact; readonly isTrue: boolean };

/** A fact as the values of its variable for which it holds. */
export interface Test {
  readonly variable: number;
  readonly mask: bigint;
}

/** What a text is that no condition names. */
const ANOTHER_TEXT = 'another';

/** The variables of the facts and amounts given. */
export class Variables {
  readonly list: Variable[] = [];
  readonly #byName = new Map<string, number>();

  constructor(facts: readonly Fact[], amounts: readonly Amount[]) {
    for (const { name, quantity, cuts } of numbersIn(facts, amounts)) {
      this.#add(name, regionsOf(quantity, cuts));
    }
    for (const [name, group] of groups(facts, (fact): fact is AmongFact => fact.kind === 'among')) {
      this.#add(name, textsOf(group));
    }
    for (const [name] of groups(facts, (fact): fact is HoldsFact => fact.kind === 'holds')) {
      this.#add(name, [
        { kind: 'plain', value: false },
        { kind: 'plain', value: true },
      ]);
    }
    for (const fact of facts) {
      if (fact.kind !== 'share' || this.#byName.has(keyOf(fact))) continue;
      this.#add(
        keyOf(fact),
        [false, true].map((isTrue): Value => ({ kind: 'literal', fact, isTrue })),
      );
    }
  }

  testOf(fact: Fact): Test {
    const variable = this.#byName.get(fact.kind === 'share' ? keyOf(fact) : fact.of.name)!;
    let mask = 0n;
    for (const [i, value] of this.list[variable]!.values.entries()) {
      if (holdsFor(fact, value)) mask |= 1n << BigInt(i);
    }
    return { variable, mask };
  }

  /** Where the number or the text stands; undefined where nothing asks for it. */
  indexOf(name: string): number | undefined {
    return this.#byName.get(name);
  }

  #add(name: string, values: readonly Value[]): void {
    this.#byName.set(name, this.list.push({ name, values }) - 1);
  }
}

const keyOf = ({ of, labels, atLeast }: ShareFact): string =>
  `${of.name}: ${labels.toSorted().join(', ')} >= ${atLeast}`;

function holdsFor(fact: Fact, value: Value): boolean {
  if (value.kind === 'literal') return value.isTrue;
  if (value.kind === 'region') {
    return (fact as WithinFact).intervals.some((interval) => contains(interval, value.sample));
  }
  if (fact.kind === 'among') return fact.texts.includes(value.value as string);
  return value.value === true;
}

function groups<T extends Fact>(
  facts: readonly Fact[],
  isOne: (fact: Fact) => fact is T,
): ReadonlyMap<string, readonly T[]> {
  return Map.groupBy(facts.filter(isOne), (fact) => fact.of.name);
}

/** All texts that the facts name, and one that stands for the others. */
function textsOf(facts: readonly AmongFact[]): readonly Value[] {
  const named = new Set(facts.flatMap((fact) => fact.texts));
  const { texts }: ChoiceQuantity = facts[0]!.of;
  const other = texts === null ? ANOTHER_TEXT : texts.find((text) => !named.has(text));
  const all = other === undefined ? [...named] : [...named, other];
  return all.map((value) => ({ kind: 'plain', value }));
}

interface Cut {
  readonly name: string;
  readonly quantity: NumberQuantity;
  readonly cuts: readonly number[];
}

function numbersIn(facts: readonly Fact[], amounts: readonly Amount[]): readonly Cut[] {
  const byName = new Map<string, { quantity: NumberQuantity; cuts: Set<number> }>();
  const cut = (quantity: NumberQuantity, at: readonly number[]): void => {
    const known = byName.get(quantity.name) ?? { quantity, cuts: new Set<number>() };
    byName.set(quantity.name, known);
    for (const each of at) if (Number.isFinite(each)) known.cuts.add(each);
  };
  for (const fact of facts) {
    if (fact.kind !== 'within') continue;
    cut(
      fact.of,
      fact.intervals.flatMap(({ low, high }) => [low, high]),
    );
  }
  for (const { of, low, high } of amounts) {
    for (const part of of) {
      if (part.kind === 'number') cut(part, of.length === 1 ? [low, high] : []);
      if (part.kind === 'where') cut(part.number, [low, high]);
    }
  }
  return [...byName].map(([name, { quantity, cuts }]) => ({ name, quantity, cuts: [...cuts] }));
}

/** The range of a quantity, cut into points and what lies between them. */
function regionsOf(
  { range, isInteger }: NumberQuantity,
  cuts: readonly number[],
): readonly Value[] {
  const points = [...new Set([range.low, ...cuts, range.high])]
    .filter((point) => point >= range.low && point <= range.high)
    .sort((a, b) => a - b);
  const regions: Interval[] = [];
  for (const [i, point] of points.entries()) {
    const isCut = Number.isFinite(point) && contains(range, point);
    if (isCut) regions.push({ low: point, high: point, isLowOpen: false, isHighOpen: false });
    const next = points[i + 1];
    if (next !== undefined) {
      regions.push({ low: point, high: next, isLowOpen: true, isHighOpen: true });
    }
  }
  return regions.flatMap((region): Value[] => {
    const sample = sampleOf(region, isInteger);
    return sample === null ? [] : [{ kind: 'region', region, sample }];
  });
}

/** A number inside a region, an ordinary one where there is a choice; null where no integer is in it. */
function sampleOf({ low, high }: Interval, isInteger: boolean): number | null {
  if (low === high) return !isInteger || Number.isInteger(low) ? low : null;
  const beyond = (end: number): number => Math.max(1, Math.abs(end) / 4);
  const from = Number.isFinite(low) ? low : Number.isFinite(high) ? high - 2 * beyond(high) : -1;
  const to = Number.isFinite(high) ? high : from + 2 * beyond(from);
  const middle = (from + to) / 2;
  if (!isInteger) return middle > low && middle < high ? middle : null;
  const whole = Number.isFinite(low) ? Math.floor(low) + 1 : Math.ceil(high) - 1;
  return whole > low && whole < high ? whole : null;
}
