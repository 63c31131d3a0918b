import { describe, expect, test } from 'vitest';
import type { Reading, Signal, Truth, Understanding } from '../../contract/index.ts';
import { createVirtualClock } from '../../kernel/index.ts';
import { fakeClassifier, fakeUnderstanding } from '../fixtures/fake-understanding.ts';
import type { FakeOptions } from '../fixtures/fake-understanding.ts';
import { fakeWorkload } from '../fixtures/fake-workload.ts';
import type { FakeRequest } from '../fixtures/fake-workload.ts';
import { readSlot } from '../fixtures/read-slot.ts';
import { openSignals } from '../open-signals.ts';
import { createUnderstandingSignals } from './index.ts';

function signalOf(kind: string, understanding: Understanding): Signal {
  return createUnderstandingSignals(understanding).find((signal) => signal.kind === kind)!;
}

interface Judged {
  readonly reading: Reading;
  readonly truth: Truth;
  readonly isDoubtful: boolean;
}

async function judge(
  kind: string,
  value: unknown,
  request: FakeRequest,
  options: FakeOptions = {},
): Promise<Judged> {
  const condition = signalOf(kind, fakeUnderstanding(options)).compile(value, []);
  const reading = await readSlot(condition.slot, fakeWorkload(request));
  return {
    reading,
    truth: reading.value === null ? null : condition.test(reading),
    isDoubtful: condition.deep?.isDoubtful(reading) ?? false,
  };
}

const said = (role: string, text: string) => ({ role, text, hasToolCalls: false });

describe('classes', () => {
  const fast = { domain: { sums: [0.6, 0.3, 0.1], mixed: [0.4, 0.35, 0.25] } };

  test('hold when those wanted reach the confidence together', async () => {
    const hold = async (value: unknown, text: string) =>
      (await judge('domain', value, { text }, { fast })).truth;
    expect(await hold('math', 'sums')).toBe(true);
    expect(await hold('law', 'sums')).toBe(false);
    expect(await hold('math', 'mixed')).toBe(false);
    expect(await hold(['math', 'law'], 'mixed')).toBe(true);
    expect(await hold({ anyOf: ['math', 'law'], confidence: 0.8 }, 'mixed')).toBe(false);
    expect(await hold({ anyOf: 'math', confidence: 0.3 }, 'mixed')).toBe(true);
  });

  test('show each likely class, and sum to one', async () => {
    const { reading } = await judge('domain', 'math', { text: 'sums' }, { fast });
    expect(reading.value).toEqual({
      math: 0.6,
      law: expect.closeTo(0.3),
      other: expect.closeTo(0.1),
    });
    expect(reading.confidence).toBe(0.6);
  });

  test('are unknown without a text', async () => {
    expect(await judge('domain', 'math', { text: ' \n' }, { fast })).toMatchObject({ truth: null });
  });

  test('are doubtful in the band, unless the wanted class is ruled out', async () => {
    const doubt = async (value: unknown, probabilities: readonly number[]) => {
      const options = { fast: { domain: { x: probabilities } }, deep: { domain: {} } };
      return (await judge('domain', value, { text: 'x' }, options)).isDoubtful;
    };
    expect(await doubt('math', [0.6, 0.35, 0.05])).toBe(true);
    expect(await doubt('math', [0.9, 0.08, 0.02])).toBe(false);
    expect(await doubt('other', [0.6, 0.38, 0.02])).toBe(false);
    expect(await doubt(['math', 'law'], [0.6, 0.38, 0.02])).toBe(false);
  });

  test('a classifier of the operator answers alone', async () => {
    const log: string[] = [];
    const own = fakeClassifier('domain', { domain: { x: [0.1, 0.9, 0] } }, log);
    const options = { own: { classifiers: new Map([['domain' as const, own]]) }, log };
    const { truth, isDoubtful } = await judge('domain', 'law', { text: 'x' }, options);
    expect({ truth, isDoubtful, log }).toEqual({
      truth: true,
      isDoubtful: false,
      log: ['deep domain x'],
    });
  });

  test.each([
    ['maths', 'there is no domain "maths"'],
    [{ anyOf: ['math'], confidence: 0 }, 'above 0'],
    [{ of: ['math'] }, 'unknown key "of"'],
    [[], 'empty list'],
    [3, 'must be a text'],
  ])('%j is refused', (value, message) => {
    expect(() => signalOf('domain', fakeUnderstanding()).compile(value, [])).toThrow(message);
  });
});

describe('probabilities', () => {
  const of = (p: number): FakeOptions => ({
    fast: { complexity: { x: [1 - p, p] } },
    deep: { complexity: {} },
  });

  test.each([
    [true, 0.5, true],
    [true, 0.49, false],
    [false, 0.49, true],
    [{ atLeast: 0.8 }, 0.79, false],
    [{ below: 0.2 }, 0.1, true],
  ])('%j of %d is %s', async (value, p, truth) => {
    expect((await judge('complexity', value, { text: 'x' }, of(p))).truth).toBe(truth);
  });

  test('doubt is as wide around a bound as the band is around the threshold', async () => {
    const doubt = async (value: unknown, p: number) =>
      (await judge('complexity', value, { text: 'x' }, of(p))).isDoubtful;
    expect(await doubt(true, 0.31)).toBe(true);
    expect(await doubt(true, 0.71)).toBe(false);
    expect(await doubt({ atLeast: 0.8 }, 0.71)).toBe(true);
    expect(await doubt({ atLeast: 0.8 }, 0.31)).toBe(false);
  });

  test.each([1, 'high', null, { atLeast: 0.9, below: 0.1 }, {}])('%j is refused', (value) => {
    expect(() => signalOf('complexity', fakeUnderstanding()).compile(value, [])).toThrow(
      /must|can/,
    );
  });
});

