import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crowdingMs, observeDemand, PressureGauge } from './crowding.ts';
import type { Demand } from '../contract/index.ts';

/** Requests of `tokens`, one every `gapMs`, for as long. */
function steady(gapMs: number, tokens: number, count: number): Demand {
  let demand: Demand | null = null;
  for (let i = 1; i <= count; i++) demand = observeDemand(demand, tokens, i * gapMs);
  return demand!;
}

function perToken(demand: Demand, msPerToken: number, nowMs = demand.atMs): number {
  const gauge = new PressureGauge();
  gauge.add(demand, msPerToken, nowMs);
  return gauge.perToken();
}

describe('the delay of others', () => {
  const amount = fc.double({ min: 0.1, max: 1e4, noNaN: true });
  const pressure = fc.double({ min: 1e-6, max: 1, noNaN: true });

  test('rises with the prompt, the work before it and who comes, and is nothing where nobody does', () => {
    fc.assert(
      fc.property(pressure, fc.tuple(amount, amount), amount, (rate, [tokens, ms], more) => {
        const price = crowdingMs(rate, tokens, ms);
        expect(crowdingMs(0, tokens, ms)).toBe(0);
        expect(price).toBeGreaterThan(0);
        expect(crowdingMs(rate + more, tokens, ms)).toBeGreaterThan(price);
        expect(crowdingMs(rate, tokens + more, ms)).toBeGreaterThan(price);
        expect(crowdingMs(rate, tokens, ms + more)).toBeGreaterThan(price);
      }),
    );
  });
});

describe('what comes to a fleet', () => {
  test('is what a steady stream has in it', () => {
    // 10 requests a second of 100 tokens; 0.5 ms each: half busy.
    const rate = perToken(steady(100, 100, 3_000), 0.5);
    expect(rate / (3 * 0.01 * 0.5 * 2)).toBeCloseTo(1, 1);
  });

  test('is told from a short past as well, and not from less than seconds', () => {
    const long = perToken(steady(100, 100, 3_000), 0.5);
    expect(perToken(steady(100, 100, 100), 0.5) / long).toBeCloseTo(1, 1);
    expect(perToken(steady(1, 100, 10), 0.5)).toBeLessThan(0.2 * long);
  });

  test('fades when nobody comes any more', () => {
    const demand = steady(100, 100, 3_000);
    const later = perToken(demand, 0.5, demand.atMs + 30_000);
    // Half as many come, and a quarter of the time is busy.
    expect(later / perToken(demand, 0.5)).toBeCloseTo((0.5 / 0.75) * 0.5, 1);
  });

  test('an overloaded fleet has a price, and a finite one', () => {
    const rate = perToken(steady(10, 1_000, 1_000), 1);
    expect(rate).toBeGreaterThan(1);
    expect(rate).toBeLessThan(10);
  });

  test('a second instance of the same speed halves what comes to each', () => {
    const demand = steady(400, 100, 1_000);
    const gauge = new PressureGauge();
    for (let i = 0; i < 2; i++)
      gauge.add(
        { ...demand, requests: demand.requests / 2, tokens: demand.tokens / 2 },
        0.5,
        demand.atMs,
      );
    expect(gauge.perToken() / perToken(demand, 0.5)).toBeLessThan(0.55);
  });

  test('nonsense teaches nothing', () => {
    const demand = steady(100, 100, 10);
    for (const tokens of [Number.NaN, -1, Infinity]) {
      expect(observeDemand(demand, tokens, 0)).toBe(demand);
    }
    expect(observeDemand(null, 10, Number.NaN)).toBeNull();
    const gauge = new PressureGauge();
    gauge.add(demand, 0, 1_000);
    gauge.add(demand, Number.NaN, 1_000);
    expect(gauge.perToken()).toBe(0);
    // A clock that goes back.
    expect(observeDemand(demand, 10, -1e9)!.requests).toBeCloseTo(demand.requests + 1, 9);
  });
});
