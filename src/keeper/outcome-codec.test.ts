import { describe, expect, test } from 'vitest';
import { outcomeNamed } from '../../test/contract/outcome-named.ts';
import type { Outcome } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { OutcomeDecoder, OutcomeEncoder } from './outcome-codec.ts';

const crossed = (outcomes: readonly Outcome[]): Outcome[] =>
  new OutcomeDecoder().decode(structuredClone(new OutcomeEncoder().encode(outcomes)));

describe('outcome codec', () => {
  test('outcomes cross a thread unchanged', () => {
    const [attempt] = outcomeNamed('x').attempts;
    const outcomes = [
      outcomeNamed('d-0-1'),
      outcomeNamed('d-0-2', { attempts: [], instance: null, model: null, ttftMs: null }),
      outcomeNamed('d-0-3', {
        user: 'zoe',
        reservation: 'd-0-3',
        attempts: [{ ...attempt!, result: 'timeout', status: null, ttftMs: null }, attempt!],
      }),
    ];
    expect(crossed(outcomes)).toEqual(outcomes);
    expect(crossed([])).toEqual([]);
  });

  test('and so do the shares of several that were charged', () => {
    const [attempt] = outcomeNamed('x').attempts;
    const usage = { promptTokens: 3, cachedTokens: 0, outputTokens: 2, isEstimated: true };
    const share = {
      role: 'hedge',
      model: 'm' as ModelId,
      usage,
      costPicoUsd: 7,
      energyMicrojoules: 1,
      confidence: null,
    } as const;
    const outcomes = [outcomeNamed('d-0-1', { attempts: [{ ...attempt!, share }, attempt!] })];
    expect(crossed(outcomes)).toEqual(outcomes);
  });

  test.each([
    [1.4, 1],
    [-3, 0],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER],
    [2 ** 60, Number.MAX_SAFE_INTEGER],
  ])('the ledger sums whole numbers: %s counts as %s', (bad, good) => {
    const [decoded] = crossed([outcomeNamed('d-0-1', { costPicoUsd: bad })]);
    expect(decoded!.costPicoUsd).toBe(good);
  });

  test("a client's name is cut before it fills the ledger", () => {
    const [decoded] = crossed([outcomeNamed('d-0-1', { user: 'u'.repeat(1_000_000) })]);
    expect(decoded!.user).toHaveLength(256);
  });

  test('words cross once, and both ends agree past their limit', () => {
    const encoder = new OutcomeEncoder();
    const decoder = new OutcomeDecoder();
    const lengths: number[] = [];
    for (let batch = 0; batch < 3; batch++) {
      const outcomes = Array.from({ length: 3_000 }, (_, i) =>
        outcomeNamed(`d-${batch}-${i}`, { route: `route ${(i * 7) % 5_000}`, mode: 'eco' }),
      );
      const cells = encoder.encode(outcomes);
      lengths.push(cells.filter((cell) => cell === 'eco').length);
      expect(decoder.decode(structuredClone(cells))).toEqual(outcomes);
    }
    expect(lengths).toEqual([1, 0, 0]);
  });
});