describe('jailbreak', () => {
  const messages = [
    said('system', 'rules'),
    said('user', 'evil'),
    said('tool', 'page'),
    said('user', 'hi'),
  ];
  const fast = { attack: { evil: [0.1, 0.9], hi: [0.95, 0.05], rules: [1, 0], page: [0.2, 0.8] } };

  test('reads the last user text, or every message and counts the worst', async () => {
    const request = { messages, text: 'hi' };
    expect((await judge('jailbreak', true, request, { fast })).truth).toBe(false);
    const wide = await judge('jailbreak', { over: 'conversation' }, request, { fast });
    expect(wide).toMatchObject({ truth: true, reading: { value: 0.9, confidence: 0.9 } });
    const strict = { atLeast: 0.95, over: 'conversation' };
    expect((await judge('jailbreak', strict, request, { fast })).truth).toBe(false);
  });

  test('long texts go to the thread, whole', async () => {
    const log: string[] = [];
    const text = `${'benign '.repeat(10_000)}evil`;
    const scans = {
      charactersMin: 32_768,
      classify: async (_task: 'attack', whole: string) => {
        log.push(whole);
        return { label: 'yes', confidence: 0.99, probabilities: [0.01, 0.99], isDoubtful: false };
      },
      tag: async () => [],
    };
    expect((await judge('jailbreak', true, { text }, { scans })).truth).toBe(true);
    expect(log).toEqual([text]);
  });

  test.each([{ over: 'all' }, { atLeast: 'x', over: 'lastUser' }, 'yes'])(
    '%j is refused',
    (value) => {
      expect(() => signalOf('jailbreak', fakeUnderstanding()).compile(value, [])).toThrow(/must/);
    },
  );
});

describe('pii', () => {
  const spans = {
    'I am Ann': [{ start: 5, end: 8, type: 'PERSON', confidence: 0.6 }],
    'pay DE1': [
      { start: 4, end: 7, type: 'IBAN_CODE', confidence: 0.9 },
      { start: 0, end: 3, type: 'PERSON', confidence: 0.2 },
    ],
  };
  const messages = [said('user', 'I am Ann'), said('assistant', 'hello'), said('user', 'pay DE1')];
  const request = { messages, text: 'pay DE1' };

  test.each([
    [true, true],
    ['PERSON', false],
    [['PERSON', 'IBAN_CODE'], true],
    [{ anyOf: 'PERSON', over: 'conversation' }, true],
    [{ anyOf: 'PERSON', over: 'conversation', confidence: 0.7 }, false],
    [{ over: 'conversation' }, true],
  ])('%j is %s', async (value, truth) => {
    expect((await judge('pii', value, request, { spans })).truth).toBe(truth);
  });

  test('keeps types and confidences, and nothing of the text', async () => {
    const { reading } = await judge('pii', { over: 'conversation' }, request, { spans });
    expect(reading).toEqual({ value: { PERSON: 0.6, IBAN_CODE: 0.9 }, confidence: 0.9 });
  });

  test('nothing found is known', async () => {
    expect(await judge('pii', true, { text: 'a plain text' })).toMatchObject({
      truth: false,
      reading: { value: {}, confidence: 1 },
    });
  });

  test.each([false, 'NAME', { types: ['PERSON'] }])('%j is refused', (value) => {
    expect(() => signalOf('pii', fakeUnderstanding()).compile(value, [])).toThrow(
      /must|unknown key/,
    );
  });
});

describe('feedback', () => {
  const fast = { feedback: { 'that is wrong': [0.02, 0.95, 0.01, 0.01, 0.01] } };

  test('speaks of an answer: without one there is none', async () => {
    const text = 'that is wrong';
    const first = await judge('feedback', 'wrong', { text }, { fast });
    expect(first).toMatchObject({ truth: false, reading: { value: { none: 1 } } });
    const messages = [said('user', 'q'), said('assistant', 'a'), said('user', text)];
    const later = await judge('feedback', 'wrong', { text, messages, turns: 'multi' }, { fast });
    expect(later.truth).toBe(true);
  });
});

test('the length of an answer is the mean of its log-normal, and its confidence a factor of two', async () => {
  const { reading, truth } = await judge(
    'outputLength',
    { atLeast: 100 },
    { text: 'x'.repeat(100) },
  );
  expect(reading.value).toBe(Math.round(100 * Math.exp(0.125)));
  expect(reading.confidence).toBeCloseTo(0.834, 2);
  expect(truth).toBe(true);
});

test('the texts of a request are read once for all signals', async () => {
  let reads = 0;
  const base = fakeUnderstanding();
  const fast = {
    ...base.fast(),
    read(text: string) {
      reads++;
      return base.fast().read(text);
    },
  };
  const understanding = { ...base, fast: () => fast };
  const signals = createUnderstandingSignals(understanding);
  const slots = [
    ['domain', 'math'],
    ['complexity', true],
    ['outputLength', { atLeast: 1 }],
  ].map(([kind, value]) => signals.find((signal) => signal.kind === kind)!.compile(value, []).slot);
  const reader = openSignals(slots, fakeWorkload({ text: 'x' }), createVirtualClock());
  for (let i = 0; i < slots.length; i++) await reader.read(i);
  expect(reads).toBe(1);
});
