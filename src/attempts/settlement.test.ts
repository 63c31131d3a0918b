import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { InstanceState, PowerCurve } from '../contract/index.ts';
import { decide } from './fixtures/exchange.ts';
import { energyOf } from './settlement.ts';
import type { EnergyLoad } from './settlement.ts';

const POWER: PowerCurve = { idleWatts: 70, peakWatts: 300, gpus: 1, steepness: 1, midpoint: 4 };
const ENDED_MS = 1_000_000;
const timing = { ttftMs: 100, totalMs: 2_000, decodeMs: 1_900 };

function bidWith(power: PowerCurve | null) {
  const decision = decide({ body: '{"model":"m"}' }, [{ id: 'a', url: 'http://127.0.0.1:1' }]);
  const bid = decision.result.ranked[0]!;
  const instance = { ...bid.instance, model: { ...bid.instance.model, power } };
  return { bid: { ...bid, instance, waitMs: 20 }, state: decision.fleet.states[0]! };
}

function loadOf(
  state: InstanceState,
  told: { watts: number | null; running: number | null; agoMs: number },
): EnergyLoad {
  const telemetry = {
    ...state.telemetry,
    powerWatts: told.watts,
    runningRequests: told.running,
  };
  const latest = { ...state, telemetry, observedAtMs: ENDED_MS - told.agoMs };
  return { state, latest, endedAtMs: ENDED_MS, inFlight: 3 };
}

describe('energy', () => {
  test('is the share of the batch in the power that was reported while the answer was made', () => {
    const { bid, state } = bidWith(POWER);
    const load = loadOf(state, { watts: 400, running: 8, agoMs: 500 });
    expect(energyOf(bid, timing, load)).toEqual({
      energyMicrojoules: Math.round(((400 * 1.98) / 8) * 1e6),
      energySource: 'engine',
    });
  });

  test('where the engine does not say how many run, the own count stands for it', () => {
    const { bid, state } = bidWith(null);
    const load = loadOf(state, { watts: 300, running: null, agoMs: 0 });
    expect(energyOf(bid, timing, load).energyMicrojoules).toBe(198_000_000);
  });

  test('a report from before the answer says nothing of it: the curve does', () => {
    const { bid, state } = bidWith(POWER);
    const load = loadOf(state, { watts: 400, running: 8, agoMs: 2_001 });
    expect(energyOf(bid, timing, load).energySource).toBe('curve');
    const { bid: uncurved } = bidWith(null);
    expect(energyOf(uncurved, timing, load).energySource).toBe('engine');
  });

  test('without a curve and without a report it is unknown', () => {
    const { bid, state } = bidWith(null);
    const load = loadOf(state, { watts: null, running: 8, agoMs: 0 });
    expect(energyOf(bid, timing, load)).toEqual({ energyMicrojoules: 0, energySource: 'unknown' });
    expect(energyOf(bid, timing, { ...load, latest: undefined }).energySource).toBe('unknown');
  });

  test('is a safe whole number of microjoules, whatever was reported', () => {
    const { bid, state } = bidWith(POWER);
    const watts = fc.double({ min: 0, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(watts, fc.nat(64), fc.nat(4_000), (reported, running, agoMs) => {
        const load = loadOf(state, { watts: reported, running, agoMs });
        const { energyMicrojoules } = energyOf(bid, timing, load);
        expect(Number.isSafeInteger(energyMicrojoules)).toBe(true);
        expect(energyMicrojoules).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
