import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LABELS_MAX, PackedWeights } from './packed-weights.ts';

test('sums rows as adding them one by one does', () => {
  const weight = fc.integer({ min: -127, max: 127 });
  const labels = fc.integer({ min: 1, max: LABELS_MAX });
  const table = labels.chain((count) =>
    fc.array(fc.array(weight, { minLength: count, maxLength: count }), {
      minLength: 1,
      maxLength: 6,
    }),
  );
  fc.assert(
    fc.property(table, fc.array(fc.nat(), { maxLength: 31 }), (rows, picks) => {
      const count = rows[0]!.length;
      const packed = new PackedWeights(Int8Array.from(rows.flat()), count);
      const chosen = Int32Array.from(picks, (pick) => pick % rows.length);
      const sums = new Int32Array(LABELS_MAX);
      packed.sum(chosen, sums);
      const expected = Array.from({ length: LABELS_MAX }, (_, label) =>
        Array.from(chosen).reduce((sum, row) => sum + (rows[row]![label] ?? 0), 0),
      );
      expect([...sums]).toEqual(expected.map((sum) => sum + 0));
    }),
  );
});
