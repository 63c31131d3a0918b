import type { Gate, Reach, Scale, VariableTest } from './circuit.ts';
import type { Value, Variable } from './variables.ts';

/** Which values each variable can still have. */
export class State {
  readonly domains: bigint[];
  readonly #variables: readonly Variable[];

  /** Every value of each variable is open where no domains are given. */
  constructor(variables: readonly Variable[], domains?: readonly bigint[]) {
    this.#variables = variables;
    this.domains = domains === undefined ? variables.map(wholeDomain) : [...domains];
  }

  copy(): State {
    return new State(this.#variables, this.domains);
  }

  /** The gate's truth where all that is left agrees; undefined where it is open. */
  truthOf(gate: Gate): boolean | undefined {
    switch (gate.kind) {
      case 'constant':
        return gate.value;
      case 'test': {
        const domain = this.domains[gate.variable]!;
        if ((domain & gate.mask) === 0n) return false;
        return (domain & ~gate.mask) === 0n ? true : undefined;
      }
      case 'threshold': {
        let trues = 0;
        let open = 0;
        for (const each of gate.of) {
          const truth = this.truthOf(each);
          if (truth === true) trues++;
          else if (truth === undefined) open++;
          if (trues >= gate.need) return true;
        }
        return trues + open < gate.need ? false : undefined;
      }
      default:
        return this.#truthOfScale(gate);
    }
  }

  /** Makes the gate true as far as that forces anything; false where it cannot be. */
  force(gate: Gate): boolean {
    for (;;) {
      const before = [...this.domains];
      if (!this.#forceOnce(gate)) return false;
      if (this.domains.every((domain, i) => domain === before[i])) return true;
    }
  }

  /** A test that is open, below a gate that is. */
  openTest(gate: Gate): VariableTest | null {
    if (gate.kind === 'constant' || this.truthOf(gate) !== undefined) return null;
    if (gate.kind === 'test') return gate;
    const below = gate.kind === 'threshold' ? gate.of : gate.terms.map(({ operand }) => operand);
    for (const each of below) {
      const found = each.kind === 'reach' ? null : this.openTest(each);
      if (found !== null) return found;
    }
    return null;
  }

  #forceOnce(gate: Gate): boolean {
    if (gate.kind === 'test') {
      const domain = this.domains[gate.variable]! & gate.mask;
      this.domains[gate.variable] = domain;
      return domain !== 0n;
    }
    if (gate.kind !== 'threshold') return this.truthOf(gate) !== false;
    const possible: Gate[] = [];
    let trues = 0;
    for (const each of gate.of) {
      const truth = this.truthOf(each);
      if (truth === true) trues++;
      else if (truth === undefined) possible.push(each);
    }
    if (trues >= gate.need) return true;
    if (trues + possible.length < gate.need) return false;
    if (trues + possible.length > gate.need) return true;
    return possible.every((each) => this.#forceOnce(each));
  }

  #truthOfScale({ terms, sums, test, isNegated }: Scale): boolean | undefined {
    const worst = Array.from({ length: sums }, () => 0);
    const best = [...worst];
    for (const { operand, weight, sum, isFavourable } of terms) {
      const [low, high] = this.#sharesOf(operand);
      worst[sum]! += Math.round(weight * (isFavourable ? low : high));
      best[sum]! += Math.round(weight * (isFavourable ? high : low));
    }
    if (test(worst)) return !isNegated;
    return test(best) ? undefined : isNegated;
  }

  #sharesOf(operand: Gate | Reach): readonly [number, number] {
    if (operand.kind === 'reach') return this.#reachOf(operand);
    const truth = this.truthOf(operand);
    return truth === undefined ? [0, 1] : [Number(truth), Number(truth)];
  }

  #reachOf({ variables, isKnown, low, high }: Reach): readonly [number, number] {
    if (!isKnown) return [0, 1];
    let least = 0;
    let most = 0;
    for (const variable of variables) {
      const [from, to] = this.#extentOf(variable);
      least += from;
      most += to;
    }
    const share = (amount: number): number => clamp((amount - low) / (high - low));
    return [share(least), share(most)];
  }

  /** Ends that the number only comes near to count as reached. */
  #extentOf(variable: number): readonly [number, number] {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (const value of valuesIn(this.#variables[variable]!, this.domains[variable]!)) {
      if (value.kind !== 'region') continue;
      least = Math.min(least, value.region.low);
      most = Math.max(most, value.region.high);
    }
    return [least, most];
  }
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));

export const wholeDomain = ({ values }: Variable): bigint => (1n << BigInt(values.length)) - 1n;

export function valuesIn({ values }: Variable, domain: bigint): readonly Value[] {
  return values.filter((_, i) => (domain >> BigInt(i)) & 1n);
}
