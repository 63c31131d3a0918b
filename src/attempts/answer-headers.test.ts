import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RESPONSE_HEADERS } from '../contract/index.ts';
import { answerHeaders, usdText } from './answer-headers.ts';
import { decide } from './fixtures/exchange.ts';

describe('usdText', () => {
  test.each([
    [0, '0.000000000000'],
    [1, '0.000000000001'],
    [12_345_000, '0.000012345000'],
    [1_000_000_000_000, '1.000000000000'],
    [9_007_199_254_740_991, '9007.199254740991'],
    [Number.NaN, 'unknown'],
    [-1, 'unknown'],
  ])('%d pico-USD is %s', (picoUsd, text) => {
    expect(usdText(picoUsd)).toBe(text);
  });

  test('is exact to the last digit', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (picoUsd) => {
        const [whole, fraction] = usdText(picoUsd).split('.') as [string, string];
        expect(BigInt(whole) * 10n ** 12n + BigInt(fraction)).toBe(BigInt(picoUsd));
      }),
    );
  });

  test('takes promises of any size', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true, max: 1e300 }), (picoUsd) => {
        expect(usdText(picoUsd)).toMatch(/^\d+\.\d{12}$/);
      }),
    );
  });
});

describe('answerHeaders', () => {
  const decision = decide({ body: '{"model":"m"}' }, [{ id: 'a', url: 'http://127.0.0.1:1' }]);
  const bid = decision.result.ranked[0]!;
  const head = {
    contentType: 'application/json',
    isStream: false,
    attempt: 2,
    chargedPicoUsd: 1,
    energy: { energyMicrojoules: 12_345_678, energySource: 'engine' as const },
    budgetWarning: 'acme-daily;usd=80',
    upstreamRequestId: 'r',
  };

  test('are those of the contract, all of them', () => {
    const drawn = { ...decision, result: { ...decision.result, propensity: 0.25 } };
    const { 'content-type': _, ...own } = answerHeaders(drawn, bid, head);
    expect(own['x-bourse-propensity']).toBe('0.250000');
    expect(answerHeaders(decision, bid, head)).not.toHaveProperty('x-bourse-propensity');
    // The others are added where several were asked, and by a route's cache.
    const { cascade, hedge, asideUsd, cache, cacheAge, cacheSimilarity } = RESPONSE_HEADERS;
    const added: readonly string[] = [cascade, hedge, asideUsd, cache, cacheAge, cacheSimilarity];
    const alone = Object.values(RESPONSE_HEADERS).filter((name) => !added.includes(name));
    expect(Object.keys(own).sort()).toEqual(alone.sort());
  });

  test('energy is shown with its source; a stream and an unknown energy show none', () => {
    expect(answerHeaders(decision, bid, head)).toMatchObject({
      'x-bourse-energy-j': '12.346',
      'x-bourse-energy-source': 'engine',
    });
    const energy = { energyMicrojoules: 0, energySource: 'unknown' as const };
    expect(answerHeaders(decision, bid, { ...head, energy })).toMatchObject({
      'x-bourse-energy-j': 'unknown',
      'x-bourse-energy-source': 'unknown',
    });
    const stream = answerHeaders(decision, bid, { ...head, isStream: true, energy: null });
    expect(stream).not.toHaveProperty('x-bourse-energy-j');
    expect(stream).not.toHaveProperty('x-bourse-energy-source');
  });

  test('an id of the upstream that is long or unprintable is left out', () => {
    for (const upstreamRequestId of ['', 'x'.repeat(129), 'a\nb', 'ü']) {
      const headers = answerHeaders(decision, bid, { ...head, upstreamRequestId });
      expect(headers).not.toHaveProperty('x-bourse-upstream-request-id');
    }
  });

  test('the promise is shown to the thousandth, or as unknown', () => {
    const promised = { ...bid, costUsd: null, energyJoules: { mean: 1 / 3, deviation: 0 } };
    expect(answerHeaders(decision, promised, head)).toMatchObject({
      'x-bourse-bid-usd': 'unknown',
      'x-bourse-bid-energy-j': '0.333',
    });
  });

  test('numbers are written as JavaScript writes them', () => {
    const shown = (mean: number): string | undefined =>
      answerHeaders(decision, { ...bid, ttftMs: { mean, deviation: 0 } }, head)[
        'x-bourse-bid-ttft-ms'
      ];
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ min: 0, noNaN: true }), fc.double({ min: 0, max: 5000, noNaN: true })),
        (value) => {
          const rounded = Math.round(value * 1000) / 1000;
          expect(shown(value)).toBe(Number.isFinite(rounded) ? String(rounded) : 'unknown');
        },
      ),
    );
    const plain = ['0', '0.001', '0.01', '0.1', '12.05', '12.5', '7'];
    expect(plain.map((text) => shown(Number(text)))).toEqual(plain);
  });
});
