import { describe, expect, test } from 'vitest';
import type { Breakers, Usage } from '../contract/index.ts';
import { AnswerParts } from './answer-parts.ts';
import { AttemptBook } from './attempt-book.ts';
import type { Attempt } from './attempt.ts';
import type { Timing } from './settlement.ts';

const usage = (promptTokens: number, outputTokens: number, isEstimated = false): Usage => ({
  promptTokens,
  cachedTokens: promptTokens / 2,
  outputTokens,
  isEstimated,
});

interface Told extends Partial<Timing> {
  readonly startedMs?: number;
}

/** An attempt that began at `startedMs` and has its first content 10 ms later. */
const attempt = ({ startedMs = 0, ...told }: Told = {}): Attempt =>
  ({
    bid: {
      instance: { id: 'a' },
      ttftMs: { mean: 9 },
      latencyMs: { mean: 90 },
      waitMs: 0,
      outputTokens: { mean: 5 },
    },
    pass: 'normal',
    status: 200,
    startedMs,
    timing: (nowMs: number): Timing => ({
      ttftMs: 10,
      totalMs: nowMs - startedMs,
      decodeMs: nowMs - startedMs - 10,
      ...told,
    }),
  }) as unknown as Attempt;

describe('the parts of an answer', () => {
  test('count the prompt once, and what was written in all', () => {
    const parts = new AnswerParts();
    expect(parts.usageWith(usage(10, 3))).toEqual(usage(10, 3));
    parts.add(attempt(), 50, usage(10, 3), 7);
    parts.add(attempt(), 90, usage(14, 6), 5);
    expect(parts.usage).toEqual(usage(10, 9));
    expect(parts.usageWith(usage(20, 2, true))).toEqual(usage(10, 11, true));
    expect(parts.energyMicrojoules).toBe(12);
  });

  test('last from the first dispatch on, with the first of them as first content', () => {
    const parts = new AnswerParts();
    const alone = attempt({ startedMs: 100 });
    expect(parts.timingWith(alone, 150)).toEqual({ ttftMs: 10, totalMs: 50, decodeMs: 40 });
    parts.add(attempt({ startedMs: 100 }), 150, usage(10, 3), 0);
    const last = attempt({ startedMs: 170 });
    // 40 ms of the first part and 20 of the second; what lies between is neither's.
    expect(parts.timingWith(last, 200)).toEqual({ ttftMs: 10, totalMs: 100, decodeMs: 60 });
    parts.add(last, 200, usage(10, 3), 0);
    expect(parts.timingWith(last, 210)).toEqual({ ttftMs: 10, totalMs: 110, decodeMs: 60 });
  });

  test('of an unstreamed answer have no first content', () => {
    const parts = new AnswerParts();
    const whole = { ttftMs: null, decodeMs: null };
    parts.add(attempt(whole), 50, usage(10, 3), 0);
    expect(parts.timingWith(attempt({ startedMs: 60, ...whole }), 100)).toEqual({
      ttftMs: null,
      totalMs: 100,
      decodeMs: null,
    });
  });
});

describe('the book of attempts', () => {
  function open() {
    const ended: string[] = [];
    const end: Breakers['end'] = (instance, pass, result) =>
      void ended.push(`${instance} ${pass} ${result}`);
    return { book: new AttemptBook({ end } as Partial<Breakers> as Breakers), ended };
  }
  const timing: Timing = { ttftMs: 1, totalMs: 2, decodeMs: 1 };

  test('tells a circuit once, and writes an attempt down once', () => {
    const { book, ended } = open();
    const part = attempt();
    book.end(part, 'ok', null);
    book.leave(part, 'cut', null, timing);
    book.leave(part, 'cut', null, timing);
    expect(ended).toEqual(['a normal ok']);
    expect(book.records).toEqual([
      {
        instance: 'a',
        result: 'cut',
        status: 200,
        ttftMs: 1,
        totalMs: 2,
        promisedTtftMs: 9,
        promisedLatencyMs: 90,
        promisedWaitMs: 0,
        promisedOutputTokens: 5,
        batch: null,
        turns: null,
        pendingTokens: null,
      },
    ]);
  });

  test('tells each attempt of its own', () => {
    const { book, ended } = open();
    book.leave(attempt(), 'timeout', null, timing);
    book.leave(attempt(), 'ok', null, timing);
    expect(ended).toEqual(['a normal timeout', 'a normal ok']);
    expect(book.records).toHaveLength(2);
  });
});
