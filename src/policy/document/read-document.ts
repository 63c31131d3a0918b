import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Node, Pair, Scalar } from 'yaml';
import { Findings, pathText } from './place.ts';
import type { Path, Place, Position } from './place.ts';
import { substitute, variable } from './substitute.ts';
import type { Environment } from './substitute.ts';
import { yamlMessage } from './yaml-errors.ts';

const TEXT_CHARACTERS_MAX = 4 * 1024 * 1024;
const NODES_MAX = 100_000;
const DEPTH_MAX = 64;

/** A policy as plain values, and where each of them stands. */
export interface PolicyDocument {
  /** Undefined where the text could not be read as YAML at all. */
  readonly value: unknown;
  readonly findings: Findings;
  /** By `pathText`. */
  readonly places: ReadonlyMap<string, Place>;
  /** Paths of scalars that were made from the environment. */
  readonly substituted: ReadonlySet<string>;
  /** What the environment gave, by the variable's name: never to be shown. */
  readonly environmentValues: ReadonlyMap<string, string>;
}

export interface DocumentOptions {
  /** How problems call the file; null for the one that is loaded. */
  readonly file?: string | null;
  /** Reads the file that a variable `NAME_FILE` names, for a `${NAME}` that is not set. Throws where it cannot. */
  readonly readSecret?: ((path: string) => string) | undefined;
}

/** Reads YAML 1.2 with the core schema, one document, and substitutes the environment afterwards. */
export function readDocument(
  text: string,
  environment: Environment,
  { file = null, readSecret }: DocumentOptions = {},
): PolicyDocument {
  const places = new Map<string, Place>();
  const findings = new Findings(places);
  const nothing = {
    findings,
    places,
    substituted: new Set<string>(),
    environmentValues: new Map<string, string>(),
  };
  if (file !== null) places.set('', { key: START, value: START, file, path: [] });
  if (text.length > TEXT_CHARACTERS_MAX) {
    findings.add([], `the file is larger than ${TEXT_CHARACTERS_MAX / 1024 / 1024} MiB`);
    return { value: undefined, ...nothing };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true });
  const failures = [...document.errors, ...document.warnings];
  if (failures.length > 0) {
    addYamlProblems(findings, failures, lines, file);
    return { value: undefined, ...nothing };
  }
  const walk = new Walk({ environment, readSecret, lines, findings, places, file });
  const root = document.contents as Node | null;
  const value = root === null ? undefined : walk.read(root, [], null);
  return {
    value,
    findings,
    places,
    substituted: walk.substituted,
    environmentValues: walk.environmentValues,
  };
}

/** One problem per line: what follows an error on its line is the parser's confusion. */
function addYamlProblems(
  findings: Findings,
  failures: readonly { readonly code: string; readonly pos: readonly [number, number] }[],
  lines: LineCounter,
  file: string | null,
): void {
  const seen = new Set<number>();
  for (const { code, pos } of failures.slice(0, 100)) {
    const { line, col } = lines.linePos(pos[0]);
    if (seen.has(line)) continue;
    seen.add(line);
    findings.problems.push({
      severity: 'error',
      message: yamlMessage(code),
      path: '',
      ...(file === null ? {} : { file }),
      line,
      column: col,
      suggestion: null,
    });
  }
}

const START: Position = { line: 1, column: 1 };

interface WalkParts {
  readonly environment: Environment;
  readonly readSecret: DocumentOptions['readSecret'];
  readonly lines: LineCounter;
  readonly findings: Findings;
  readonly places: Map<string, Place>;
  readonly file: string | null;
}

class Walk {
  readonly substituted = new Set<string>();
  readonly environmentValues = new Map<string, string>();
  readonly #anchors = new Map<string, Node>();
  readonly #environment: Environment;
  readonly #lookUp: (name: string) => string | undefined;
  readonly #lines: LineCounter;
  readonly #findings: Findings;
  readonly #places: Map<string, Place>;
  readonly #file: string | null;
  #nodes = 0;

