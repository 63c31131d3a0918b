/**
 * The words of a text as sparse features: what a sentence vector blurs (names, function words, word
 * order). A feature is the hash of a word or of two neighbouring words; each counts once, and the
 * features of a text have unit length together.
 */
export interface LexicalFeatures {
  /** The first `count` entries are distinct buckets. */
  readonly buckets: Int32Array;
  readonly count: number;
  /** Of each feature: 1/√count, or 0 where there is none. */
  readonly value: number;
}

/** Of a longer text the first words tell the intent; the bound keeps the time one. */
const WORDS_MAX = 128;
const MIX = 0x9e3779b1;

export interface LexicalReader {
  /** The answer is valid until the next call. */
  read(text: string): LexicalFeatures;
}

/** `bucketBits` is the binary logarithm of the number of buckets. */
export function createLexicalReader(bucketBits: number): LexicalReader {
  const shift = 32 - bucketBits;
  const buckets = new Int32Array(2 * WORDS_MAX);
  const seenBy = new Int32Array(1 << bucketBits);
  let call = 0;

  const read = (text: string): LexicalFeatures => {
    const end = Math.min(text.length, WORDS_MAX * 16);
    call = (call + 1) | 0;
    let count = 0;
    let words = 0;
    let previous = 0;
    let hash = 0;
    const add = (value: number): void => {
      const bucket = Math.imul(value ^ (value >>> 15), MIX) >>> shift;
      if (seenBy[bucket] === call) return;
      seenBy[bucket] = call;
      buckets[count++] = bucket;
    };
    for (let at = 0; at <= end && words < WORDS_MAX; at++) {
      const letter = at < end ? letterOf(text.charCodeAt(at)) : 0;
      if (letter !== 0) hash = (Math.imul(hash, 31) + letter) | 0;
      if (hash === 0 || (letter !== 0 && letter < FIRST_IDEOGRAPH)) continue;
      words++;
      add(hash);
      if (previous !== 0) add(Math.imul(previous, 0x85ebca6b) ^ hash);
      previous = hash;
      hash = 0;
    }
    return { buckets, count, value: count === 0 ? 0 : 1 / Math.sqrt(count) };
  };
  return { read };
}

const FIRST_IDEOGRAPH = 0x3040;

/** What a code unit adds to the hash of a word, case ignored; 0 for what stands between words. */
function letterOf(code: number): number {
  if (code >= 97 && code <= 122) return code;
  if (code >= 65 && code <= 90) return code + 32;
  if (code >= 48 && code <= 57) return code;
  if (code < 0xc0 || (code >= 0x2000 && code < 0x2070)) return 0;
  if (code < 0x530) return code | 32;
  return code >= 0x3000 && code < FIRST_IDEOGRAPH ? 0 : code;
}
