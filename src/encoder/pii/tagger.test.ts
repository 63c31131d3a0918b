import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TextSpan } from '../../contract/index.ts';
import { createPiiTagger } from './index.ts';
import { PII_TYPES } from '../../contract/index.ts';

const MODELS = new URL('../../../models/', import.meta.url);
const tagger = createPiiTagger(readFileSync(new URL('pii.safetensors', MODELS)));

interface Case {
  readonly text: string;
  readonly spans: readonly TextSpan[];
}

const { cases } = JSON.parse(readFileSync(new URL('fixtures/pii.json', MODELS), 'utf8')) as {
  readonly cases: readonly Case[];
};

describe('the shipped tagger', () => {
  test.each(cases)('finds in "$text" what the trainer found', ({ text, spans }) => {
    const found = tagger.tag(text);
    const places = (all: readonly TextSpan[]): unknown =>
      all.map(({ start, end, type }) => `${type} ${text.slice(start, end)}`);
    expect(places(found)).toEqual(places(spans));
    found.forEach(({ start, confidence }, i) => {
      expect(start).toBe(spans[i]!.start);
      expect(confidence).toBeCloseTo(spans[i]!.confidence, 1.5);
    });
  });
});

const valuesOf = (text: string): string[] =>
  tagger.tag(text).map(({ start, end, type }) => `${type} ${text.slice(start, end)}`);

describe('whatever the text', () => {
  test('spans are in order, apart, inside it, of known types, with a confidence from 0 to 1', () => {
    const parts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        '\u200b',
        '\ud800',
        '@',
        '::',
        'Dr. Anna Berg',
        'a@b.org',
        '4111 1111 1111 1111',
        '\n\n',
        ' in Oslo, ',
      ),
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (all) => {
        const text = all.join('');
        let from = 0;
        for (const { start, end, type, confidence } of tagger.tag(text)) {
          expect(start).toBeGreaterThanOrEqual(from);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(PII_TYPES).toContain(type);
          expect(confidence).toBeGreaterThanOrEqual(0);
          expect(confidence).toBeLessThanOrEqual(1);
          from = end;
        }
      }),
    );
  });

  test('invisible characters split no number, and stand inside its span', () => {
    const card = '4111\u200b1111\u200d1111\u20601111';
    expect(valuesOf(`my card is ${card}.`)).toEqual([`CREDIT_CARD ${card}`]);
    expect(valuesOf('mail to an\u00adna@exam\u200bple.org')).toEqual([
      'EMAIL_ADDRESS an\u00adna@exam\u200bple.org',
    ]);
  });

  test('a needle in a long text is found where it stands', () => {
    const hay = 'the quick brown fox jumps over the lazy dog, again and again. '.repeat(2000);
    const needle = 'My name is Anna Schmidt, reach me at anna@example.org.';
    const text = `${hay}\n${needle}\n${hay}`;
    expect(valuesOf(text)).toEqual(['PERSON Anna Schmidt', 'EMAIL_ADDRESS anna@example.org']);
    expect(tagger.tag(text)[0]!.start).toBe(text.indexOf('Anna'));
  });

  test('most of running text is left out at the first look', () => {
    tagger.tag(
      'we should think about what the results of this experiment mean for our understanding of the problem. '.repeat(
        300,
      ),
    );
    expect(tagger.work.weighed).toBeLessThan(tagger.work.pieces * 0.3);
  });

  test('lines and emoji are one piece however long', () => {
    tagger.tag(`${'-'.repeat(4000)} ${'🙂'.repeat(1000)}\ud800`);
    expect(tagger.work.pieces).toBe(2);
  });

  test.each(['a', '1', '@', '-', '1-', '1 ', 'a@', '\ud800', '\u200f', 'A ', '(1', '::1'])(
    'work on many %j grows no faster than the text',
    (unit) => {
      const counted = (characters: number): number => {
        tagger.tag(unit.repeat(characters / unit.length));
        return tagger.work.pieces + tagger.work.weighed;
      };
      expect(counted(64_000)).toBeLessThanOrEqual(counted(16_000) * 4.2 + 100);
    },
  );
});

test('a file that is no model is refused by name', () => {
  expect(() => createPiiTagger(new Uint8Array(4), 'x.safetensors')).toThrow(/x\.safetensors/);
});
