import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BucketSet } from './bucket-set.ts';

const things = fc.array(
  fc.record({ kind: fc.integer({ min: 1, max: 4 }), hash: fc.integer({ min: -20, max: 20 }) }),
  { maxLength: 60 },
);

test('what was added, each once, and nothing of the pair before', () => {
  const one = new BucketSet(256);
  fc.assert(
    fc.property(things, (added) => {
      one.clear();
      for (const { kind, hash } of added) one.add(kind, hash);
      const distinct = new Set(added.map(({ kind, hash }) => `${kind} ${hash}`));
      const taken = one.take();
      expect(taken).toHaveLength(distinct.size);
      expect(new Set(taken).size).toBe(distinct.size);
    }),
  );
});

test('what is beyond the most is left out', () => {
  const one = new BucketSet(10);
  one.clear();
  for (let hash = 0; hash < 5_000; hash++) one.add(1, hash);
  expect(one.take()).toHaveLength(10);
});
