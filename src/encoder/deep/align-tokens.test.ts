import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alignTokens } from './align-tokens.ts';
import type { PieceSurface } from './align-tokens.ts';

const pieces = (...surfaces: (string | null)[]): PieceSurface[] =>
  surfaces.map((surface, i) => ({ id: i, surface, isContinuation: false }));

function placed(text: string, surfaces: readonly (string | null)[]): string[] {
  const { starts, ends } = alignTokens(text, pieces(...surfaces));
  return Array.from(starts, (start, i) => text.slice(start, ends[i]));
}

test('pieces are found in their order, without regard to case, accents and what was dropped', () => {
  expect(placed('Zoë  MÜLLER-ß', ['zoe', 'mull', 'er', '-', 'ß'])).toEqual([
    'Zoë',
    'MÜLL',
    'ER',
    '-',
    'ß',
  ]);
  expect(placed('a\u200bb\ufeff c', ['ab', 'c'])).toEqual(['a\u200bb', 'c']);
  expect(placed('ﬁne ½', ['fine', '1⁄2'])).toEqual(['ﬁne', '½']);
});

test('an unknown piece is a word, and one that is not there is empty', () => {
  expect(placed('😀😀 cat', [null, 'cat'])).toEqual(['😀😀', 'cat']);
  expect(placed('cat dog', ['cat', 'horse', 'dog'])).toEqual(['cat', '', 'dog']);
});

test('a piece that joins a word goes on with it; a comma does not', () => {
  const { continues } = alignTokens('Smiths, x', pieces('Smi', 'ths', ',', 'x'));
  expect([...continues]).toEqual([0, 1, 0, 0]);
});

test('places lie in order inside the text, whatever the pieces are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string()), (text, surfaces) => {
      const { starts, ends } = alignTokens(text, pieces(...surfaces));
      let last = 0;
      starts.forEach((start, i) => {
        expect(start).toBeGreaterThanOrEqual(last);
        expect(ends[i]).toBeGreaterThanOrEqual(start);
        expect(ends[i]).toBeLessThanOrEqual(text.length);
        last = ends[i]!;
      });
    }),
  );
});
