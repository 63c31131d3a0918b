import type { TextReading } from '../contract/index.ts';
import { createWordMeanings } from '../match/index.ts';
import type { WordMeanings } from '../match/index.ts';

export interface CacheReading extends TextReading {
  readonly meanings: WordMeanings;
}

export function withMeanings(reading: TextReading): CacheReading {
  return { ...reading, meanings: createWordMeanings(reading) };
}
