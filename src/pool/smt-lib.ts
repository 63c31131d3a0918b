import type {
  AmountPart,
  Amount,
  Assignment,
  ChoiceQuantity,
  Formula,
  Interval,
  NumberQuantity,
  Quantity,
  QuantityValue,
  SharesQuantity,
  WeighingFormula,
} from '../contract/index.ts';

/** A tie between exclusive classes has no room, as in the built-in solver. */
const ROOM = '(/ 1.0 10000000.0)';

/** A formula in SMT-LIB 2, and how to read the answer. */
export interface SmtProblem {
  readonly text: string;
  readonly read: (values: ReadonlyMap<string, string | number | boolean>) => Assignment;
}

/** Null where the formula says what linear arithmetic cannot. */
export function smtProblem(formula: Formula): SmtProblem | null {
  const writer = new Writer();
  const assertion = writer.formula(formula);
  return assertion === null ? null : writer.problem(assertion);
}

class Writer {
  readonly #symbols = new Map<string, { readonly symbol: string; readonly quantity: Quantity }>();
  readonly #declarations: string[] = [];
  /** The texts of each choice, by its symbol, as numbers. */
  readonly #texts = new Map<string, string[]>();
  /** The shares of each label, by the quantity and the label. */
  readonly #shares = new Map<
    string,
    { readonly quantity: SharesQuantity; readonly labels: Map<string, string> }
  >();

  problem(assertion: string): SmtProblem {
    const bounds = [...this.#choiceBounds(), ...this.#shareBounds()];
    const text = [...this.#declarations, ...bounds, `(assert ${assertion})`].join('\n');
    return { text, read: (values) => this.#read(values) };
  }

  formula(formula: Formula): string | null {
    switch (formula.kind) {
      case 'constant':
        return String(formula.value);
      case 'not':
        return wrapped('not', [this.formula(formula.of)]);
      case 'atLeast':
        return this.#count(formula.of, formula.need);
      case 'weighing':
        return this.#weighing(formula);
      case 'holds':
        return this.#symbolOf(formula.of);
      case 'among':
        return this.#among(formula.of, formula.texts);
      case 'share': {
        const room = formula.atLeast < 1 ? ROOM : '0.0';
        const sum = added(formula.labels.map((label) => this.#shareOf(formula.of, label)));
        const least = real(formula.atLeast);
        const holds = this.#flagOf(`share ${formula.of.name} ${formula.labels.join()} ${least}`);
        this.#declarations.push(
          `(assert (ite ${holds} (>= ${sum} (+ ${least} ${room})) (<= ${sum} (- ${least} ${ROOM}))))`,
        );
        return holds;
      }
      default: {
        const symbol = this.#symbolOf(formula.of);
        return wrapped(
          'or',
          formula.intervals.map((interval) => within(symbol, interval)),
        );
      }
    }
  }

  #count(of: readonly Formula[], need: number): string | null {
    const parts = of.map((each) => this.formula(each));
    if (need <= 0) return 'true';
    if (need > parts.length) return 'false';
    if (need === 1) return wrapped('or', parts);
    if (need === parts.length) return wrapped('and', parts);
    if (parts.includes(null)) return null;
    return `(>= ${added(parts.map((part) => `(ite ${part} 1.0 0.0)`))} ${real(need)})`;
  }

  #weighing({ terms, sums, rows }: WeighingFormula): string | null {
    if (rows === null) return null;
    const totals = Array.from({ length: sums }, (): string[] => []);
    for (const { operand, weight, sum } of terms) {
      const share = operand.kind === 'amount' ? this.#amount(operand) : this.formula(operand);
      if (share === null) return null;
      const amount = operand.kind === 'amount' ? share : `(ite ${share} 1.0 0.0)`;
      totals[sum]!.push(`(* ${real(weight)} ${amount})`);
    }
    return wrapped(
      'and',
      rows.map(({ coefficients, least }) => {
        const weighed = coefficients.map((each, i) => `(* ${real(each)} ${added(totals[i]!)})`);
        return `(>= ${added(weighed)} ${real(least)})`;
      }),
    );
  }

  #amount({ of, low, high }: Amount): string {
    const total = added(of.map((part) => this.#part(part)));
    const share = `(/ (- ${total} ${real(low)}) ${real(high - low)})`;
    return `(ite (<= ${total} ${real(low)}) 0.0 (ite (>= ${total} ${real(high)}) 1.0 ${share}))`;
  }

  #part(part: AmountPart): string {
    if (part.kind === 'shareOf') return this.#shareOf(part.shares, part.label);
    if (part.kind === 'where') {
      const holds = this.#among(part.fact.of, part.fact.texts);
      return `(ite ${holds} ${asReal(part.number, this.#symbolOf(part.number))} 0.0)`;
    }
    return asReal(part, this.#symbolOf(part));
  }

  #among(quantity: ChoiceQuantity, texts: readonly string[]): string {
    const symbol = this.#symbolOf(quantity);
    const known = this.#texts.get(symbol) ?? [];
    this.#texts.set(symbol, known);
    const numbers = texts.map((text) => {
      const at = known.indexOf(text);
      return at >= 0 ? at : known.push(text) - 1;
    });
    return wrapped(
      'or',
      numbers.map((number) => `(= ${symbol} ${number})`),
    )!;
  }

  #symbolOf(quantity: Exclude<Quantity, SharesQuantity>): string {
    const known = this.#symbols.get(quantity.name);
    if (known !== undefined) return known.symbol;
    const symbol = `q${this.#symbols.size}`;
    this.#symbols.set(quantity.name, { symbol, quantity });
    this.#declarations.push(`(declare-const ${symbol} ${sortOf(quantity)})`);
    if (quantity.kind === 'number') {
      this.#declarations.push(`(assert ${within(symbol, quantity.range)})`);
    }
    return symbol;
  }

  #flagOf(name: string): string {
    return this.#symbolOf({ kind: 'flag', name });
  }

