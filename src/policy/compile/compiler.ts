import { ConfigIssue, SIGNAL_COSTS } from '../../contract/index.ts';
import type {
  CompiledCondition,
  Signal,
  SignalDefinition,
  SignalSlot,
} from '../../contract/index.ts';
import { Fault, nearest } from '../../kernel/index.ts';
import type { Findings, Path } from '../document/place.ts';
import { membersOf } from '../document/raw.ts';
import { definitionsKey } from '../schema/index.ts';
import { doubtBy, judgeBy } from './condition.ts';
import type { Condition, DeepLeaf } from './condition.ts';

const CONNECTIVES = ['all', 'any', 'not'];

/** Compiles the conditions of one policy: they share one table of slots. */
export class ConditionCompiler {
  readonly slots: SignalSlot[] = [];
  readonly #namesRead = new Set<string>();
  readonly #slotByKey = new Map<string, number>();
  readonly #signals: ReadonlyMap<string, Signal>;
  readonly #definitions: Definitions;
  readonly #findings: Findings;

  constructor(signals: readonly Signal[], definitions: Definitions, findings: Findings) {
    this.#signals = new Map(signals.map((signal) => [signal.kind, signal]));
    this.#definitions = definitions;
    this.#findings = findings;
  }

  /** Whether any condition of the kind mentions the definition. */
  readsDefinition(kind: string, name: string): boolean {
    return this.#namesRead.has(`${kind}: ${name}`);
  }

  /** Null when the condition is wrong, which the findings then say. Several keys mean all of them. */
  compile(value: unknown, path: Path): Condition | null {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      const remedy = Array.isArray(value) ? ', such as all: […] or any: […]' : ', such as role: x';
      this.#findings.add(path, `must be a mapping with a condition${remedy}`);
      return null;
    }
    const entries = Object.entries(value);
    if (entries.length === 0) {
      this.#findings.add(path, 'must have a condition: leave it out for always');
      return null;
    }
    return this.#junction(
      'all',
      entries.map(([kind, condition]) => this.#compileEntry(kind, condition, [...path, kind])),
    );
  }

  #compileEntry(kind: string, value: unknown, path: Path): Condition | null {
    if (kind === 'not') {
      const child = this.compile(value, path);
      return child === null ? null : { kind: 'not', child, cost: child.cost };
    }
    if (kind !== 'all' && kind !== 'any') return this.#compileLeaf(kind, value, path);
    if (!Array.isArray(value) || value.length === 0) {
      this.#findings.add(path, 'must be a list of conditions, and not empty');
      return null;
    }
    const children = value.map((child, i) => this.compile(child, [...path, i]));
    return this.#junction(kind, children);
  }

  #junction(kind: 'all' | 'any', children: readonly (Condition | null)[]): Condition | null {
    const whole = children.filter((child) => child !== null);
    if (whole.length < children.length) return null;
    if (whole.length === 1) return whole[0]!;
    whole.sort((a, b) => a.cost - b.cost);
    return { kind, children: whole, cost: whole.at(-1)!.cost };
  }

  #compileLeaf(kind: string, value: unknown, path: Path): Condition | null {
    const signal = this.#signals.get(kind);
    if (signal === undefined) {
      const kinds = [...CONNECTIVES, ...this.#signals.keys()];
      this.#findings.add(
        path,
        `unknown condition "${kind.slice(0, 60)}": there are ${kinds.join(', ')}`,
        { suggestion: nearest(kind, kinds), at: 'key' },
      );
      return null;
    }
    for (const name of textsIn(value)) this.#namesRead.add(`${kind}: ${name}`);
    if (this.#definitions.broken.has(kind)) return null;
    try {
      const compiled = signal.compile(value, this.#definitions.byKind.get(kind) ?? []);
      return {
        kind: 'leaf',
        slot: this.#slotOf(compiled.slot),
        text: compiled.text,
        cost: SIGNAL_COSTS.indexOf(compiled.slot.cost),
        judge: judgeBy((reading) => compiled.test(reading)),
        deep: this.#deepOf(compiled),
      };
    } catch (error) {
      addIssue(this.#findings, path, error);
      return null;
    }
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

/** Adds what an extension threw while it compiled. Only issues and faults have messages for the operator. */
function addIssue(findings: Findings, path: Path, error: unknown): void {
  if (error instanceof ConfigIssue) {
    findings.add([...path, ...error.path], error.message, { suggestion: error.suggestion });
  } else if (Fault.isInstance(error)) {
    findings.add(path, error.message);
  } else {
    findings.add(path, 'the signal failed to read this condition');
  }
}

/** Every text inside a condition's value: among them are the names of definitions that it reads. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** What stands under `signals`, by kind of signal. */
export interface Definitions {
  readonly byKind: ReadonlyMap<string, readonly SignalDefinition[]>;
  /** Kinds of which a definition is wrong: their conditions cannot be compiled, and say nothing more. */
  readonly broken: ReadonlySet<string>;
}

/** Reads the definitions as written; what is wrong with one is reported once, here. */
export function readDefinitions(
  value: unknown,
  signals: readonly Signal[],
  findings: Findings,
): Definitions {
  const byKind = new Map<string, readonly SignalDefinition[]>();
  const broken = new Set<string>();
  for (const signal of signals) {
    const key = definitionsKey(signal);
    const list = membersOf(value)[key];
    if (signal.definitionSchema === null || !Array.isArray(list)) continue;
    const read: SignalDefinition[] = [];
    for (const [i, entry] of list.entries()) {
      const { name, ...body } = membersOf(entry);
      if (typeof name !== 'string') {
        broken.add(signal.kind);
        continue;
      }
      read.push({ name, body });
      try {
        signal.checkDefinition?.({ name, body });
      } catch (error) {
        addIssue(findings, ['signals', key, i], error);
        broken.add(signal.kind);
      }
    }
    byKind.set(signal.kind, read);
  }
  return { byKind, broken };
}
