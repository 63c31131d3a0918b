import { readFileSync } from 'node:fs';
import { TensorFile } from '../../src/encoder/index.ts';
import { createRng } from '../../src/kernel/index.ts';

const ENCODER = new URL('../../models/static-encoder.safetensors', import.meta.url);
const SENTENCE_WORDS = 14;
/** Sentences of a paragraph. */
const PARAGRAPH = 6;

/** Made-up English: words of the encoder's vocabulary, drawn by Zipf's law, always the same. */
export function createTexts(seed: number): {
  sentence(words: number): string;
  text(words: number): string;
} {
  const file = new TensorFile('static-encoder.safetensors', readFileSync(ENCODER));
  const vocabulary = new TextDecoder()
    .decode(file.uint8('vocabulary'))
    .split('\n')
    .filter((piece) => /^[a-z]{2,12}$/.test(piece));
  const rng = createRng(seed);
  const word = (): string => {
    const rank = Math.floor(vocabulary.length ** rng.next());
    return vocabulary[Math.min(vocabulary.length - 1, rank)]!;
  };
  const sentence = (words: number): string => {
    const all = Array.from({ length: words }, word).join(' ');
    return `${all[0]!.toUpperCase()}${all.slice(1)}.`;
  };
  return {
    sentence,
    text(words) {
      const sentences: string[] = [];
      for (let i = 0; i * SENTENCE_WORDS < words; i++) {
        sentences.push(sentence(SENTENCE_WORDS) + (i % PARAGRAPH === PARAGRAPH - 1 ? '\n\n' : ' '));
      }
      return sentences.join('');
    },
  };
}
