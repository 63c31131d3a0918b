import { problemAt, textOf } from '../document/placed.ts';
import type { Placed, PlacedMap } from '../document/placed.ts';
import type { Reporter } from './sections.ts';

/** The names in a member that holds one text or a list of them. */
export function listed(map: PlacedMap, member: string, reporter: Reporter): readonly Placed[] {
  const value = map.members.get(member);
  if (value === undefined || (value.kind === 'scalar' && value.value === undefined)) return [];
  const items = value.kind === 'list' ? value.items : [value];
  return items.filter((item) => {
    const isText = textOf(item) !== null && textOf(item) !== '';
    if (!isText) reporter.add(problemAt(item, 'must be a text, or a list of them'));
    return isText;
  });
}
