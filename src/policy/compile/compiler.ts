import { SIGNAL_COSTS } from '../../contract/index.ts';
import type { CompiledCondition, Signal, SignalSlot } from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import type { Findings, Path } from '../document/place.ts';
import { RESERVED_WORDS } from '../schema/words.ts';
import { doubtBy, judgeBy, operandsOf } from './condition.ts';
import type { Condition, DeepLeaf, Junction, Measure } from './condition.ts';
import { addIssue } from './definitions.ts';
import type { Definitions } from './definitions.ts';
import { compileGroup, compileGroupCondition } from './groups.ts';
import { amountOf, measureBy } from './measure.ts';
import { strictMembers } from './named-parts.ts';
import type { Members, NamedParts } from './named-parts.ts';
import { compileScore, compileScoreCondition } from './scores.ts';

/** Leaves of one condition, with the named ones written out wherever they are used. */
const LEAVES_MAX = 5_000;

export interface CompilerParts {
  readonly signals: readonly Signal[];
  readonly definitions: Definitions;
  readonly named: NamedParts;
  readonly findings: Findings;
}

/** Compiles the conditions of one policy: they share one table of slots. */
export class ConditionCompiler {
  readonly slots: SignalSlot[] = [];
  readonly named: NamedParts;
  /** Where each condition was written; one that has no name of its own stands where its only part does. */
  readonly places = new Map<Condition, Path>();
  readonly #namesRead = new Set<string>();
  readonly #slotByKey = new Map<string, number>();
  readonly #leaves = new Map<Condition | Measure, number>();
  readonly #signals: ReadonlyMap<string, Signal>;
  readonly #definitions: Definitions;
  readonly #findings: Findings;

  constructor({ signals, definitions, named, findings }: CompilerParts) {
    this.#signals = new Map(signals.map((signal) => [signal.kind, signal]));
    this.#definitions = definitions;
    this.named = named;
    this.#findings = findings;
  }

  /** Whether any condition of the kind mentions the definition. */
  readsDefinition(kind: string, name: string): boolean {
    return this.#namesRead.has(`${kind}: ${name}`);
  }

  /** The slot of a signal's value, for whoever shows it rather than tests it; null where there is none. */
  valueSlot(kind: string): number | null {
    const slot = this.#signals.get(kind)?.valueSlot?.(this.#definitions.byKind.get(kind) ?? []);
    return slot === undefined || slot === null ? null : this.#slotOf(slot);
  }

