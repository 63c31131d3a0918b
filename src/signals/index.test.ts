import { describe, expect, test } from 'vitest';
import { SIGNAL_COSTS } from '../contract/index.ts';
import type { SignalDefinition } from '../contract/index.ts';
import { fakeWorkload } from './fixtures/fake-workload.ts';
import { BUILT_IN_SIGNALS } from './index.ts';
import { readSlot } from './fixtures/read-slot.ts';

/** One good condition of each kind. */
const GOOD: Readonly<Record<string, unknown>> = {
  keyword: 'titan',
  contextTokens: { atLeast: 10 },
  structure: { questionMarks: { atLeast: 1 }, isJson: false },
  conversation: { turns: { above: 1 }, toolLoop: false },
  language: ['de', 'fr'],
  role: 'analyst',
  metadata: { header: 'x-team', equals: 'search' },
  modality: 'image',
  timeSensitive: true,
  time: { from: '08:00', to: '18:00', zone: 'Europe/Berlin' },
};
const DEFINITIONS: readonly SignalDefinition[] = [{ name: 'titan', body: { anyOf: ['titan'] } }];

describe.each(BUILT_IN_SIGNALS.map((signal) => [signal.kind, signal] as const))(
  'the contract of signals: %s',
  (kind, signal) => {
    test('compiles a good condition to a slot of a known cost', () => {
      const compiled = signal.compile(GOOD[kind], DEFINITIONS);
      expect(signal.apiVersion).toBe(1);
      expect(compiled.slot.kind).toBe(kind);
      expect(SIGNAL_COSTS).toContain(compiled.slot.cost);
      expect(compiled.text).toContain(kind);
    });

    test('gives equal slots equal keys', () => {
      const one = signal.compile(GOOD[kind], DEFINITIONS);
      expect(signal.compile(GOOD[kind], DEFINITIONS).slot.key).toBe(one.slot.key);
    });

    test('answers for any workload, and its test takes the reading', async () => {
      const compiled = signal.compile(GOOD[kind], DEFINITIONS);
      for (const text of ['', 'Hallo', '\u{d800}', '{'.repeat(50), '\0\u200b']) {
        const reading = await readSlot(compiled.slot, fakeWorkload({ text, messages: [] }));
        expect(reading.confidence).toBeGreaterThanOrEqual(0);
        expect(reading.confidence).toBeLessThanOrEqual(1);
        if (reading.value !== null) expect([true, false, null]).toContain(compiled.test(reading));
      }
    });

    test.each([undefined, null, 42, '', [], {}, { nonsense: 1 }, [[]], { __proto__: null }])(
      'refuses %j as a condition with a ConfigIssue',
      (value) => {
        expect(() => signal.compile(value, DEFINITIONS)).toThrow(
          expect.objectContaining({ name: 'ConfigIssue' }),
        );
      },
    );
  },
);

test('every kind has its example here', () => {
  expect(Object.keys(GOOD).sort()).toEqual(BUILT_IN_SIGNALS.map((signal) => signal.kind).sort());
});
