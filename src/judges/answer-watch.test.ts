import { describe, expect, test } from 'vitest';
import type { AttemptsResult, AwardedDecision, BourseEvent } from '../contract/index.ts';
import type { MessageView, ResponseSink, RunAttempts } from '../contract/index.ts';
import { createVirtualClock } from '../kernel/index.ts';
import { AnswerWatch } from './answer-watch.ts';
import { reportsFailure } from './tool-report.ts';

interface Turn {
  readonly session?: string | null;
  readonly tenant?: string;
  readonly messages?: readonly Partial<MessageView>[];
  readonly ceiling?: number | null;
  readonly finish?: string | null;
  readonly status?: AttemptsResult['status'];
}

function setUp(isImplicit = true) {
  const clock = createVirtualClock();
  const events: BourseEvent[] = [];
  const watch = new AnswerWatch({ clock, onEvent: (event) => events.push(event) });
  const turn = (id: string, options: Turn = {}): void => {
    const {
      session = 's',
      tenant = 'acme',
      messages = [{ role: 'user', text: 'Hi' }],
      ceiling = null,
      finish = 'stop',
      status = 'ok',
    } = options;
    const bytes = Buffer.from(JSON.stringify(messages));
    const decision = {
      workload: {
        id,
        surface: 'chat',
        session,
        caller: { tenant },
        outputCeilingTokens: ceiling,
        body: { bytes, fields: new Map([['messages', { start: 0, end: bytes.length }]]) },
        messages: () => messages,
        isInToolLoop: () => messages.at(-1)!.role === 'tool',
      },
      policy: { config: { feedback: { isImplicit } } },
      mandate: { injection: { maxOutputTokens: null } },
      result: { ranked: [{ limitTokens: null }] },
    } as unknown as AwardedDecision;
    const run: RunAttempts = (_decision, _ceiling, _sink, onDone) => {
      onDone({ status, finishReason: finish } as AttemptsResult);
      return { pause() {}, resume() {}, abort() {} };
    };
    watch.over(run)(decision, null, {} as ResponseSink, () => {});
  };
  const doubts = () =>
    events.map((event) => event.kind === 'answer-doubted' && [event.decision, event.source]);
  return { clock, turn, doubts };
}

const toolTurn = (text: string): readonly Partial<MessageView>[] => [
  { role: 'user', text: 'Find it.' },
  { role: 'assistant', text: '', hasToolCalls: true },
  { role: 'tool', text },
];

describe('what speaks against an answer', () => {
  test('the same conversation, sent again by its session within ten minutes', () => {
    const { clock, turn, doubts } = setUp();
    turn('a');
    turn('b', { session: 'other' });
    turn('c', { tenant: 'other' });
    turn('d', { session: null });
    expect(doubts()).toEqual([]);
    turn('e');
    expect(doubts()).toEqual([['a', 'retry']]);
    clock.advance(600_001);
    turn('f');
    turn('g', { messages: [{ role: 'user', text: 'Bye' }] });
    expect(doubts()).toHaveLength(1);
  });

  test('not where there was no answer', () => {
    const { turn, doubts } = setUp();
    turn('a', { status: 'failed' });
    turn('b');
    expect(doubts()).toEqual([]);
  });

  test('a tool that reports an error of what the answer called', () => {
    const { turn, doubts } = setUp();
    turn('a');
    turn('b', { messages: toolTurn('{"result": 4}') });
    turn('c', { messages: toolTurn('{"error": "unknown city"}') });
    expect(doubts()).toEqual([['b', 'tool-failure']]);
  });

  test('an answer that nobody limited and that did not end, or that was refused', () => {
    const { turn, doubts } = setUp();
    turn('a', { session: null, finish: 'length' });
    turn('b', { session: null, finish: 'length', ceiling: 5 });
    turn('c', { session: null, finish: 'content_filter' });
    turn('d', { session: null, finish: null, status: 'cut' });
    expect(doubts()).toEqual([
      ['a', 'truncated'],
      ['c', 'refused'],
    ]);
  });

  test('nothing where the policy does not ask', () => {
    const { turn, doubts } = setUp(false);
    turn('a');
    turn('b', { finish: 'length' });
    expect(doubts()).toEqual([]);
  });

  test('remembers as many sessions as it may', () => {
    const { turn, doubts } = setUp();
    turn('first', { session: 'first' });
    for (let i = 0; i < 4_096; i++) turn(`${i}`, { session: `s${i}` });
    turn('again', { session: 'first' });
    expect(doubts()).toEqual([]);
    turn('last', { session: 's4095' });
    expect(doubts()).toEqual([['4095', 'retry']]);
  });
});

test.each([
  ['Error: no such file', true],
  ['Traceback (most recent call last):', true],
  ['invalid argument: city', true],
  ['{"isError": true}', true],
  ['{"status": "failed"}', true],
  ['{"success": false, "data": 1}', true],
  ['{"error": {"code": 4}}', true],
  ['{"error": null, "data": []}', false],
  ['{"status": "ok", "text": "error handling"}', false],
  ['No errors were found', false],
  ['{"broken', false],
  ['', false],
])('a tool that says %j has failed: %s', (text, failed) => {
  expect(reportsFailure(text)).toBe(failed);
});
