import type {
  Amount,
  AmountPart,
  Assignment,
  Claim,
  Formula,
  Interval,
  NumberQuantity,
  SharesQuantity,
  Truth,
  WeighingFormula,
} from '../../contract/index.ts';

export const ALWAYS: Formula = { kind: 'constant', value: true };
export const NEVER: Formula = { kind: 'constant', value: false };

export function all(of: readonly Formula[]): Formula {
  return of.length === 1 ? of[0]! : { kind: 'atLeast', need: of.length, of };
}

export function any(of: readonly Formula[]): Formula {
  return of.length === 1 ? of[0]! : { kind: 'atLeast', need: 1, of };
}

export function not(of: Formula): Formula {
  return of.kind === 'not' ? of.of : { kind: 'not', of };
}

/** A claim as a formula. Shares of which one label at most has any become that label, and its share. */
export function formulaOf(claim: Claim): Formula {
  switch (claim.kind) {
    case 'all':
      return all(claim.of.map(formulaOf));
    case 'any':
      return any(claim.of.map(formulaOf));
    case 'not':
      return not(formulaOf(claim.of));
    case 'share': {
      const { isSingle, below } = claim.of;
      if (claim.labels.length === 1 && below !== undefined && claim.atLeast >= below) return NEVER;
      if (!isSingle) return claim;
      const { label, share } = singleOf(claim.of);
      const high: Interval = { low: claim.atLeast, high: 1, isLowOpen: false, isHighOpen: false };
      return all([
        { kind: 'among', of: label, texts: claim.labels },
        { kind: 'within', of: share, intervals: [high] },
      ]);
    }
    case 'within':
      return claim.intervals.some((interval) => overlap(interval, claim.of.range)) ? claim : NEVER;
    default:
      return claim;
  }
}

/** Whether two intervals have a number in common. */
function overlap(a: Interval, b: Interval): boolean {
  const isBefore = (one: Interval, other: Interval): boolean =>
    one.high < other.low || (one.high === other.low && (one.isHighOpen || other.isLowOpen));
  return !isBefore(a, b) && !isBefore(b, a);
}

/** An amount whose single shares are numbers that count where the label is theirs. */
export const loweredAmount = (amount: Amount): Amount => ({
  ...amount,
  of: amount.of.map((part) => {
    if (part.kind !== 'shareOf' || !part.shares.isSingle) return part;
    const { label, share } = singleOf(part.shares);
    const fact = { kind: 'among', of: label, texts: [part.label] } as const;
    return { kind: 'where', number: share, fact };
  }),
});

/** What shares with a single label are made of. */
export function singleOf({ name, labels, below }: SharesQuantity) {
  const range = { low: 0, high: below ?? 1, isLowOpen: false, isHighOpen: below !== undefined };
  return {
    label: { kind: 'choice', name, texts: labels },
    share: { kind: 'number', name: `${name} share`, range, isInteger: false },
  } as const;
}

/** The truth of a formula as far as the assignment tells; null where it leaves it open. */
export function truthOf(formula: Formula, assignment: Assignment): Truth {
  switch (formula.kind) {
    case 'constant':
      return formula.value;
    case 'not': {
      const truth = truthOf(formula.of, assignment);
      return truth === null ? null : !truth;
    }
    case 'atLeast': {
      const truths = formula.of.map((each) => truthOf(each, assignment));
      const trues = truths.filter((truth) => truth === true).length;
      if (trues >= formula.need) return true;
      return trues + truths.filter((truth) => truth === null).length < formula.need ? false : null;
    }
    case 'weighing':
      return truthOfWeighing(formula, assignment);
    case 'share': {
      const shares = assignment.get(formula.of.name);
      if (typeof shares !== 'object') return null;
      return sum(formula.labels.map((label) => shares[label] ?? 0)) >= formula.atLeast;
    }
    default: {
      const value = assignment.get(formula.of.name);
      if (value === undefined) return null;
      if (formula.kind === 'holds') return value === true;
      if (formula.kind === 'among') return formula.texts.includes(value as string);
      return formula.intervals.some((interval) => contains(interval, value as number));
    }
  }
}

export function contains(interval: Interval, value: number): boolean {
  const { low, high, isLowOpen, isHighOpen } = interval;
  return (isLowOpen ? value > low : value >= low) && (isHighOpen ? value < high : value <= high);
}

function truthOfWeighing(weighing: WeighingFormula, assignment: Assignment): Truth {
  const worst = Array.from({ length: weighing.sums }, () => 0);
  const best = [...worst];
  for (const { operand, weight, sum: index } of weighing.terms) {
    const [low, high] = sharesOf(operand, assignment);
    const isFavourable = weight > 0 === (index === 0);
    worst[index]! += Math.round(weight * (isFavourable ? low : high));
    best[index]! += Math.round(weight * (isFavourable ? high : low));
  }
  if (weighing.test(worst)) return true;
  return weighing.test(best) ? null : false;
}

/** The least and the greatest share that an operand can have. */
function sharesOf(operand: Formula | Amount, assignment: Assignment): readonly [number, number] {
  if (operand.kind !== 'amount') {
    const truth = truthOf(operand, assignment);
    return truth === null ? [0, 1] : [Number(truth), Number(truth)];
  }
  let total = 0;
  for (const part of operand.of) {
    const value = amountIn(part, assignment);
    if (value === null) return [0, 1];
    total += value;
  }
  const share = Math.min(1, Math.max(0, (total - operand.low) / (operand.high - operand.low)));
  return [share, share];
}

function amountIn(part: AmountPart, assignment: Assignment): number | null {
  if (part.kind === 'number') return numberIn(part, assignment);
  if (part.kind === 'where') {
    const holds = truthOf(part.fact, assignment);
    return holds === true ? numberIn(part.number, assignment) : holds === false ? 0 : null;
  }
  const value = assignment.get(part.shares.name);
  return typeof value === 'object' ? (value[part.label] ?? 0) : null;
}

function numberIn({ name }: NumberQuantity, assignment: Assignment): number | null {
  const value = assignment.get(name);
  return typeof value === 'number' ? value : null;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
