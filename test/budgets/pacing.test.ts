import { describe, expect, test } from 'vitest';
import { runPacing } from './pacing-run.ts';
import type { PacingCase } from './pacing-run.ts';

const BASE = { requests: 16_000, hasBursts: true, priceDrop: 0.5, limit: 1e9, targetRatio: 0.98 };
/** `PACING_SEEDS=50 npx vitest run test/budgets` for a long look. */
const SEEDS = Number(process.env['PACING_SEEDS'] ?? 3);
const cases = (['usd', 'tokens', 'joules'] as const).flatMap((quantity) =>
  [
    { share: 0.2, hasBursts: true },
    { share: 0.35, hasBursts: true },
    { share: 0.7, hasBursts: false },
  ].flatMap((one) =>
    Array.from({ length: SEEDS }, (_, i) => ({ ...one, quantity, seed: 9_001 + i })),
  ),
);

describe('a paced budget', () => {
  test.each(cases)(
    '$quantity at $share of what there is to save, bursts $hasBursts, seed $seed: within 0.4 % of its target',
    ({ quantity, share, hasBursts, seed }) => {
      const open: PacingCase = { ...BASE, quantity, hasBursts, seed };
      const unpaced = runPacing(open, 'none');
      const cheapest = runPacing(open, 'cheapest');
      const target = cheapest.spent + share * (unpaced.spent - cheapest.spent);
      const paced = runPacing({ ...open, limit: target / open.targetRatio }, 'paced');
      const miss = paced.spent / target - 1;
      if (process.env['PACING_REPORT'] !== undefined) {
        process.stdout.write(
          `${quantity} ${share} ${seed}: miss ${(100 * miss).toFixed(3)} %, accuracy ${paced.accuracy.toFixed(3)} (unpaced ${unpaced.accuracy.toFixed(3)}, cheapest ${cheapest.accuracy.toFixed(3)}), price ${paced.priceHighest.toExponential(1)}\n`,
        );
      }
      expect(Math.abs(miss)).toBeLessThanOrEqual(0.004);
      expect(paced.accuracy).toBeGreaterThan(cheapest.accuracy);
      expect(paced.priceHighest).toBeGreaterThan(0);
    },
  );

  test('costs nothing while spending is behind schedule', () => {
    const open: PacingCase = { ...BASE, quantity: 'usd', seed: 77, hasBursts: false, priceDrop: 1 };
    const unpaced = runPacing(open, 'none');
    const paced = runPacing({ ...open, limit: unpaced.spent * 1.5 }, 'paced');
    expect(paced.spent).toBeCloseTo(unpaced.spent, 9);
  });
});
