import { describe, expect, test } from 'vitest';
import { countSpans, scoreSpans } from './score.ts';

const person = (start: number, end: number) => ({ start, end, type: 'PERSON' });
const address = (start: number, end: number) => ({ start, end, type: 'STREET_ADDRESS' });

describe('scores of spans', () => {
  test('nothing expected and nothing found is perfect', () => {
    expect(scoreSpans([{ expected: [], found: [] }])).toEqual({ precision: 1, recall: 1, f2: 1 });
  });

  test('recall counts more than precision', () => {
    const { precision, recall, f2 } = scoreSpans([
      { expected: [person(0, 4), person(10, 14)], found: [person(0, 4)] },
    ]);
    expect([precision, recall]).toEqual([1, 0.5]);
    expect(f2).toBeCloseTo((5 * 0.5) / (4 + 0.5));
  });

  test('a match shares more than half, has the type, and serves once', () => {
    const expected = [person(0, 10)];
    expect(scoreSpans([{ expected, found: [person(0, 6)] }]).recall).toBe(1);
    expect(scoreSpans([{ expected, found: [person(0, 5)] }]).recall).toBe(0);
    expect(scoreSpans([{ expected, found: [address(0, 10)] }]).recall).toBe(0);
    expect(scoreSpans([{ expected, found: [person(0, 10), person(0, 10)] }]).precision).toBe(0.5);
    expect(scoreSpans([{ expected, found: [person(0, 6)] }], 'exact').recall).toBe(0);
  });

  test('joins neighbours of one type that white space parts, where the text is given', () => {
    const text = '12 High Street\n Leeds';
    const entry = { expected: [address(0, 2), address(3, 14)], found: [address(0, 14)] };
    expect(scoreSpans([{ ...entry, text }]).f2).toBe(1);
    expect(scoreSpans([entry]).recall).toBe(0.5);
    expect(scoreSpans([{ ...entry, text }], 'exact').recall).toBe(0);
  });

  test('knows the names of other data sets, and counts by type', () => {
    const counts = countSpans(
      [{ expected: [{ start: 0, end: 4, type: 'LOCATION' }], found: [] }],
      'exact',
    );
    expect([...counts]).toEqual([['GPE', { expected: 1, found: 0, matched: 0 }]]);
  });
});
