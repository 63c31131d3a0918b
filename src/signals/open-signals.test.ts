import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../kernel/index.ts';
import type { Reading, SignalSlot } from '../contract/index.ts';
import { fakeWorkload } from './fixtures/fake-workload.ts';
import { openSignals } from './open-signals.ts';

function slot(read: () => Reading | Promise<Reading>): SignalSlot & { calls: number } {
  const counting = {
    key: 'test',
    kind: 'test',
    cost: 'free' as const,
    calls: 0,
    read: () => {
      counting.calls++;
      return read();
    },
  };
  return counting;
}

describe('openSignals', () => {
  test('reads a slot once and measures it', () => {
    const clock = createVirtualClock();
    const slow = slot(() => {
      clock.advance(2);
      return { value: 7, confidence: 1 };
    });
    const never = slot(() => ({ value: 0, confidence: 1 }));
    const reader = openSignals([slow, never], fakeWorkload(), clock);
    const expected = { value: 7, confidence: 1, spentMicroseconds: 2000 };
    expect(reader.read(0)).toEqual(expected);
    expect(reader.read(0)).toBe(reader.read(0));
    expect(slow.calls).toBe(1);
    expect(never.calls).toBe(0);
    expect(reader.readings()).toEqual([expected, undefined]);
  });

  test('shares one promise, then its value', async () => {
    let settle: (reading: Reading) => void = () => undefined;
    const remote = slot(
      () =>
        new Promise<Reading>((resolve) => {
          settle = resolve;
        }),
    );
    const reader = openSignals([remote], fakeWorkload(), createVirtualClock());
    const first = reader.read(0);
    expect(reader.read(0)).toBe(first);
    expect(reader.readings()).toEqual([undefined]);
    settle({ value: 'de', confidence: 0.9 });
    await expect(first).resolves.toMatchObject({ value: 'de', confidence: 0.9 });
    expect(reader.read(0)).toMatchObject({ value: 'de' });
    expect(remote.calls).toBe(1);
  });

  test('makes a throw and a rejection unknown, without their message', async () => {
    const secret = new TypeError('the client wrote: hunter2');
    const throwing = slot(() => {
      throw secret;
    });
    const rejecting = slot(() => Promise.reject(secret));
    const reader = openSignals([throwing, rejecting], fakeWorkload(), createVirtualClock());
    const unknown = { value: null, confidence: 0, reason: 'the signal failed (TypeError)' };
    expect(reader.read(0)).toMatchObject(unknown);
    await expect(reader.read(1)).resolves.toMatchObject(unknown);
    expect(throwing.calls).toBe(1);
  });

  test('keeps two requests apart', () => {
    const echo: SignalSlot = {
      key: 'echo',
      kind: 'echo',
      cost: 'free',
      read: (workload) => ({ value: workload.promptBytes, confidence: 1 }),
    };
    const clock = createVirtualClock();
    const one = openSignals([echo], fakeWorkload({ promptBytes: 1 }), clock);
    const two = openSignals([echo], fakeWorkload({ promptBytes: 2 }), clock);
    expect(one.read(0)).toMatchObject({ value: 1 });
    expect(two.read(0)).toMatchObject({ value: 2 });
  });
});
