/** Text of the foreign file, fit for a message or a comment: one line, no control characters, not long. */
export function shown(text: string, charactersMax = 80): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
  return clean.length > charactersMax ? `${clean.slice(0, charactersMax)}…` : clean;
}
