import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeepReader } from './deep-reader.ts';
import type { DeepHead, DeepSentence } from './deep-metadata.ts';
import type { TokenSession } from './token-session.ts';
import { centresOf, windowsOver } from './token-windows.ts';
import { createWordPieceTokens } from './word-piece-tokens.ts';

const PIECES = '[UNK] [CLS] [SEP] a b c d anna smith ##s paris bad'.split(' ');
const tokeniser = createWordPieceTokens({
  pieces: PIECES,
  continuation: '##',
  unknown: '[UNK]',
  maxWordCharacters: 100,
  start: '[CLS]',
  end: '[SEP]',
});
const id = (piece: string): number => PIECES.indexOf(piece);

describe('windows', () => {
  const counts = fc.record({
    count: fc.nat(500),
    tokens: fc.integer({ min: 2, max: 60 }),
    stride: fc.integer({ min: 1, max: 60 }),
  });

  test('cover every token, are full where they can be, and their centres part the text', () => {
    fc.assert(
      fc.property(counts, ({ count, tokens, stride }) => {
        const windows = windowsOver(count, tokens, Math.min(stride, tokens));
        expect(windows[0]!.start).toBe(0);
        expect(windows.at(-1)!.end).toBe(count);
        for (const [i, { start, end }] of windows.entries()) {
          expect(end - start).toBe(Math.min(tokens, count));
          if (i > 0) expect(start).toBeLessThanOrEqual(windows[i - 1]!.end);
        }
        const centres = centresOf(windows);
        expect(centres[0]!.start).toBe(0);
        expect(centres.at(-1)!.end).toBe(count);
        for (const [i, { start, end }] of centres.entries()) {
          if (i > 0) expect(start).toBe(centres[i - 1]!.end);
          expect(start).toBeGreaterThanOrEqual(windows[i]!.start);
          expect(end).toBeLessThanOrEqual(windows[i]!.end);
        }
      }),
    );
  });
});

/** Says of a sequence what its tokens are; keeps what it was asked. */
class FakeSession implements TokenSession {
  readonly asked: number[][] = [];

  run(ids: Int32Array): Promise<ReadonlyMap<string, Float32Array>> {
    this.asked.push([...ids]);
    const count = (piece: string): number => ids.filter((token) => token === id(piece)).length;
    const tags = [...ids].flatMap((token) => [
      1,
      token === id('anna') || token === id('smith') ? 5 : 0,
      token === id('smith') ? 6 : 0,
      token === id('paris') ? 5 : 0,
    ]);
    const rows = [...ids].flatMap((token) => [
      token === id('a') ? 1 : 0,
      token === id('b') ? 1 : 0,
    ]);
    return Promise.resolve(
      new Map([
        ['sentence', Float32Array.of(count('a'), count('b'))],
        ['rows', Float32Array.from(rows)],
        ['attack', Float32Array.of(count('bad') * 10 - 5)],
        ['domain', Float32Array.of(count('a'), count('b'), count('c'))],
        ['pii', Float32Array.from(tags)],
      ]),
    );
  }
}

const window = { tokens: 6, stride: 3, aggregate: 'mean' } as const;
const plain = {
  calibration: { kind: 'temperature', temperature: 1 },
  threshold: null,
  band: null,
} as const;
const attack: DeepHead = {
  ...plain,
  labels: ['benign', 'attack'],
  output: 'sigmoid',
  window: { ...window, aggregate: 'max' },
};
const domain: DeepHead = { ...plain, labels: ['x', 'y', 'z'], output: 'softmax', window };
const pii: DeepHead = {
  ...plain,
  labels: ['O', 'B-PERSON', 'I-PERSON', 'B-GPE'],
  output: 'tags',
  window: { ...window, aggregate: 'centre' },
};
const sentence: DeepSentence = { output: 'sentence', pooling: 'none', window };

describe('a reader', () => {
  test('asks the model once about a text, whatever is wanted of it', async () => {
    const session = new FakeSession();
    const reader = new DeepReader(tokeniser, session);
    await Promise.all([
      reader.embed(sentence, 'a b'),
      reader.classify('domain', domain, 'a b'),
      reader.classify('attack', attack, 'a b'),
      reader.tag('pii', pii, 'a b'),
    ]);
    expect(session.asked).toEqual([[id('[CLS]'), id('a'), id('b'), id('[SEP]')]]);
  });

  test('finds what stands in any window of a long text', async () => {
    const reader = new DeepReader(tokeniser, new FakeSession());
    for (let at = 0; at < 40; at++) {
      const text = `${'a '.repeat(at)}bad${' b'.repeat(40 - at)}`;
      const { label, confidence } = await reader.classify('attack', attack, text);
      expect([label, confidence > 0.99]).toEqual(['attack', true]);
    }
    expect((await reader.classify('attack', attack, 'a '.repeat(200))).label).toBe('benign');
  });

  test('weighs windows by their length', async () => {
    const reader = new DeepReader(tokeniser, new FakeSession());
    const vector = await reader.embed(sentence, 'a a a a a a b b b');
    expect(vector![0]! > vector![1]! && vector![1]! > 0).toBe(true);
    expect(Math.hypot(...vector!)).toBeCloseTo(1, 6);
    const { probabilities } = await reader.classify(
      'domain',
      domain,
      'a '.repeat(30) + 'b '.repeat(30),
    );
    expect(probabilities[0]).toBeCloseTo(probabilities[1]!, 1);
  });

  test('makes one vector of a row per token', async () => {
    const reader = new DeepReader(tokeniser, new FakeSession());
    const rows: DeepSentence = { output: 'rows', pooling: 'rows', window };
    const mean = await reader.embed(rows, 'a a b');
    expect(mean![0]! / mean![1]!).toBeCloseTo(2, 5);
    const first = await reader.embed({ ...rows, pooling: 'first' }, 'a a b');
    expect([...first!]).toEqual([0, 0]);
  });

  test('has no vector of a text without tokens', async () => {
    const session = new FakeSession();
    expect(await new DeepReader(tokeniser, session).embed(sentence, ' \u200b')).toBeNull();
    expect(session.asked).toEqual([]);
  });

  test('tags spans over whole words, across windows, with places in the text', async () => {
    const reader = new DeepReader(tokeniser, new FakeSession());
    for (let at = 0; at < 12; at++) {
      const before = 'a '.repeat(at);
      const text = `${before}Ánna  Smiths Paris ${'b '.repeat(12)}`;
      const spans = await reader.tag('pii', pii, text);
      expect(spans.map(({ start, end, type }) => [text.slice(start, end), type])).toEqual([
        ['Ánna  Smiths', 'PERSON'],
        ['Paris', 'GPE'],
      ]);
    }
  });

  test('a run that fails is tried again by the next question', async () => {
    let runs = 0;
    const session: TokenSession = {
      run: (ids) => (runs++ === 0 ? Promise.reject(new Error('lost')) : new FakeSession().run(ids)),
    };
    const reader = new DeepReader(tokeniser, session);
    await expect(reader.classify('attack', attack, 'a')).rejects.toThrow('lost');
    expect((await reader.classify('attack', attack, 'a')).label).toBe('benign');
  });
});