  /** Null when the condition is wrong, which the findings then say. Several keys mean all of them. */
  compile(value: unknown, path: Path): Condition | null {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      const remedy = Array.isArray(value) ? ', such as all: […] or any: […]' : ', such as role: x';
      this.#findings.add(path, `must be a mapping with a condition${remedy}`);
      return null;
    }
    const { onError, ...kinds } = value as Members;
    const entries = Object.entries(kinds);
    if (entries.length === 0) {
      this.#findings.add(path, 'must have a condition: leave it out for always');
      return null;
    }
    const children = entries.map(([kind, condition]) => {
      const at = [...path, kind];
      return this.#placed(this.#compileEntry(kind, condition, at), at);
    });
    const whole = this.#junction('all', children);
    return this.#placed(this.#withinLimit(this.#assume(onError, whole, path), path), path);
  }

  /** Compiles what the file defines by name, used or not. */
  compileParts(): void {
    this.named.compileAll('condition', (members, at) => this.compileDefinition(members, at));
    this.named.compileAll('score', (members, at) => compileScore(members, at, this));
    this.named.compileAll('group', (members, at) => compileGroup(members, at, this));
  }

  /** A signal's value as a share: of a kind alone, or of a condition, for example `{ intent: refund }`. */
  compileMeasure(value: unknown, range: readonly [number, number], path: Path): Measure | null {
    const [kind, ...others] = typeof value === 'string' ? [value] : Object.keys(mapping(value));
    if (kind === undefined || others.length > 0) {
      this.#findings.add(path, 'must be a kind of signal, or a mapping with one condition');
      return null;
    }
    const signal = this.#signalOf(kind, path);
    if (signal === null) return null;
    const written = mapping(value)[kind];
    const given = typeof value === 'string' ? [true, { atLeast: 0 }] : [written];
    const at = typeof value === 'string' ? path : [...path, kind];
    const compiled = this.#compileFirst(signal, given, at);
    if (compiled === null) return null;
    const { slot, text } = compiled;
    return {
      kind: 'measure',
      slot: this.#slotOf(slot),
      text: typeof value === 'string' ? kind : text,
      cost: SIGNAL_COSTS.indexOf(slot.cost),
      amount: amountOf(compiled, range, textsIn(written)),
      judge: judgeBy(measureBy(compiled, range, textsIn(written))),
      deep: this.#deepOf(compiled),
    };
  }

  /** Says what is wrong while `read` reads a value at `path`: what it throws has a path relative to that. */
  reading<T>(path: Path, read: () => T | null): T | null {
    try {
      return read();
    } catch (error) {
      addIssue(this.#findings, path, error);
      return null;
    }
  }

  #compileEntry(kind: string, value: unknown, path: Path): Condition | null {
    switch (kind) {
      case 'all':
      case 'any':
        return this.#junction(kind, this.#compileList(value, path));
      case 'atLeast':
        return this.reading(path, () => this.#compileAtLeast(value, path));
      case 'not': {
        const child = this.compile(value, path);
        return child === null ? null : { kind: 'not', child, cost: child.cost };
      }
      case 'condition':
        return this.#compileNamed(value, path);
      case 'score':
        return this.reading(path, () => compileScoreCondition(value, path, this));
      case 'group':
        return this.reading(path, () => compileGroupCondition(value, path, this));
      default:
        return this.#compileLeaf(kind, value, path);
    }
  }

  #placed(condition: Condition | null, path: Path): Condition | null {
    if (condition !== null && !this.places.has(condition)) this.places.set(condition, path);
    return condition;
  }

  #compileList(value: unknown, path: Path): readonly (Condition | null)[] {
    if (!Array.isArray(value) || value.length === 0) {
      this.#findings.add(path, 'must be a list of conditions, and not empty');
      return [null];
    }
    return value.map((child, i) => this.compile(child, [...path, i]));
  }

  #compileAtLeast(value: unknown, path: Path): Condition | null {
    const { n, of } = strictMembers(value, ['n', 'of']);
    const children = this.#compileList(of, [...path, 'of']);
    const isNumber = typeof n === 'number' && Number.isInteger(n) && n >= 1;
    if (!isNumber || (Array.isArray(of) && n > of.length)) {
      const most = Array.isArray(of) && of.length > 0 ? `${of.length}` : 'the number of conditions';
      this.#findings.add([...path, 'n'], `must be a whole number from 1 to ${most}`);
      return null;
    }
    return this.#junction('atLeast', children, n);
  }

  #compileNamed(name: unknown, path: Path): Condition | null {
    const child = this.named.refer('condition', name, path, (members, at) =>
      this.compileDefinition(members, at),
    );
    if (child === null) return null;
    return { kind: 'labelled', text: `condition ${String(name)}`, child, cost: child.cost };
  }

  /** The condition that an entry of `conditions` names. */
  compileDefinition(members: Members, path: Path): Condition | null {
    return members['when'] === undefined ? null : this.compile(members['when'], [...path, 'when']);
  }

  #junction(
    kind: Junction['kind'],
    children: readonly (Condition | null)[],
    count?: number,
  ): Condition | null {
    const whole = children.filter((child) => child !== null);
    if (whole.length < children.length) return null;
    if (whole.length === 1) return whole[0]!;
    whole.sort((a, b) => a.cost - b.cost);
    const need = count ?? (kind === 'all' ? whole.length : 1);
    return { kind, need, children: whole, cost: whole.at(-1)!.cost };
  }

  /** `unknown` is what stands without it. */
  #assume(onError: unknown, child: Condition | null, path: Path): Condition | null {
    if (onError === undefined || onError === 'unknown') return child;
    if (onError === 'match' || onError === 'noMatch') {
      if (child === null) return null;
      return { kind: 'assumption', unknownAs: onError === 'match', child, cost: child.cost };
    }
    this.#findings.add([...path, 'onError'], 'must be one of match, noMatch, unknown', {
      suggestion:
        typeof onError === 'string' ? nearest(onError, ['match', 'noMatch', 'unknown']) : null,
    });
    return null;
  }

  #withinLimit(condition: Condition | null, path: Path): Condition | null {
    if (condition === null || this.#leavesOf(condition) <= LEAVES_MAX) return condition;
    this.#findings.add(
      path,
      `has more than ${LEAVES_MAX} conditions once those that it names are written out`,
    );
    return null;
  }

  /** Kept, since one condition can stand in many. */
  #leavesOf(condition: Condition | Measure): number {
    const known = this.#leaves.get(condition);
    if (known !== undefined) return known;
    let leaves = 1;
    for (const operand of operandsOf(condition)) leaves += this.#leavesOf(operand);
    this.#leaves.set(condition, leaves);
    return leaves;
  }

  #compileLeaf(kind: string, value: unknown, path: Path): Condition | null {
    const signal = this.#signalOf(kind, path);
    if (signal === null) return null;
    for (const name of textsIn(value)) this.#namesRead.add(`${kind}: ${name}`);
    const compiled = this.#compileFirst(signal, [value], path);
    if (compiled === null) return null;
    return {
      kind: 'leaf',
      slot: this.#slotOf(compiled.slot),
      text: compiled.text,
      claim: compiled.claim ?? null,
      cost: SIGNAL_COSTS.indexOf(compiled.slot.cost),
      judge: judgeBy((reading) => compiled.test(reading)),
      deep: this.#deepOf(compiled),
    };
  }

  /** The first of the values that the signal takes; what is wrong with the last is reported. */
  #compileFirst(signal: Signal, values: readonly unknown[], path: Path): CompiledCondition | null {
    if (this.#definitions.broken.has(signal.kind)) return null;
    const definitions = this.#definitions.byKind.get(signal.kind) ?? [];
    let failure: unknown;
    for (const value of values) {
      for (const name of textsIn(value)) this.#namesRead.add(`${signal.kind}: ${name}`);
      try {
        return signal.compile(value, definitions);
      } catch (error) {
        failure = error;
      }
    }
    addIssue(this.#findings, path, failure);
    return null;
  }

  #signalOf(kind: string, path: Path): Signal | null {
    const signal = this.#signals.get(kind);
    if (signal !== undefined) return signal;
    const kinds = [...RESERVED_WORDS, ...this.#signals.keys()];
    this.#findings.add(
      path,
      `unknown condition "${kind.slice(0, 60)}": there are ${kinds.join(', ')}`,
      { suggestion: nearest(kind, kinds), at: 'key' },
    );
    return null;
  }

  #deepOf({ deep }: CompiledCondition): DeepLeaf | null {
    if (deep === undefined) return null;
    return {
      slot: this.#slotOf(deep.slot),
      isDoubtful: doubtBy((reading) => deep.isDoubtful(reading)),
    };
  }

  #slotOf(slot: SignalSlot): number {
    let index = this.#slotByKey.get(slot.key);
    if (index === undefined) {
      index = this.slots.push(slot) - 1;
      this.#slotByKey.set(slot.key, index);
    }
    return index;
  }
}

const mapping = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};

/** Every text inside a condition's value: among them are the names of definitions that it reads. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
