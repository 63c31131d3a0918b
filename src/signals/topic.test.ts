import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../kernel/index.ts';
import type { Reading, Signal, SignalSlot, Workload } from '../contract/index.ts';
import { openSignals } from './open-signals.ts';
import { createTopicReader } from './topic.ts';

const WORKLOAD = {} as Workload;

function rig(readings: Readonly<Record<string, Reading | Promise<Reading> | Error>>) {
  const clock = createVirtualClock();
  const reads: string[] = [];
  const slots = Object.entries(readings).map(([kind, reading]): SignalSlot => ({
    key: kind,
    kind,
    cost: reading instanceof Promise ? 'model' : 'text',
    read: () => {
      reads.push(kind);
      if (reading instanceof Error) throw reading;
      return reading;
    },
  }));
  const signals = slots.map((slot): Signal => {
    const part: Partial<Signal> = { kind: slot.kind, valueSlot: () => slot };
    return part as Signal;
  });
  const topics = createTopicReader(signals, clock);
  // The first that asks has the models loaded.
  const before = openSignals([], WORKLOAD, clock);
  const cold = topics.read(WORKLOAD, before, []);
  clock.advance(10);
  return {
    cold,
    reads,
    slots,
    /** `of`: the slots that the policy has. */
    read: (of: readonly SignalSlot[] = []) => {
      const memo = openSignals(of, WORKLOAD, clock);
      return {
        memo,
        topic: (byDifficulty = false) => topics.read(WORKLOAD, memo, of, byDifficulty),
      };
    },
  };
}

const known = (value: Reading['value']): Reading => ({ value, confidence: 0.9 });

describe('the topic of a request', () => {
  test('is the likeliest domain and the band of its complexity, read once', () => {
    const { read, reads } = rig({
      domain: known({ law: 0.2, math: 0.7 }),
      complexity: known(0.8),
    });
    const { topic } = read();
    expect(topic()).toMatchObject({ domain: 'math', band: 'hard' });
    expect(topic()).toBe(topic());
    expect(reads).toEqual(['domain', 'complexity']);
  });

  test('of the first request is unknown: it does not wait for the models', () => {
    const { cold, reads } = rig({ domain: known({ law: 0.9 }) });
    expect(cold).toEqual({ domain: null, band: null, spentMicroseconds: 0 });
    expect(reads).toEqual([]);
  });

  test('has a difficulty without a certain domain where difficulty counts', () => {
    const { read } = rig({ domain: known({ law: 0.3, math: 0.4 }), complexity: known(0.2) });
    expect(read().topic()).not.toHaveProperty('chance');
    expect(read().topic(true)).toMatchObject({ domain: null, band: null, chance: 0.2 });
  });

  test('uses and leaves the readings that conditions use', () => {
    const { read, reads, slots } = rig({ domain: known({ law: 0.8 }), complexity: known(0.1) });
    const { memo, topic } = read(slots);
    void memo.read(0);
    expect(topic()).toMatchObject({ domain: 'law', band: 'easy' });
    expect(reads).toEqual(['domain', 'complexity']);
    expect(memo.readings()[1]).toMatchObject({ value: 0.1 });
  });

  test.each([
    ['no domain is likelier than all others', known({ law: 0.4, math: 0.4 })],
    ['there is no text', { value: null, confidence: 0, reason: 'there is no text' }],
    ['the classifier is slow', Promise.resolve(known({ law: 0.9 }))],
  ])('is unknown where %s', (_, domain) => {
    const { read, reads } = rig({ domain, complexity: known(0.8) });
    expect(read().topic()).toMatchObject({ domain: null, band: null });
    expect(reads).not.toContain('complexity');
  });

  test('of a slow classifier is known where a condition waited for it', async () => {
    const { read, slots } = rig({
      domain: Promise.resolve(known({ law: 0.9 })),
      complexity: Promise.resolve(known(0.5)),
    });
    const { memo, topic } = read(slots);
    await memo.read(0);
    expect(topic()).toMatchObject({ domain: 'law', band: null });
  });

  test('is unknown where nothing tells it, or reading it fails', () => {
    expect(rig({}).read().topic()).toMatchObject({ domain: null, band: null });
    const failing = rig({ domain: new Error('secret text'), complexity: known(0.5) });
    expect(failing.read(failing.slots).topic()).toMatchObject({ domain: null });
    expect(failing.read().topic()).toMatchObject({ domain: null });
  });
});
