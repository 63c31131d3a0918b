import { describe, expect, test } from 'vitest';
import { outcomeNamed } from '../../test/contract/outcome-named.ts';
import { decodeOutcomes, encodeOutcomes } from './outcome-codec.ts';

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
    expect(decodeOutcomes(structuredClone(encodeOutcomes(outcomes)))).toEqual(outcomes);
    expect(decodeOutcomes(encodeOutcomes([]))).toEqual([]);
  });

  test.each([
    [1.4, 1],
    [-3, 0],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER],
    [2 ** 60, Number.MAX_SAFE_INTEGER],
  ])('the ledger sums whole numbers: %s counts as %s', (bad, good) => {
    const [decoded] = decodeOutcomes(encodeOutcomes([outcomeNamed('d-0-1', { costPicoUsd: bad })]));
    expect(decoded!.costPicoUsd).toBe(good);
  });

  test("a client's name is cut before it fills the ledger", () => {
    const [decoded] = decodeOutcomes(
      encodeOutcomes([outcomeNamed('d-0-1', { user: 'u'.repeat(1_000_000) })]),
    );
    expect(decoded!.user).toHaveLength(256);
  });
});
