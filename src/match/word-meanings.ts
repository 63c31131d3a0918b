import type { WordMeaning, WordMeanings } from './phrase.ts';

/** What gives the raw sum of a word's rows: its length tells the weight. */
export interface WordSums {
  sumOne(text: string): Float32Array;
}

/** Words that are remembered. */
const WORDS_KEPT = 8_192;

/** Meanings of words by an encoder, remembered while they are in use. */
export function createWordMeanings(encoder: WordSums): WordMeanings {
  let recent = new Map<string, WordMeaning>();
  let older = new Map<string, WordMeaning>();
  return (word) => {
    let known = recent.get(word);
    if (known !== undefined) return known;
    known = older.get(word) ?? meaningOf(encoder.sumOne(word));
    if (recent.size >= WORDS_KEPT / 2) {
      older = recent;
      recent = new Map();
    }
    recent.set(word, known);
    return known;
  };
}

function meaningOf(sum: Float32Array): WordMeaning {
  let square = 0;
  for (let i = 0; i < sum.length; i++) square += sum[i]! * sum[i]!;
  const weight = Math.sqrt(square);
  if (weight > 0) for (let i = 0; i < sum.length; i++) sum[i]! /= weight;
  return { vector: sum, weight };
}
