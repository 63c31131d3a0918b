import { ConfigIssue } from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import type { Findings, Path } from '../document/place.ts';
import { entriesOf, membersOf } from '../document/raw.ts';

/** What the file defines by name, and conditions refer to by that name. */
export type PartKind = 'condition' | 'score' | 'group';

export type Members = Readonly<Record<string, unknown>>;

interface Part {
  readonly kind: PartKind;
  readonly name: string;
  readonly path: Path;
  readonly members: Members;
  /** Undefined until it is compiled; null where it is wrong. */
  compiled: object | null | undefined;
}

export interface CompiledPart<T extends object> {
  readonly name: string;
  readonly path: Path;
  readonly compiled: T;
}

/** Compiles each part once, when it is first referred to; a part that needs itself is an error. */
export class NamedParts {
  readonly #parts = new Map<string, Part>();
  readonly #names: Readonly<Record<PartKind, string[]>> = { condition: [], score: [], group: [] };
  readonly #used = new Set<Part>();
  /** Those that are being compiled, each for the one before it. */
  readonly #open: Part[] = [];
  readonly #findings: Findings;

  constructor(root: Members, findings: Findings) {
    this.#findings = findings;
    const { scores, groups } = membersOf(root['signals']);
    this.#add('condition', ['conditions'], root['conditions']);
    this.#add('score', ['signals', 'scores'], scores);
    this.#add('group', ['signals', 'groups'], groups);
  }

  /** The part that a condition at `path` refers to; null where it is wrong, which the findings say. */
  refer<T extends object>(
    kind: PartKind,
    name: unknown,
    path: Path,
    compile: (members: Members, path: Path) => T | null,
  ): T | null {
    const part = typeof name === 'string' ? this.#parts.get(`${kind} ${name}`) : undefined;
    if (part === undefined) {
      this.#addUnknown(kind, name, path);
      return null;
    }
    this.#used.add(part);
    if (this.#open.includes(part)) {
      this.#addCycle(part, path);
      return null;
    }
    return this.#compile(part, compile);
  }

  /** Compiles the parts of a kind that nothing has referred to, for what is wrong with them. */
  compileAll(kind: PartKind, compile: (members: Members, path: Path) => object | null): void {
    for (const part of this.#parts.values()) if (part.kind === kind) this.#compile(part, compile);
  }

  /** The sound parts of a kind, and where they stand. */
  *compiledOf<T extends object>(kind: PartKind): Iterable<CompiledPart<T>> {
    for (const { kind: own, name, path, compiled } of this.#parts.values()) {
      if (own === kind && compiled) yield { name, path, compiled: compiled as T };
    }
  }

  /** Adds a warning for each part that no condition refers to. */
  warnOfUnused(): void {
    for (const part of this.#parts.values()) {
      if (this.#used.has(part)) continue;
      this.#findings.add(part.path, `nothing uses the ${part.kind} "${part.name}"`, {
        severity: 'warning',
      });
    }
  }

  #add(kind: PartKind, section: Path, list: unknown): void {
    for (const [i, members] of entriesOf(list)) {
      const name = members['name'];
      if (typeof name !== 'string' || this.#parts.has(`${kind} ${name}`)) continue;
      const path = [...section, i];
      this.#parts.set(`${kind} ${name}`, { kind, name, path, members, compiled: undefined });
      this.#names[kind].push(name);
    }
  }

  #compile<T extends object>(
    part: Part,
    compile: (members: Members, path: Path) => T | null,
  ): T | null {
    if (part.compiled !== undefined) return part.compiled as T | null;
    this.#open.push(part);
    part.compiled = compile(part.members, part.path);
    this.#open.pop();
    return part.compiled as T | null;
  }

  #addUnknown(kind: PartKind, name: unknown, path: Path): void {
    if (typeof name !== 'string') {
      this.#findings.add(path, `must be the name of a ${kind}`);
      return;
    }
    const names = this.#names[kind];
    const shown = names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : '');
    const remedy = names.length === 0 ? `define it under ${SECTIONS[kind]}` : `there are ${shown}`;
    this.#findings.add(path, `there is no ${kind} "${name.slice(0, 60)}": ${remedy}`, {
      suggestion: nearest(name, names),
    });
  }

  #addCycle(part: Part, path: Path): void {
    const chain = [...this.#open.slice(this.#open.indexOf(part)), part].map(
      ({ kind, name, path: at }) => `${kind} "${name}" (${this.#findings.placeText(at)})`,
    );
    this.#findings.add(path, `closes a circle: ${chain.join(' needs ')}`);
  }
}

const SECTIONS = { condition: 'conditions', score: 'signals.scores', group: 'signals.groups' };

/** The value as a mapping that has only `allowed` keys. Throws `ConfigIssue`. */
export function strictMembers(value: unknown, allowed: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigIssue(`must be a mapping with ${allowed.join(', ')}`);
  }
  for (const key of Object.keys(value)) {
    if (allowed.includes(key)) continue;
    throw new ConfigIssue(
      `unknown key "${key.slice(0, 60)}": there are ${allowed.join(', ')}`,
      [key],
      nearest(key, allowed),
    );
  }
  return value as Members;
}
