/** What every mortal server answers. */
export const WORDS: readonly string[] = Array.from({ length: 60 }, (_, i) => `word${i}`);
