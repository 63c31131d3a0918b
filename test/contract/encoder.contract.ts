import { describe, expect, test } from 'vitest';
import type { Encoder } from '../../src/contract/index.ts';

/** What every `Encoder` does. `open` gives one that knows English words of everyday use. */
export function encoderContract(name: string, open: () => Promise<Encoder> | Encoder): void {
  describe(`encoder contract: ${name}`, () => {
    givesVectors(open);
    readsEverything(open);
  });
}

const lengthOf = (vector: Float32Array): number =>
  Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

function vectorOf(encoder: Encoder, vectors: Float32Array, at: number): Float32Array {
  return vectors.slice(at * encoder.dimensions, (at + 1) * encoder.dimensions);
}

function givesVectors(open: () => Promise<Encoder> | Encoder): void {
  test('one vector of unit length per text, in the order of the texts', async () => {
    const encoder = await open();
    const texts = ['the cat', 'i want my money back', 'write a poem'];
    const vectors = await encoder.embed(texts);
    expect(encoder.apiVersion).toBe(1);
    expect(encoder.name).not.toBe('');
    expect(vectors).toHaveLength(texts.length * encoder.dimensions);
    for (const [i, text] of texts.entries()) {
      const vector = vectorOf(encoder, vectors, i);
      expect(lengthOf(vector)).toBeCloseTo(1, 4);
      const alone = await encoder.embed([text]);
      alone.forEach((value, column) => expect(vector[column]).toBeCloseTo(value, 3));
    }
  });

  test('no text gives no vector, an empty text the zero vector', async () => {
    const encoder = await open();
    expect(await encoder.embed([])).toHaveLength(0);
    const vectors = await encoder.embed(['', 'the cat', ' \n ']);
    expect(lengthOf(vectorOf(encoder, vectors, 0))).toBe(0);
    expect(lengthOf(vectorOf(encoder, vectors, 1))).toBeCloseTo(1, 4);
    expect(lengthOf(vectorOf(encoder, vectors, 2))).toBe(0);
  });

  test('what it gave is not changed by what it reads next', async () => {
    const encoder = await open();
    const first = await encoder.embed(['the cat']);
    const kept = first.slice();
    await encoder.embed(['i want my money back']);
    expect(first).toEqual(kept);
  });
}

function readsEverything(open: () => Promise<Encoder> | Encoder): void {
  test('a long text is read to its end', async () => {
    const encoder = await open();
    const filler = 'the cat bites a dog and '.repeat(120);
    const vectors = await encoder.embed([filler, filler + 'refund money '.repeat(120)]);
    const [plain, changed] = [vectorOf(encoder, vectors, 0), vectorOf(encoder, vectors, 1)];
    const similarity = plain.reduce((sum, value, i) => sum + value * changed[i]!, 0);
    expect(similarity).toBeLessThan(0.999);
  });

  test('strange texts are read, those asked for at once too', async () => {
    const encoder = await open();
    const strange = ['\ud800', '\u202e\u200b\u0000', '😀'.repeat(500), 'x'.repeat(5000), '日本語'];
    const all = await Promise.all(strange.map(async (text) => encoder.embed([text])));
    for (const vector of all) {
      expect(vector).toHaveLength(encoder.dimensions);
      expect(vector.every(Number.isFinite)).toBe(true);
    }
  });
}
