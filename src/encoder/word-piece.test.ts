import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WordPiece } from './word-piece.ts';

interface Case {
  readonly text: string;
  readonly ids: readonly number[];
  readonly places: readonly (readonly [number, number])[];
}

const fixture = JSON.parse(
  readFileSync(new URL('fixtures/word-piece.json', import.meta.url), 'utf8'),
) as { readonly pieces: readonly string[]; readonly cases: readonly Case[] };

const options = { continuation: '##', unknown: '[UNK]', maxWordCharacters: 100 };
const words = new WordPiece({ pieces: fixture.pieces, ...options });

describe('parity with Hugging Face tokenizers', () => {
  test.each(fixture.cases)('$text', ({ text, ids, places }) => {
    expect([...words.encode(text)]).toEqual(ids);
    const placed = words.encodePlaced(text);
    expect([...placed.ids]).toEqual(ids);
    expect(Array.from(placed.starts, (start, i) => [start, placed.ends[i]])).toEqual(places);
  });
});

describe('any text', () => {
  const text = fc.string({ unit: 'binary', maxLength: 200 });

  test('tokens lie in order inside the text, and none is empty', () => {
    fc.assert(
      fc.property(text, (input) => {
        const { ids, starts, ends } = words.encodePlaced(input);
        expect([...ids]).toEqual([...words.encode(input)]);
        for (let i = 0; i < ids.length; i++) {
          expect(ends[i]).toBeGreaterThan(starts[i]!);
          expect(starts[i]).toBeGreaterThanOrEqual(i === 0 ? 0 : starts[i - 1]!);
          expect(ends[i]).toBeLessThanOrEqual(input.length);
        }
      }),
    );
  });

  test('two texts with a space between them are read as each by itself', () => {
    fc.assert(
      fc.property(text, text, (first, second) => {
        const together = [...words.encode(`${first} ${second}`)];
        expect(together).toEqual([...words.encode(first), ...words.encode(second)]);
      }),
    );
  });
});

describe('hostile texts', () => {
  const MILLION = 1_000_000;

  test.each([
    ['one letter', 'x', 1],
    ['spaces', ' ', 0],
    ['punctuation', '!', 10 * MILLION],
    ['zero-width spaces', '\u200b', 0],
    ['lone surrogates', '\ud800', 0],
    ['accents alone', '\u0301', 0],
  ])('ten million times %s', (_, character, count) => {
    expect(words.encode(character.repeat(10 * MILLION))).toHaveLength(count);
  });

  test('a word that is too long is one unknown token over its whole length', () => {
    const { ids, starts, ends } = words.encodePlaced(`a ${'😀é'.repeat(MILLION)} b`);
    expect([...ids]).toEqual([words.encode('a')[0], words.unknownId, words.encode('b')[0]]);
    expect([starts[1], ends[1]]).toEqual([2, 2 + 3 * MILLION]);
  });

  test('a lone surrogate is dropped, whatever stands beside it', () => {
    expect([...words.encode('he\ud800llo\udfff')]).toEqual([...words.encode('hello')]);
  });

  test('all of Unicode in one text', () => {
    let text = '';
    for (let codePoint = 0; codePoint < 0x110000; codePoint += 7) {
      text += String.fromCodePoint(codePoint);
    }
    const { ids } = words.encodePlaced(text);
    expect([...words.encode(text)]).toEqual([...ids]);
  });
});

test('a vocabulary without shared beginnings fits', () => {
  const pieces = Array.from({ length: 20_000 }, (_, i) => String.fromCharCode(0x4e00 + i) + i);
  const own = new WordPiece({ pieces: ['[UNK]', ...pieces], ...options });
  expect(own.encode(pieces[77]!)).toHaveLength(2);
  const latin = Array.from({ length: 70_000 }, (_, i) => `q${i.toString(36)}z`);
  const many = new WordPiece({ pieces: ['[UNK]', ...latin], ...options });
  expect([...many.encode(latin[69_999]!)]).toEqual([70_000]);
});

test('of pieces that are the same, the first counts', () => {
  const twice = new WordPiece({ pieces: ['[UNK]', 'ab', 'ab', 'a'], ...options });
  expect([...twice.encode('ab a abx')]).toEqual([1, 3, 0]);
});
