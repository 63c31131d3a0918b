import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compressForSignals } from './compress.ts';
import { exceedsTokens } from './compress/characters.ts';
import { excerptOf } from './compress/excerpt.ts';

const VERSE =
  'The tide came in before the fishermen had tied their boats, and nobody spoke of it. ';
const prose = (sentences: number): string =>
  Array.from({ length: sentences }, (_, i) => `${VERSE.slice(0, -2)} on day ${i}.`).join(' ');

describe('what is kept', () => {
  test('a text within the budget is the same string', () => {
    expect(compressForSignals('How tall is it?', 100)).toEqual({
      text: 'How tall is it?',
      keptRatio: 1,
    });
  });

  test('one sentence stays whole, whatever the budget', () => {
    const sentence = 'Explain why the sky is blue at noon and red in the evening';
    expect(compressForSignals(sentence, 5).text).toBe(sentence);
  });

  test('a long text keeps its head and its tail and stays within the budget', () => {
    const text = `Translate what follows into French. ${prose(2000)} Answer with the translation alone, please.`;
    const { text: shorter, keptRatio } = compressForSignals(text, 500);
    expect(shorter.startsWith('Translate what follows into French.')).toBe(true);
    expect(shorter.endsWith('Answer with the translation alone, please.')).toBe(true);
    expect(exceedsTokens(shorter, 500)).toBe(false);
    expect(shorter.length).toBeGreaterThan(1000);
    expect(keptRatio).toBeCloseTo(shorter.length / text.length, 10);
  });

  test('a sentence unlike all others survives in the middle of many like each other', () => {
    const question = 'Which enzyme unwinds the double helix of DNA while bacteria replicate it?';
    const text = `${prose(1000)} ${question} ${prose(1000)}`;
    expect(compressForSignals(text, 500).text).toContain(question);
  });

  test('what is kept stands in the order of the text', () => {
    const numbers = [...compressForSignals(prose(3000), 400).text.matchAll(/on day (\d+)/g)].map(
      (match) => Number(match[1]),
    );
    expect(numbers.length).toBeGreaterThan(5);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });
});

describe('structure', () => {
  test('of a long fenced block declarations and comments are left', () => {
    const body = Array.from({ length: 300 }, (_, i) => `  total += values[${i}] * weight;`);
    const code = ['```js', 'function weigh(values) {', ...body, '// rounds to cents', '}', '```'];
    const text = `Why is this slow?\n\n${code.join('\n')}\n\n${prose(100)}`;
    const { text: shorter } = compressForSignals(text, 300);
    expect(shorter).toContain('function weigh(values) {');
    expect(shorter).toContain('// rounds to cents');
    expect(shorter).not.toContain('values[150]');
  });

  test('of a JSON document each key and each value is left once', () => {
    const people = Array.from({ length: 400 }, (_, i) => ({
      city: ['Lisbon', 'Oslo'][i % 2],
      id: i,
    }));
    const text = `Count the people by city:\n${JSON.stringify(people, null, 2)}`;
    const { text: shorter } = compressForSignals(text, 200);
    expect(shorter).toContain('Count the people by city:');
    expect(shorter.match(/"city/g)).toHaveLength(1);
    expect(shorter.match(/Oslo/g)).toHaveLength(1);
  });

  test('brackets that close nothing are prose', () => {
    const text = `[Enter the fishermen\n${prose(300)}`;
    expect(compressForSignals(text, 200).text).toContain('[Enter the fishermen');
  });
});

describe('hostile texts', () => {
  const MILLION = 1_000_000;
  test.each([
    ['one character', 'a'.repeat(10 * MILLION)],
    ['blanks', ' '.repeat(10 * MILLION)],
    ['line ends', '\n'.repeat(10 * MILLION)],
    ['full stops', '. '.repeat(5 * MILLION)],
    ['lone surrogates', '\ud83d'.repeat(5 * MILLION)],
    ['open brackets', '[\n'.repeat(5 * MILLION)],
    ['open quotes', '{"\n'.repeat(3 * MILLION)],
    ['fences', '```\n'.repeat(3 * MILLION)],
  ])('%s are cut short', (_, text) => {
    expect(compressForSignals(text, 1000).text.length).toBeLessThan(20_000);
  });

  test('of a very long text the head, the tail and samples between are read', () => {
    const text = Array.from({ length: 400_000 }, (_, i) => `line ${i}`).join('\n');
    const excerpt = excerptOf(text);
    expect(excerpt.length).toBeLessThan(1_000_100);
    expect(excerpt.startsWith('line 0\n')).toBe(true);
    expect(excerpt.endsWith('line 399999')).toBe(true);
    expect(excerpt).toContain('line 1500');
  });

  test('no surrogate pair is cut', () => {
    const { text } = compressForSignals('😀'.repeat(MILLION), 1000);
    expect(text.isWellFormed()).toBe(true);
    expect(excerptOf('😀'.repeat(2 * MILLION)).isWellFormed()).toBe(true);
  });

  test('any text comes out as a selection of its characters, no longer than it was', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('```\n', '{"a": [1, "b"]}\n', '.\n\n', '[', '"', '。', '\ud800'),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), fc.nat(40), (parts, budget) => {
        const text = parts.join('');
        const { text: shorter, keptRatio } = compressForSignals(text, budget);
        expect(shorter.length).toBeLessThanOrEqual(text.length);
        expect(keptRatio).toBeLessThanOrEqual(1);
        const own = new Set(text);
        const isForeign = (character: string): boolean =>
          character !== '\n' && !/[\ud800-\udfff]/.test(character) && !own.has(character);
        expect(Array.from(shorter).filter(isForeign)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
