/** Access to values that no schema has seen: whatever is not of the wanted kind is empty. */

export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMapping ? (value as Readonly<Record<string, unknown>>) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The entries of a list that are mappings, with their index. */
export function entriesOf(
  value: unknown,
): readonly (readonly [index: number, members: Readonly<Record<string, unknown>>])[] {
  return listOf(value).map((entry, i) => [i, membersOf(entry)] as const);
}

/** The text members called `key` of the mappings in a list. */
export function textsAt(value: unknown, key: string): readonly string[] {
  return entriesOf(value).flatMap(([, members]) => {
    const text = members[key];
    return typeof text === 'string' ? [text] : [];
  });
}
