import type { PolicyProblem } from '../../contract/index.ts';

export type Path = readonly (string | number)[];

/** A position in the policy file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a value stands, and the key in front of it. */
export interface Place {
  readonly key: Position;
  readonly value: Position;
  /** Null: the file that was loaded, not one that it names. */
  readonly file: string | null;
  /** Where the value stands in that file. */
  readonly path: Path;
}

/** Writes a path as `routes[0].use.models`; a key that is no plain word is quoted. */
export function pathText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!/^[\w-]+$/.test(part)) text += `[${JSON.stringify(part.slice(0, 60))}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/** What was found wrong so far, each with its place. Several files can make up one document. */
export class Findings {
  readonly problems: PolicyProblem[];
  readonly #places: ReadonlyMap<string, Place>;
  readonly #known = new Set<string>();

  constructor(places: ReadonlyMap<string, Place>, problems: readonly PolicyProblem[] = []) {
    this.#places = places;
    this.problems = [...problems];
    for (const problem of problems) this.#known.add(keyOf(problem));
  }

  /**
   * Adds a problem at the value of `path`, or at its nearest enclosing value that a file has. What
   * stands once in a file and twice in the document, by inheritance, is reported once.
   */
  add(path: Path, message: string, options: FindingOptions = {}): void {
    const problem = this.problemAt(path, message, options);
    const key = keyOf(problem);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.problems.push(problem);
  }

  /** A problem with its place, which is not added. */
  problemAt(path: Path, message: string, options: FindingOptions = {}): PolicyProblem {
    const [place, length] = this.#nearestPlace(path);
    const position = options.at === 'key' ? place?.key : place?.value;
    const file = place?.file ?? null;
    return {
      severity: options.severity ?? 'error',
      message,
      path: pathText([...(place?.path ?? []), ...path.slice(length)]),
      ...(file === null ? {} : { file }),
      line: position?.line ?? null,
      column: position?.column ?? null,
      suggestion: options.suggestion ?? null,
    };
  }

  /** Whether anything is wrong with the very value at `path`. */
  has(path: Path): boolean {
    const place = this.#places.get(pathText(path));
    if (place === undefined) return false;
    const shown = pathText(place.path);
    return this.problems.some(
      (problem) => problem.path === shown && (problem.file ?? null) === place.file,
    );
  }

  /** For example `line 12`, or `/etc/base.yaml:12`. */
  placeText(path: Path): string {
    const [place] = this.#nearestPlace(path);
    return place === undefined ? 'line 1' : placeText(place);
  }

  #nearestPlace(path: Path): readonly [place: Place | undefined, length: number] {
    for (let length = path.length; length >= 0; length--) {
      const place = this.#places.get(pathText(path.slice(0, length)));
      if (place !== undefined) return [place, length];
    }
    return [undefined, 0];
  }
}

const keyOf = ({ file, path, line, column, message }: PolicyProblem): string =>
  `${file ?? ''}|${path}|${line}|${column}|${message}`;

/** For example `line 12`, or `/etc/base.yaml:12`. */
export function placeText({ file, value }: Pick<Place, 'file' | 'value'>): string {
  return file === null ? `line ${value.line}` : `${file}:${value.line}`;
}

export interface FindingOptions {
  readonly suggestion?: string | null;
  readonly severity?: 'error' | 'warning';
  readonly at?: 'key' | 'value';
}
