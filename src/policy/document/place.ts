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

/** What was found wrong so far, each with its place. */
export class Findings {
  readonly problems: PolicyProblem[] = [];
  readonly #places: ReadonlyMap<string, Place>;

  constructor(places: ReadonlyMap<string, Place>) {
    this.#places = places;
  }

  /** Adds a problem at the value of `path`, or at its nearest enclosing value that the file has. */
  add(path: Path, message: string, options: FindingOptions = {}): void {
    const place = this.#nearestPlace(path);
    const position = options.at === 'key' ? place?.key : place?.value;
    this.problems.push({
      severity: options.severity ?? 'error',
      message,
      path: pathText(path),
      line: position?.line ?? null,
      column: position?.column ?? null,
      suggestion: options.suggestion ?? null,
    });
  }

  /** For example `line 12`. */
  placeText(path: Path): string {
    return `line ${this.#nearestPlace(path)?.value.line ?? 1}`;
  }

  #nearestPlace(path: Path): Place | undefined {
    for (let length = path.length; length >= 0; length--) {
      const place = this.#places.get(pathText(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return undefined;
  }
}

export interface FindingOptions {
  readonly suggestion?: string | null;
  readonly severity?: 'error' | 'warning';
  readonly at?: 'key' | 'value';
}
