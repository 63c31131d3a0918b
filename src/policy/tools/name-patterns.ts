/** Whether a name is one of those that the patterns name. */
export type MatchName = (name: string) => boolean;

/** Exact names, and `*` for any characters, none included. Linear in the name for each pattern. */
export function compileNames(patterns: readonly string[]): MatchName {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const globs = patterns
    .filter((pattern) => pattern.includes('*'))
    .map((pattern) => pattern.split('*'));
  return (name) => exact.has(name) || globs.some((pieces) => fits(name, pieces));
}

/** Each piece at its first place behind the one before: if any other choice fits, this one does. */
function fits(name: string, pieces: readonly string[]): boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (let i = 1; i < pieces.length - 1; i++) {
    const found = name.indexOf(pieces[i]!, at);
    if (found < 0) return false;
    at = found + pieces[i]!.length;
  }
  return name.length - at >= last.length && name.endsWith(last);
}
