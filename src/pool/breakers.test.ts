import { describe, expect, test } from 'vitest';
import { createRng, createVirtualClock } from '../kernel/index.ts';
import type { InstanceId } from '../kernel/index.ts';
import type { AttemptResult, BourseEvent, Breakers, HealthConfig } from '../contract/index.ts';
import { createBreakers } from './breakers.ts';

const A = 'a' as InstanceId;
const CONFIG = { failures: 3, openMs: 1_000, openMsMax: 4_000 };
/** Openings are stretched by at most a fifth. */
const stretched = (ms: number): number => ms * 1.2 + 1;

function create(config: HealthConfig['breaker'] = CONFIG) {
  const clock = createVirtualClock();
  const events: BourseEvent[] = [];
  const breakers = createBreakers({
    clock,
    rng: createRng(7),
    config: () => config,
    onEvent: (event) => events.push(event),
  });
  return { clock, events, breakers };
}

function run(breakers: Breakers, result: AttemptResult, retryAfterMs: number | null = null): void {
  const pass = breakers.begin(A);
  expect(pass).not.toBeNull();
  breakers.end(A, pass!, result, retryAfterMs);
}

describe('circuit', () => {
  test('opens after so many failures in a row, and not before', () => {
    const { breakers, events } = create();
    run(breakers, 'connect');
    run(breakers, 'status');
    expect(breakers.isAvailable(A)).toBe(true);
    run(breakers, 'timeout');
    expect(breakers.isAvailable(A)).toBe(false);
    expect(breakers.begin(A)).toBeNull();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ kind: 'circuit-opened', instance: A });
  });

  test('a success between failures starts the count again', () => {
    const { breakers } = create();
    for (const result of ['cut', 'cut', 'ok', 'cut', 'cut'] as const) run(breakers, result);
    expect(breakers.isAvailable(A)).toBe(true);
  });

  test('an aborted request says nothing of the instance', () => {
    const { breakers } = create();
    for (const result of ['cut', 'cut', 'aborted', 'aborted'] as const) run(breakers, result);
    expect(breakers.isAvailable(A)).toBe(true);
    run(breakers, 'cut');
    expect(breakers.isAvailable(A)).toBe(false);
  });

  test('half-open lets one request through, whose success closes it', () => {
    const { breakers, clock, events } = create();
    for (let i = 0; i < 3; i++) run(breakers, 'connect');
    clock.advance(999);
    expect(breakers.isAvailable(A)).toBe(false);
    clock.advance(stretched(1_000) - 999);
    expect(breakers.isAvailable(A)).toBe(true);
    expect(breakers.begin(A)).toBe('trial');
    expect(breakers.isAvailable(A)).toBe(false);
    expect(breakers.begin(A)).toBeNull();
    breakers.end(A, 'trial', 'ok', null);
    expect(breakers.begin(A)).toBe('normal');
    expect(events.at(-1)).toEqual({ kind: 'circuit-closed', instance: A });
  });

  test('a failed trial opens it for twice as long, up to the ceiling', () => {
    const { breakers, clock, events } = create();
    for (let i = 0; i < 3; i++) run(breakers, 'connect');
    for (const lastMs of [1_000, 2_000, 4_000]) {
      clock.advance(stretched(lastMs));
      run(breakers, 'connect');
    }
    const openings = events.map((event) => (event.kind === 'circuit-opened' ? event.forMs : 0));
    expect(openings).toHaveLength(4);
    for (const [index, baseMs] of [1_000, 2_000, 4_000, 4_000].entries()) {
      expect(openings[index]).toBeGreaterThanOrEqual(baseMs);
      expect(openings[index]).toBeLessThanOrEqual(stretched(baseMs));
    }
  });

  test('an aborted trial leaves the next request to be the trial', () => {
    const { breakers, clock } = create();
    for (let i = 0; i < 3; i++) run(breakers, 'connect');
    clock.advance(stretched(1_000));
    run(breakers, 'aborted');
    expect(breakers.begin(A)).toBe('trial');
  });

  test('requests that were under way neither close nor lengthen an open circuit', () => {
    const { breakers, clock, events } = create();
    const late = [breakers.begin(A)!, breakers.begin(A)!];
    for (let i = 0; i < 3; i++) run(breakers, 'connect');
    breakers.end(A, late[0]!, 'ok', null);
    breakers.end(A, late[1]!, 'timeout', null);
    expect(breakers.isAvailable(A)).toBe(false);
    expect(events).toHaveLength(1);
    clock.advance(stretched(1_000));
    expect(breakers.isAvailable(A)).toBe(true);
  });

  test('a late failure does not pass for the trial', () => {
    const { breakers, clock } = create();
    const late = breakers.begin(A)!;
    for (let i = 0; i < 3; i++) run(breakers, 'connect');
    clock.advance(stretched(1_000));
    expect(breakers.begin(A)).toBe('trial');
    breakers.end(A, late, 'cut', null);
    expect(breakers.begin(A)).toBeNull();
    breakers.end(A, 'trial', 'ok', null);
    expect(breakers.isAvailable(A)).toBe(true);
  });

  test('a rate-limited instance is left alone for as long as it asks, an hour at most', () => {
    const { breakers, clock } = create();
    run(breakers, 'rate-limited', 7_500);
    clock.advance(7_499);
    expect(breakers.isAvailable(A)).toBe(false);
    clock.advance(1);
    run(breakers, 'ok');
    run(breakers, 'rate-limited', 86_400_000);
    clock.advance(3_599_999);
    expect(breakers.isAvailable(A)).toBe(false);
    clock.advance(1);
    expect(breakers.isAvailable(A)).toBe(true);
  });

  test('who is left alone says when it is tried again, and whether it has asked for it', () => {
    const { breakers, clock } = create();
    run(breakers, 'rate-limited', 7_500);
    clock.advance(500);
    expect(breakers.recovery?.(A)).toEqual({ afterMs: 7_000, isLimited: true });
    clock.advance(7_000);
    expect(breakers.begin(A)).toBe('trial');
    // Until the trial has ended, nobody knows.
    expect(breakers.recovery?.(A)).toEqual({ afterMs: 1_000, isLimited: true });
    breakers.end(A, 'trial', 'cut', null);
    expect(breakers.recovery?.(A).isLimited).toBe(false);
  });

  test('an instance that is back gets a few requests at once, and twice as many with each success', () => {
    const { breakers, clock } = create({ ...CONFIG, rampFrom: 2 });
    for (let i = 0; i < 3; i++) run(breakers, 'connect');
    clock.advance(stretched(1_000));
    run(breakers, 'ok');
    const passes = [breakers.begin(A)!, breakers.begin(A)!];
    expect(passes).toEqual(['normal', 'normal']);
    expect(breakers.isAvailable(A)).toBe(false);
    breakers.end(A, 'normal', 'ok', null);
    let atOnce = 1;
    while (breakers.begin(A) !== null) atOnce++;
    expect(atOnce).toBe(4);
    for (let i = 0; i < 4; i++) breakers.end(A, 'normal', 'ok', null);
    for (let i = 0; i < 500; i++) expect(breakers.begin(A)).toBe('normal');
  });

  test('a failure among the first ones opens it again, for longer than before', () => {
    const { breakers, clock, events } = create({ ...CONFIG, rampFrom: 2 });
    for (let i = 0; i < 3; i++) run(breakers, 'connect');
    clock.advance(stretched(1_000));
    run(breakers, 'ok');
    run(breakers, 'cut');
    expect(breakers.isAvailable(A)).toBe(false);
    const last = events.at(-1)!;
    expect(last.kind === 'circuit-opened' && last.forMs).toBeGreaterThanOrEqual(2_000);
  });

  test('an instance whose rate is used up is passed over until there is room', () => {
    const { breakers, clock } = create();
    const rates = { requestsPerMinute: 2, tokensPerMinute: null };
    for (let i = 0; i < 2; i++) {
      expect(breakers.isAvailable(A)).toBe(true);
      breakers.begin(A);
      breakers.spend?.(A, rates, 1_000_000);
    }
    expect(breakers.isAvailable(A)).toBe(false);
    expect(breakers.begin(A)).toBeNull();
    expect(breakers.recovery?.(A)).toEqual({ afterMs: 30_000, isLimited: true });
    clock.advance(29_999);
    expect(breakers.isAvailable(A)).toBe(false);
    clock.advance(1);
    expect(breakers.isAvailable(A)).toBe(true);
  });

  test('where workers share the rate, theirs decides', () => {
    const clock = createVirtualClock();
    const taken: string[] = [];
    let roomAfterMs = 0;
    const breakers = createBreakers({
      clock,
      rng: createRng(1),
      config: () => CONFIG,
      onEvent: () => {},
      rates: {
        of: (name, { requests, tokens }) => ({
          admit: () => 0,
          hasRoom: () => roomAfterMs === 0,
          roomAfterMs: () => roomAfterMs,
          take: (used) => void taken.push(`${name} of ${requests}/${tokens}: ${used}`),
        }),
      },
    });
    const rates = { requestsPerMinute: 0.5, tokensPerMinute: null };
    expect(breakers.isAvailable(A)).toBe(true);
    breakers.begin(A);
    breakers.spend?.(A, rates, 40);
    breakers.spend?.(A, rates, 50);
    expect(taken).toEqual([`instance/${A} of 1/Infinity: 40`, `instance/${A} of 1/Infinity: 50`]);
    expect(breakers.isAvailable(A)).toBe(true);
    roomAfterMs = 20_000;
    expect(breakers.begin(A)).toBeNull();
    expect(breakers.recovery?.(A)).toEqual({ afterMs: 20_000, isLimited: true });
  });

  test('tokens may be overdrawn by one request, and are paid back before the next', () => {
    const { breakers, clock } = create();
    const rates = { requestsPerMinute: null, tokensPerMinute: 600 };
    breakers.begin(A);
    breakers.spend?.(A, rates, 900);
    expect(breakers.isAvailable(A)).toBe(false);
    clock.advance(30_000);
    expect(breakers.isAvailable(A)).toBe(false);
    clock.advance(1);
    expect(breakers.isAvailable(A)).toBe(true);
    breakers.spend?.(A, { ...rates, tokensPerMinute: 10_000 }, 900);
    expect(breakers.isAvailable(A)).toBe(true);
  });

  test('counts what is in flight', () => {
    const { breakers } = create();
    expect(breakers.inFlight(A)).toBe(0);
    const first = breakers.begin(A)!;
    breakers.begin(A);
    expect(breakers.inFlight(A)).toBe(2);
    breakers.end(A, first, 'cut', null);
    expect(breakers.inFlight(A)).toBe(1);
  });
});
