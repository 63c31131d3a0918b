import type { PolicyProblem } from '../../contract/index.ts';
import { budgetId } from '../config/build-config.ts';
import type { Path } from '../document/place.ts';
import { memberOf, textOf } from '../document/placed.ts';
import type { Placed, PlacedList, PlacedMap } from '../document/placed.ts';

/** Where files that make up one policy report what is wrong. */
export interface Reporter {
  add(problem: PolicyProblem): void;
}

/**
 * Whether the list at a path is a section: its entries are known by name, and lists of several files
 * are joined entry by entry. Any other list is one value.
 */
export function isSection(path: Path): boolean {
  const [first, , third] = path;
  if (first === 'signals') return path.length === 2;
  if (first === 'recipes') {
    if (third === 'roles' || third === 'extends') return false;
    return path.length === (third === 'signals' ? 4 : 3);
  }
  return path.length === 1;
}

/** Whether constraints are made of the section's entries: none of them is replaced unless it is said so. */
export function isProtected(path: Path): boolean {
  const own = path[0] === 'recipes' ? path.slice(2) : path;
  return ['constraints', 'conditions', 'signals'].includes(String(own[0]));
}

/** What an entry is known by; null where nothing tells it from others. */
export function keyOfEntry(entry: Placed, path: Path): string | null {
  if (entry.kind === 'scalar') return JSON.stringify(entry.value) ?? null;
  if (entry.kind !== 'map') return null;
  const name = textOf(entry.members.get('id')) ?? textOf(entry.members.get('name'));
  if (name !== null) return name;
  if (path[0] === 'keys') return textOf(entry.members.get('sha256'))?.toLowerCase() ?? null;
  return path[0] === 'budgets' ? budgetIdOf(entry) : null;
}

function budgetIdOf(entry: PlacedMap): string {
  const texts = [...entry.members].map(([name, member]) => [name, textOf(member) ?? undefined]);
  return budgetId(Object.fromEntries(texts) as Readonly<Record<string, string | undefined>>);
}

export const isOverride = (entry: Placed): boolean => {
  const said = memberOf(entry, 'override');
  return said?.kind === 'scalar' && said.value === true;
};

/** The tree with every protected list, and what stands at its place in `below`, visited. */
export function visitProtected(
  root: PlacedMap,
  below: Placed | undefined,
  visit: (list: PlacedList, below: Placed | undefined, path: Path) => PlacedList,
): PlacedMap {
  const walk = (placed: Placed, under: Placed | undefined, path: Path): Placed => {
    if (placed.kind === 'list' && isSection(path) && isProtected(path)) {
      return visit(placed, under, path);
    }
    const isOutside = path.length > 0 && !['signals', 'recipes'].includes(String(path[0]));
    if (placed.kind !== 'map' || isOutside || path.length > 3) return placed;
    const members = [...placed.members].map(
      ([name, member]) => [name, walk(member, memberOf(under, name), [...path, name])] as const,
    );
    return { ...placed, members: new Map(members) };
  };
  return walk(root, below, []) as PlacedMap;
}
