import { expect, test } from 'vitest';
import { shippedFixture } from './fixtures/shipped.ts';
import { TEXT_STATS, writeTextStats } from './text-stats.ts';

const { names, cases } = shippedFixture('text-stats') as {
  readonly names: readonly string[];
  readonly cases: readonly {
    readonly text: string;
    readonly stats: Readonly<Record<string, number>>;
  }[];
};

test('every statistic of the trainer has its formula', () => {
  expect([...TEXT_STATS].toSorted()).toEqual([...names].toSorted());
});

test.each(cases)('as the trainer counts: $text', ({ text, stats }) => {
  const values = new Float32Array(names.length + 1);
  writeTextStats(text, names, values, 1);
  names.forEach((name, i) => expect(values[i + 1], name).toBeCloseTo(stats[name]!, 4));
});
