import { describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import { scanBody } from '../wire/index.ts';
import { readPreferences } from './preferences.ts';

const read = (
  bourse: unknown,
  header?: string,
  model = 'auto',
): ReturnType<typeof readPreferences> =>
  readPreferences(scanBody(Buffer.from(JSON.stringify({ model, bourse }))), header, model);

function faultOf(run: () => unknown): [string, string | null, string] {
  try {
    run();
  } catch (error) {
    if (Fault.isInstance(error)) return [error.code, error.param, error.message];
    throw error;
  }
  throw new Error('accepted');
}

describe('the mode', () => {
  test('comes from the body, else the header, else the model', () => {
    expect(read({ mode: 'eco' }, 'latency', 'auto:accuracy').mode).toBe('eco');
    expect(read({}, ' latency ', 'auto:accuracy').mode).toBe('latency');
    expect(read(undefined, '', 'auto:accuracy').mode).toBe('accuracy');
    expect(read(null, undefined, 'auto').mode).toBeNull();
    expect(read(undefined, undefined, 'llama-70b').mode).toBeNull();
  });

  test.each([
    [() => read({ mode: 5 }), 'bourse.mode'],
    [() => read({ mode: 'a b' }), 'bourse.mode'],
    [() => read(undefined, 'a\tb'), 'x-bourse-mode'],
    [() => read(undefined, 'm'.repeat(65)), 'x-bourse-mode'],
    [() => read(undefined, undefined, 'auto:'), 'model'],
  ])('must be a name', (run, param) => {
    expect(faultOf(run).slice(0, 2)).toEqual(['BRS_FIELD_TYPE', param]);
  });
});

describe('weights and limits', () => {
  test('are taken as they are; what is not stated is null', () => {
    expect(
      read({
        weights: { usdPerError: 0, usdPerSecond: 0.5 },
        limits: { maxTtftMs: 800, minAccuracy: 0.6 },
      }),
    ).toEqual({
      mode: null,
      weights: { usdPerError: 0, usdPerSecond: 0.5 },
      limits: {
        maxCostUsd: null,
        maxTtftMs: 800,
        maxLatencyMs: null,
        minAccuracy: 0.6,
        maxEnergyJoules: null,
        quantile: 0.9,
      },
    });
    expect(read({ limits: { quantile: 0.5 } }).limits?.quantile).toBe(0.5);
    expect(read({ weights: null, limits: null })).toEqual({
      mode: null,
      weights: null,
      limits: null,
    });
  });

  test.each([
    [{ wieghts: {} }, 'bourse.wieghts'],
    [{ weights: { usdPerMinute: 1 } }, 'bourse.weights.usdPerMinute'],
    [{ limits: { maxCost: 1 } }, 'bourse.limits.maxCost'],
  ])('an unknown key is an error that names it and the known ones: %j', (bourse, param) => {
    const [code, named, message] = faultOf(() => read(bourse));
    expect([code, named]).toEqual(['BRS_FIELD_UNSUPPORTED', param]);
    expect(message).toContain('known are');
  });

  test.each([
    ['eco', 'bourse'],
    [[], 'bourse'],
    [{ weights: 3 }, 'bourse.weights'],
    [{ weights: { usdPerError: -1 } }, 'bourse.weights.usdPerError'],
    [{ limits: { maxCostUsd: '1' } }, 'bourse.limits.maxCostUsd'],
    [{ limits: { minAccuracy: 60 } }, 'bourse.limits.minAccuracy'],
    [{ limits: { quantile: 1 } }, 'bourse.limits.quantile'],
    [{ limits: { quantile: 0 } }, 'bourse.limits.quantile'],
  ])('a wrong type names its place: %j', (bourse, param) => {
    expect(faultOf(() => read(bourse)).slice(0, 2)).toEqual(['BRS_FIELD_TYPE', param]);
  });

  test('a number that overflows is no number', () => {
    const body = scanBody(Buffer.from('{"bourse":{"limits":{"maxCostUsd":1e999}}}'));
    expect(faultOf(() => readPreferences(body, undefined, 'auto'))[1]).toBe(
      'bourse.limits.maxCostUsd',
    );
  });
});
