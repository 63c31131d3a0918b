/** Scripts that tell a language, or nearly so, by themselves. */
export type Script =
  | 'latin'
  | 'greek'
  | 'devanagari'
  | 'thai'
  | 'hangul'
  | 'kana'
  | 'han'
  | 'other';

/** First and last UTF-16 code of each block (Unicode 16, Blocks.txt). */
const BLOCKS: readonly (readonly [first: number, last: number, script: Script])[] = [
  [0x41, 0x5a, 'latin'],
  [0x61, 0x7a, 'latin'],
  [0xc0, 0x24f, 'latin'],
  [0x370, 0x3ff, 'greek'],
  [0x400, 0x52f, 'other'],
  [0x590, 0x8ff, 'other'],
  [0x900, 0x97f, 'devanagari'],
  [0x980, 0xdff, 'other'],
  [0xe00, 0xe7f, 'thai'],
  [0xe80, 0x10ff, 'other'],
  [0x1100, 0x11ff, 'hangul'],
  [0x1e00, 0x1eff, 'latin'],
  [0x1f00, 0x1fff, 'greek'],
  [0x3040, 0x30ff, 'kana'],
  [0x3400, 0x9fff, 'han'],
  [0xac00, 0xd7af, 'hangul'],
];

/**
 * Letters of a text by script. A letter of a script that writes syllables or words with one sign counts
 * for the letters that an alphabet would take: two for a syllable, four for a Chinese character.
 */
export function countScripts(text: string): Readonly<Record<Script, number>> {
  const counts = {
    latin: 0,
    greek: 0,
    devanagari: 0,
    thai: 0,
    hangul: 0,
    kana: 0,
    han: 0,
    other: 0,
  };
  for (let i = 0; i < text.length; i++) {
    const script = scriptOf(text.charCodeAt(i));
    if (script !== null) counts[script] += WEIGHTS[script] ?? 1;
  }
  return counts;
}

const WEIGHTS: Partial<Record<Script, number>> = { hangul: 2, kana: 2, han: 4 };

function scriptOf(code: number): Script | null {
  for (const [first, last, script] of BLOCKS) {
    if (code < first) return null;
    if (code <= last) return script;
  }
  return null;
}
