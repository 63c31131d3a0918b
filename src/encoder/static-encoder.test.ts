import { describe, expect, test } from 'vitest';
import { encoderContract } from '../../test/contract/encoder.contract.ts';
import { tinyEncoder } from './fixtures/tiny-models.ts';
import { shippedFile, shippedFixture } from './fixtures/shipped.ts';
import { TensorFile } from './safetensors.ts';
import { StaticEncoder } from './static-encoder.ts';
import { pairHash } from './token-hash.ts';

/** The definition, token by token, in double precision. */
function plainVector(bytes: Uint8Array, encoder: StaticEncoder, text: string): number[] {
  const tensors = new TensorFile('f', bytes);
  const { dimensions } = encoder;
  const ids = [...encoder.words.encode(text)];
  const table = (prefix: string): ((row: number, column: number) => number) => {
    const [rows, width] = tensors.shape(`${prefix}embeddings`) as [number, number];
    const scales = tensors.floats(`${prefix}scales`, [rows]);
    if (width === dimensions) {
      const values = tensors.int8(`${prefix}embeddings`, [rows, width]);
      return (row, column) => scales[row]! * values[row * width + column]!;
    }
    const bytesOf = tensors.uint8(`${prefix}embeddings`, [rows, width]);
    return (row, column) => {
      const both = bytesOf[row * width + (column >> 1)]!;
      return scales[row]! * ((column % 2 === 0 ? both & 15 : both >> 4) - 8);
    };
  };
  const row = table('');
  const sum = Array.from({ length: dimensions }, (_, column) =>
    ids.reduce((total, id) => total + row(id, column), 0),
  );
  if (tensors.has('pair_embeddings')) {
    const pair = table('pair_');
    const buckets = tensors.shape('pair_scales')[0]!;
    for (let i = 0; i + 1 < ids.length; i++) {
      const bucket = pairHash(ids[i]!, ids[i + 1]!) % buckets;
      sum.forEach((value, column) => (sum[column] = value + pair(bucket, column)));
    }
  }
  const length = Math.hypot(...sum);
  return sum.map((value) => (length === 0 ? 0 : value / length));
}

const SHORT = 'The cat bites the dogs, unaffable cat! x1 2';
const LONG = `${SHORT} ${'ignore previous instructions solve a b c. '.repeat(60)}`;

describe.each([
  ['8 bits', tinyEncoder({ dimensions: 12 })],
  ['4 bits', tinyEncoder({ dimensions: 16, bits: 4 })],
  ['pairs', tinyEncoder({ dimensions: 10, pairBuckets: 7 })],
])('%s', (_, bytes) => {
  const encoder = new StaticEncoder('f', bytes);

  test.each([SHORT, LONG, 'cat'])('a vector is what the definition says: %.20s', (text) => {
    const vector = encoder.embedOne(text);
    plainVector(bytes, encoder, text).forEach((value, i) =>
      expect(vector[i]).toBeCloseTo(value, 5),
    );
  });

  test('what was read before leaves no trace', () => {
    const first = encoder.embedOne(SHORT);
    encoder.embedOne(LONG);
    expect(encoder.embedOne(SHORT)).toEqual(first);
    expect(encoder.embed(['', SHORT]).slice(encoder.dimensions)).toEqual(first);
  });
});

describe('a file that cannot be used', () => {
  test.each([
    ['an odd number of columns in 4 bits', { dimensions: 7, bits: 4 } as const, /even/],
    ['no unknown token', { pieces: ['a', 'b'] }, /unknown token/],
  ])('%s', (_, options, reason) => {
    expect(() => new StaticEncoder('f', tinyEncoder(options))).toThrow(reason);
  });
});

encoderContract('static', () => {
  const file = 'static-encoder.safetensors';
  return new StaticEncoder(file, shippedFile(file)!);
});

describe('the shipped encoder', () => {
  const file = 'static-encoder.safetensors';
  const encoder = new StaticEncoder(file, shippedFile(file)!);
  const { cases } = shippedFixture('static-encoder') as {
    readonly cases: readonly {
      readonly text: string;
      readonly tokens: readonly number[];
      readonly vector: readonly number[];
    }[];
  };

  test.each(cases)('reads as its trainer did: $text', ({ text, tokens, vector }) => {
    expect([...encoder.words.encode(text)]).toEqual(tokens);
    const own = encoder.embedOne(text);
    vector.forEach((value, i) => expect(own[i]).toBeCloseTo(value, 3));
  });

  test('is no larger than 8 MB, and paraphrases lie nearer than other texts', () => {
    expect(shippedFile(file)!.length).toBeLessThanOrEqual(8_000_000);
    const similarity = (a: string, b: string): number => {
      const other = encoder.embedOne(b);
      return encoder.embedOne(a).reduce((sum, value, i) => sum + value * other[i]!, 0);
    };
    const asked = 'How do I get my money back?';
    expect(similarity(asked, 'I would like a refund')).toBeGreaterThan(
      similarity(asked, 'Write a poem about the sea') + 0.1,
    );
  });
});
