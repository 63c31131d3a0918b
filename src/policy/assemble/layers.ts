import { placeText } from '../document/place.ts';
import type { Path } from '../document/place.ts';
import { isSameOrigin, memberOf, problemAt, withMembers } from '../document/placed.ts';
import type { Placed, PlacedList, PlacedMap } from '../document/placed.ts';
import { isOverride, isSection, keyOfEntry, visitProtected } from './sections.ts';
import type { Reporter } from './sections.ts';

/**
 * Lays a policy over the one that it extends. Mappings are merged key by key; the entries of sections
 * by their name, those of `above` first; anything else of `above` replaces what is below. An entry
 * that constraints are made of is replaced only by one that says `override: true`.
 */
export function layOver(below: PlacedMap, above: PlacedMap, reporter: Reporter): PlacedMap {
  const settled = visitProtected(above, below, (list, under, path) =>
    settleOverrides(list, under, path, reporter),
  );
  return merge(below, settled, []) as PlacedMap;
}

function merge(below: Placed, above: Placed, path: Path): Placed {
  if (below.kind === 'map' && above.kind === 'map') {
    const members = new Map(above.members);
    for (const [name, member] of below.members) {
      const own = above.members.get(name);
      members.set(name, own === undefined ? member : merge(member, own, [...path, name]));
    }
    return { ...above, members };
  }
  if (below.kind !== 'list' || above.kind !== 'list' || !isSection(path)) return above;
  const replaced = new Set(above.items.map((entry) => keyOfEntry(entry, path)));
  const kept = below.items.filter((entry) => {
    const key = keyOfEntry(entry, path);
    if (key !== null) return !replaced.has(key);
    return !above.items.some((other) => isSameOrigin(entry, other));
  });
  return { ...above, items: [...above.items, ...kept] };
}

/** Whoever replaces an entry of `below` has said so; then it need not be said any more. */
function settleOverrides(
  list: PlacedList,
  below: Placed | undefined,
  path: Path,
  reporter: Reporter,
): PlacedList {
  if (below?.kind !== 'list') return list;
  const inherited = new Map(below.items.map((entry) => [keyOfEntry(entry, path), entry]));
  const items = list.items.map((entry) => {
    const key = keyOfEntry(entry, path);
    const replaced = key === null ? undefined : inherited.get(key);
    if (replaced === undefined || isSameOrigin(replaced, entry)) return entry;
    if (isOverride(entry)) return withMembers(entry as PlacedMap, { override: undefined });
    reporter.add(
      problemAt(
        memberOf(entry, 'name') ?? entry,
        `is inherited (${placeText(replaced.place)}): write "override: true" beside it to replace what constraints rest on, or give this one another name`,
      ),
    );
    return entry;
  });
  return { ...list, items };
}

/** Takes `override` out of a policy that is whole. One that is left has replaced nothing. */
export function withoutOverrides(root: PlacedMap, reporter: Reporter): PlacedMap {
  return visitProtected(root, undefined, (list) => ({
    ...list,
    items: list.items.map((entry) => {
      const said = memberOf(entry, 'override');
      if (said === undefined) return entry;
      const message = isOverride(entry)
        ? 'overrides nothing: no entry of this name is inherited'
        : 'must be true, or left out';
      if (!(said.kind === 'scalar' && said.value === false)) reporter.add(problemAt(said, message));
      return withMembers(entry as PlacedMap, { override: undefined });
    }),
  }));
}

/** Adds what an included file says to the file that includes it. Neither replaces anything of the other. */
export function splice(own: PlacedMap, fragment: PlacedMap, reporter: Reporter): PlacedMap {
  return join(own, fragment, [], reporter) as PlacedMap;
}

function join(own: Placed, other: Placed, path: Path, reporter: Reporter): Placed {
  if (own.kind === 'map' && other.kind === 'map') {
    const members = new Map(own.members);
    for (const [name, member] of other.members) {
      const known = own.members.get(name);
      const at = [...path, name];
      members.set(name, known === undefined ? member : join(known, member, at, reporter));
    }
    return { ...own, members };
  }
  if (own.kind === 'list' && other.kind === 'list' && isSection(path)) {
    return { ...own, items: [...own.items, ...other.items] };
  }
  reporter.add(
    problemAt(
      other,
      `is set already (${placeText(own.place)}): an included file adds to the policy, and replaces nothing`,
    ),
  );
  return own;
}
