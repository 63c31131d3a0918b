import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Node, Pair } from 'yaml';
import { ForeignNode } from './foreign-node.ts';
import type { Position, Scalar } from './foreign-node.ts';
import { ForeignProblem } from './foreign-problem.ts';
import { shown } from './shown.ts';

const TEXT_CHARACTERS_MAX = 4 * 1024 * 1024;
const NODES_MAX = 100_000;
const DEPTH_MAX = 64;
const START: Position = { line: 1, column: 1 };

/**
 * Reads one YAML document whose top is a mapping. Aliases and merge keys (`<<`) are followed within the
 * limits; tags are refused, so that nothing is ever constructed or run. Throws `ForeignProblem`.
 */
export function readForeign(text: string): ForeignNode {
  if (text.length > TEXT_CHARACTERS_MAX) {
    throw new ForeignProblem(
      `the file is larger than ${TEXT_CHARACTERS_MAX / 1024 / 1024} MiB`,
      START,
    );
  }
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [failure] = [...document.errors, ...document.warnings];
    if (failure !== undefined) {
      const { line, col } = lines.linePos(failure.pos[0]);
      const what = failure.code.toLowerCase().replaceAll('_', ' ');
      throw new ForeignProblem(`the file is not valid YAML here (${what})`, { line, column: col });
    }
    const root = new Walk(lines).read(document.contents, '', START, 0);
    if (root.isMap) return root;
  } catch (error) {
    if (error instanceof ForeignProblem) throw error;
    throw new ForeignProblem(
      'the file cannot be read: look for deep nesting or odd characters',
      START,
    );
  }
  throw new ForeignProblem('the file must be a mapping with sections', START);
}

class Walk {
  readonly #anchors = new Map<string, Node>();
  readonly #lines: LineCounter;
  #nodes = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  read(node: Node | null, path: string, position: Position, depth: number): ForeignNode {
    this.#count(position);
    if (depth > DEPTH_MAX) {
      throw new ForeignProblem(`the file is nested deeper than ${DEPTH_MAX} levels`, position);
    }
    const target = this.#resolve(node, position);
    if (isMap<Node, Node | null>(target)) {
      const members = new Map<string, ForeignNode>();
      this.#addMembers(target.items, members, { path, depth: depth + 1 });
      return new ForeignNode(path, position, { kind: 'map', members });
    }
    if (isSeq<Node>(target)) {
      const items = target.items.map((item, i) =>
        this.read(item, `${path}[${i}]`, this.#positionOf(item) ?? position, depth + 1),
      );
      return new ForeignNode(path, position, { kind: 'list', items });
    }
    return new ForeignNode(path, position, { kind: 'scalar', value: scalarOf(target, position) });
  }

  #count(position: Position): void {
    this.#nodes++;
    if (this.#nodes <= NODES_MAX) return;
    throw new ForeignProblem(
      `the file has more than ${NODES_MAX} values: are aliases nested?`,
      position,
    );
  }

  /** What is written in a mapping goes before what is merged into it; of merged ones the first counts. */
  #addMembers(
    items: readonly Pair<Node, Node | null>[],
    members: Map<string, ForeignNode>,
    { path, depth }: { readonly path: string; readonly depth: number },
  ): void {
    const merged: (readonly [Node | null, Position])[] = [];
    for (const { key, value } of items) {
      const position = this.#positionOf(key) ?? START;
      const name = isScalar(key) ? String(key.value) : null;
      if (name === null || name === '__proto__') {
        throw new ForeignProblem('a key must be a plain text', position);
      }
      if (name === '<<') merged.push([value, position]);
      else if (!members.has(name)) {
        members.set(name, this.read(value, pathTo(path, name), position, depth));
      }
    }
    for (const [value, position] of merged) {
      for (const source of this.#mergedMaps(value, position)) {
        this.#count(position);
        if (depth > DEPTH_MAX)
          throw new ForeignProblem('merge keys are nested too deeply', position);
        this.#addMembers(source, members, { path, depth: depth + 1 });
      }
    }
  }

  #mergedMaps(
    value: Node | null,
    position: Position,
  ): readonly (readonly Pair<Node, Node | null>[])[] {
    const target = this.#resolve(value, position);
    if (isMap<Node, Node | null>(target)) return [target.items];
    if (!isSeq<Node>(target)) throw new ForeignProblem('<< must merge a mapping', position);
    return target.items.map((item) => {
      const one = this.#resolve(item, position);
      if (isMap<Node, Node | null>(one)) return one.items;
      throw new ForeignProblem('<< must merge mappings', position);
    });
  }

  #resolve(node: Node | null, position: Position): Node | null {
    if (node === null) return null;
    if (!isAlias(node)) {
      if (node.anchor !== undefined && node.anchor !== '') this.#anchors.set(node.anchor, node);
      return node;
    }
    const target = this.#anchors.get(node.source);
    if (target !== undefined) return target;
    throw new ForeignProblem('the alias refers to no anchor above it', position);
  }

  #positionOf(node: Node | null): Position | null {
    if (!node?.range) return null;
    const { line, col } = this.#lines.linePos(node.range[0]);
    return { line, column: col };
  }
}

function scalarOf(node: Node | null, position: Position): Scalar {
  if (!isScalar(node)) return null;
  const { value } = node;
  const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  if (isPlain) return value as Scalar;
  throw new ForeignProblem('must be a text, a number, true or false: remove the tag', position);
}

function pathTo(path: string, key: string): string {
  const name = /^[\w-]+$/.test(key) ? key : JSON.stringify(shown(key, 60));
  if (name !== key) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
}
