import type { PolicyProblem } from '../../contract/index.ts';
import { Findings, pathText } from './place.ts';
import type { Path, Place } from './place.ts';
import type { PolicyDocument } from './read-document.ts';

/** A value together with its place: it can move to another path of a document, and keeps its place. */
export type Placed = PlacedMap | PlacedList | PlacedScalar;

export interface PlacedMap {
  readonly kind: 'map';
  readonly place: Place;
  readonly members: ReadonlyMap<string, Placed>;
}

export interface PlacedList {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly Placed[];
}

export interface PlacedScalar {
  readonly kind: 'scalar';
  readonly place: Place;
  /** Undefined where it could not be read, which is reported. */
  readonly value: unknown;
  readonly isSubstituted: boolean;
}

export function placedOf({ value, places, substituted }: PolicyDocument): Placed {
  const read = (part: unknown, path: Path): Placed => {
    const key = pathText(path);
    const place = places.get(key)!;
    if (Array.isArray(part)) {
      return { kind: 'list', place, items: part.map((item, i) => read(item, [...path, i])) };
    }
    if (typeof part === 'object' && part !== null) {
      const members = Object.entries(part).map(
        ([name, member]) => [name, read(member, [...path, name])] as const,
      );
      return { kind: 'map', place, members: new Map(members) };
    }
    return { kind: 'scalar', place, value: part, isSubstituted: substituted.has(key) };
  };
  return read(value, []);
}

export function documentOf(
  root: Placed,
  problems: readonly PolicyProblem[],
  environmentValues: ReadonlyMap<string, string>,
): PolicyDocument {
  const places = new Map<string, Place>();
  const substituted = new Set<string>();
  const write = (placed: Placed, path: Path): unknown => {
    const key = pathText(path);
    places.set(key, placed.place);
    switch (placed.kind) {
      case 'list':
        return placed.items.map((item, i) => write(item, [...path, i]));
      case 'map':
        return Object.fromEntries(
          [...placed.members].map(([name, member]) => [name, write(member, [...path, name])]),
        );
      default:
        if (placed.isSubstituted) substituted.add(key);
        return placed.value;
    }
  };
  const value = write(root, []);
  return {
    value,
    findings: new Findings(places, problems),
    places,
    substituted,
    environmentValues,
  };
}

/** The member of a mapping; undefined where it has none, and of what is no mapping. */
export const memberOf = (placed: Placed | undefined, name: string): Placed | undefined =>
  placed?.kind === 'map' ? placed.members.get(name) : undefined;

/** The text of a scalar; null where it is something else. */
export const textOf = (placed: Placed | undefined): string | null =>
  placed?.kind === 'scalar' && typeof placed.value === 'string' ? placed.value : null;

/** A mapping without some of its members, or with others in their place. */
export function withMembers(
  map: PlacedMap,
  changes: Readonly<Record<string, Placed | undefined>>,
): PlacedMap {
  const members = new Map(map.members);
  for (const [name, member] of Object.entries(changes)) {
    if (member === undefined) members.delete(name);
    else members.set(name, member);
  }
  return { ...map, members };
}

/** Whether two values are one and the same of a file. */
export const isSameOrigin = (a: Placed, b: Placed): boolean =>
  a === b || (a.place.file === b.place.file && pathText(a.place.path) === pathText(b.place.path));

export function problemAt(
  { place }: Placed,
  message: string,
  suggestion: string | null = null,
): PolicyProblem {
  return {
    severity: 'error',
    message,
    path: pathText(place.path),
    ...(place.file === null ? {} : { file: place.file }),
    line: place.value.line,
    column: place.value.column,
    suggestion,
  };
}