  #shareOf(quantity: SharesQuantity, label: string): string {
    const known = this.#shares.get(quantity.name) ?? {
      quantity,
      labels: new Map<string, string>(),
    };
    this.#shares.set(quantity.name, known);
    let symbol = known.labels.get(label);
    if (symbol === undefined) {
      symbol = `s${this.#shares.size}_${known.labels.size}`;
      known.labels.set(label, symbol);
      this.#declarations.push(`(declare-const ${symbol} Real)`);
    }
    return symbol;
  }

  *#choiceBounds(): Iterable<string> {
    for (const { symbol, quantity } of this.#symbols.values()) {
      if (quantity.kind !== 'choice') continue;
      const known = this.#texts.get(symbol)?.length ?? 0;
      const hasOther = quantity.texts === null || quantity.texts.length > known;
      yield `(assert (and (>= ${symbol} 0) (<= ${symbol} ${known - Number(!hasOther)})))`;
    }
  }

  *#shareBounds(): Iterable<string> {
    for (const { quantity, labels } of this.#shares.values()) {
      const symbols = [...labels.values()];
      for (const symbol of symbols) {
        yield `(assert (>= ${symbol} 0.0))`;
        if (quantity.below !== undefined) yield `(assert (< ${symbol} ${real(quantity.below)}))`;
      }
      yield `(assert (<= ${added(symbols)} 1.0))`;
    }
  }

  #read(values: ReadonlyMap<string, string | number | boolean>): Assignment {
    const example = new Map<string, QuantityValue>();
    for (const [name, { symbol, quantity }] of this.#symbols) {
      const value = values.get(symbol);
      if (value === undefined) continue;
      if (quantity.kind !== 'choice') example.set(name, value);
      else example.set(name, this.#textOf(quantity, symbol, Number(value)));
    }
    for (const [name, { labels }] of this.#shares) {
      const shares = [...labels].map(([label, symbol]) => [label, Number(values.get(symbol) ?? 0)]);
      example.set(name, Object.fromEntries(shares) as Record<string, number>);
    }
    return example;
  }

  #textOf({ texts }: ChoiceQuantity, symbol: string, number: number): string {
    const known = this.#texts.get(symbol) ?? [];
    return known[number] ?? texts?.find((text) => !known.includes(text)) ?? 'another';
  }
}

function sortOf(quantity: Exclude<Quantity, SharesQuantity>): string {
  if (quantity.kind === 'flag') return 'Bool';
  return quantity.kind === 'choice' || quantity.isInteger ? 'Int' : 'Real';
}

const asReal = ({ isInteger }: NumberQuantity, symbol: string): string =>
  isInteger ? `(to_real ${symbol})` : symbol;

function within(symbol: string, { low, high, isLowOpen, isHighOpen }: Interval): string {
  const bounds: string[] = [];
  if (Number.isFinite(low)) bounds.push(`(${isLowOpen ? '>' : '>='} ${symbol} ${real(low)})`);
  if (Number.isFinite(high)) bounds.push(`(${isHighOpen ? '<' : '<='} ${symbol} ${real(high)})`);
  return wrapped('and', bounds)!;
}

/** Null where any part is. */
function wrapped(
  connective: 'and' | 'or' | 'not',
  parts: readonly (string | null)[],
): string | null {
  if (parts.includes(null)) return null;
  if (parts.length === 0) return String(connective === 'and');
  if (parts.length === 1 && connective !== 'not') return parts[0]!;
  return `(${connective} ${parts.join(' ')})`;
}

const added = (parts: readonly string[]): string =>
  parts.length === 0 ? '0.0' : parts.length === 1 ? parts[0]! : `(+ ${parts.join(' ')})`;

/** A number as SMT-LIB writes it: exactly as it was written in decimals. */
export function real(value: number): string {
  if (value < 0) return `(- ${real(-value)})`;
  const text = String(value);
  if (!text.includes('e')) return text.includes('.') ? text : `${text}.0`;
  const [digits = '', exponent = '0'] = text.split('e');
  const power = `1${'0'.repeat(Math.abs(Number(exponent)))}.0`;
  const whole = digits.includes('.') ? digits : `${digits}.0`;
  return Number(exponent) < 0 ? `(/ ${whole} ${power})` : `(* ${whole} ${power})`;
}