  constructor({ environment, readSecret, lines, findings, places, file }: WalkParts) {
    this.#environment = environment;
    this.#lookUp = (name) => variable(name, environment, readSecret);
    this.#lines = lines;
    this.#findings = findings;
    this.#places = places;
    this.#file = file;
  }

  read(node: Node | null, path: Path, key: Position | null): unknown {
    const value = this.#positionOf(node) ?? key ?? START;
    this.#places.set(pathText(path), { key: key ?? value, value, file: this.#file, path });
    this.#nodes++;
    if (this.#nodes === NODES_MAX) {
      this.#findings.add(path, `the file has more than ${NODES_MAX} values: are aliases nested?`);
    }
    if (this.#nodes >= NODES_MAX) return undefined;
    if (path.length > DEPTH_MAX) {
      this.#findings.add(path, `the file is nested deeper than ${DEPTH_MAX} levels`);
      return undefined;
    }
    if (node === null) return null;
    if (isAlias(node)) return this.#readAlias(node.source, path, key);
    if (node.anchor !== undefined && node.anchor !== '') this.#anchors.set(node.anchor, node);
    if (isMap<Node, Node | null>(node)) return this.#readMap(node.items, path);
    if (isSeq<Node>(node)) return node.items.map((item, i) => this.read(item, [...path, i], null));
    return isScalar(node) ? this.#readScalar(node, path) : null;
  }

  #readAlias(name: string, path: Path, key: Position | null): unknown {
    const target = this.#anchors.get(name);
    if (target !== undefined) return this.read(target, path, key);
    this.#findings.add(path, 'the alias refers to no anchor above it: write the value out');
    return undefined;
  }

  #readMap(
    items: readonly Pair<Node, Node | null>[],
    path: Path,
  ): Readonly<Record<string, unknown>> {
    const members: [string, unknown][] = [];
    for (const { key, value } of items) {
      const name = isScalar(key) ? String(key.value) : null;
      const position = this.#positionOf(key) ?? START;
      if (name === null || name === '__proto__') {
        this.#findings.add(path, 'a key must be a plain text');
        continue;
      }
      members.push([name, this.read(value, [...path, name], position)]);
    }
    return Object.fromEntries(members);
  }

  #readScalar(scalar: Scalar, path: Path): unknown {
    const { value } = scalar;
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
    if (typeof value !== 'string') {
      this.#findings.add(path, 'must be a text, a number, true or false: remove the tag');
      return undefined;
    }
    if (scalar.type === 'PLAIN') {
      const grouped = groupedNumber(value);
      if (grouped !== null) return grouped;
    }
    return value.includes('${') ? this.#substitute(value, path) : value;
  }

  #substitute(text: string, path: Path): string | undefined {
    const result = substitute(text, this.#lookUp);
    for (const [name, value] of result.used) this.environmentValues.set(name, value);
    this.substituted.add(pathText(path));
    for (const name of result.missing) {
      const isUnreadable = Object.hasOwn(this.#environment, `${name}_FILE`);
      this.#findings.add(
        path,
        isUnreadable
          ? `the environment variable ${name} is not set, and the file that ${name}_FILE names cannot be read`
          : `the environment variable ${name} is not set: set it, or write \${${name}:-default}`,
      );
    }
    if (result.isMalformed) {
      this.#findings.add(path, 'a ${ is not followed by NAME} or NAME:-default}: write $${ for ${');
    }
    return result.missing.length > 0 || result.isMalformed ? undefined : result.text;
  }

  #positionOf(node: Node | null): Position | null {
    if (!node?.range) return null;
    const { line, col } = this.#lines.linePos(node.range[0]);
    return { line, column: col };
  }
}

/** `1_000_000` is a text in YAML 1.2; here it is the number it looks like. */
function groupedNumber(text: string): number | null {
  if (!/^[-+]?\d+(_\d+)+(\.\d+)?$/.test(text)) return null;
  return Number(text.replaceAll('_', ''));
}
