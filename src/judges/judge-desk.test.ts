import { describe, expect, test } from 'vitest';
import type { AttemptsResult, AwardedDecision, BourseEvent } from '../contract/index.ts';
import type { JudgingConfig, Model, ResponseSink, RunAttempts } from '../contract/index.ts';
import { createRng, createVirtualClock } from '../kernel/index.ts';
import type { DecisionId, ModelId } from '../kernel/index.ts';
import { drawOf } from './draw.ts';
import { JudgeDesk } from './judge-desk.ts';
import type { JudgeCall, JudgeReply } from './judge-desk.ts';

const modelOf = (id: string): Model => ({
  id: id as ModelId,
  kind: 'chat',
  upstreamName: id,
  price: null,
  accuracy: { default: null, byDomain: new Map() },
  power: null,
  reasoning: null,
  contextWindowTokens: null,
  maxOutputTokens: null,
  labels: new Map(),
});
const MODELS = ['qwen', 'llama', 'prometheus', 'claude'].map(modelOf);
const RUBRIC = { criteria: 'right?', scores: ['1', '2', '3', '4', '5'] as const };
const judge = (name: string, model: string, kind: 'prometheus' | 'general' = 'prometheus') => ({
  name,
  kind,
  model: model as ModelId,
  rubric: RUBRIC,
  reference: null,
});
const CONFIG: JudgingConfig = {
  judges: [judge('strict', 'prometheus')],
  share: 1,
  shareByRoute: new Map(),
  panel: 2,
  pairwiseShare: 0,
  queueMax: 2,
  concurrency: 1,
  timeoutMs: 1_000,
};
const ANSWER = JSON.stringify({ choices: [{ message: { content: 'four' } }] });
const says = (content: string): JudgeReply => ({
  kind: 'answer',
  decision: 'd-0-rival000000000' as DecisionId,
  body: Buffer.from(JSON.stringify({ choices: [{ message: { content } }] })),
});

interface Setup {
  readonly config?: Partial<JudgingConfig>;
  readonly reply?: (call: JudgeCall, text: string) => JudgeReply | Promise<JudgeReply>;
}

function setUp({ config = {}, reply = () => says('Feedback: fine [RESULT] 4') }: Setup = {}) {
  const clock = createVirtualClock();
  const events: BourseEvent[] = [];
  const calls: JudgeCall[] = [];
  const desk = new JudgeDesk({
    clock,
    rng: createRng(3),
    ask: async (call) => {
      calls.push(call);
      return reply(call, call.body.toString());
    },
    onEvent: (event) => events.push(event),
  });
  const judging = { ...CONFIG, ...config };
  /** Serves one request, and lets the judges work. */
  const serve = (id: string, options: { answer?: string; model?: string; route?: string } = {}) => {
    const { answer = ANSWER, model = 'qwen', route = 'default' } = options;
    const served = MODELS.find((one) => one.id === model)!;
    const bidOf = (one: Model, mean: number) => ({
      instance: { id: `at-${one.id}`, model: one },
      accuracy: { mean, deviation: 0 },
    });
    const decision = {
      workload: {
        id,
        surface: 'chat',
        isStream: false,
        choices: 1,
        body: { bytes: Buffer.from('{}'), open: 0, close: 1, fields: new Map() },
        messages: () => [{ role: 'user', text: 'What is 2 + 2?', hasToolCalls: false }],
      },
      policy: { config: { judging, models: MODELS } },
      mandate: { route },
      result: {
        ranked: [
          bidOf(served, 0.8),
          ...MODELS.filter((m) => m !== served).map((m) => bidOf(m, 0.6)),
        ],
      },
    } as unknown as AwardedDecision;
    const run: RunAttempts = (_decision, _ceiling, sink, onDone) => {
      sink.onData(Buffer.from(answer));
      sink.onEnd();
      onDone({ status: 'ok', bid: decision.result.ranked[0] } as unknown as AttemptsResult);
      return { pause() {}, resume() {}, abort() {} };
    };
    const heard: string[] = [];
    const client = {
      onStart() {},
      onData: (chunk: Buffer) => heard.push(chunk.toString()) > 0,
      onEnd: () => heard.push('end'),
      onError() {},
    } as unknown as ResponseSink;
    desk.over(run)(decision, null, client, () => heard.push('done'));
    expect(heard).toEqual([answer, 'end', 'done']);
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      clock.advance(1);
      await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const judged = () => events.filter((event) => event.kind === 'answer-judged');
  return { clock, events, calls, desk, serve, settle, judged };
}

describe('judging', () => {
  test('happens after the answer has ended, and says a score', async () => {
    const { calls, serve, settle, judged } = setUp();
    serve('d-0-a');
    expect(calls).toEqual([]);
    await settle();
    expect(calls).toMatchObject([
      { mode: 'judge:strict', isSecondAnswer: false, timeoutMs: 1_000 },
    ]);
    expect(judged()).toEqual([
      {
        kind: 'answer-judged',
        decision: 'd-0-a',
        judge: 'strict',
        form: 'absolute',
        result: 'graded',
        score: 0.75,
        propensity: 1,
      },
    ]);
  });

  test('draws the same share of decisions everywhere, and that of their route', async () => {
    const { calls, serve, settle, judged } = setUp({
      config: { share: 0.1, shareByRoute: new Map([['hard', 1]]), queueMax: 10_000 },
    });
    const ids = Array.from({ length: 400 }, (_, i) => `d-0-abcdefghijkl${i.toString(36)}`);
    for (const id of ids) serve(id);
    serve('d-0-hard', { route: 'hard' });
    for (let i = 0; i < 4; i++) await settle();
    const drawn = ids.filter((id) => drawOf(id, 1) < 0.1);
    expect(drawn.length).toBeGreaterThan(20);
    expect(drawn.length).toBeLessThan(65);
    expect(calls.map(({ judged: { workload } }) => workload.id)).toEqual([...drawn, 'd-0-hard']);
    expect(judged().at(-1)).toMatchObject({ propensity: 1 });
    expect(judged()[0]).toMatchObject({ propensity: 0.1 });
  });

  test('never by a judge of the same family, nor by the model itself', async () => {
    const judges = [judge('a', 'qwen'), judge('b', 'llama'), judge('c', 'claude')];
    const { calls, serve, settle } = setUp({ config: { judges, panel: 8 } });
    serve('d-0-a', { model: 'llama' });
    await settle();
    expect(calls.map(({ model }) => model.id).toSorted()).toEqual(['claude', 'qwen']);
  });

  test('drops what does not fit into the queue, and counts it', async () => {
    const waiting: (() => void)[] = [];
    const { clock, events, serve, settle, judged } = setUp({
      reply: () => new Promise((resolve) => waiting.push(() => resolve(says('[RESULT] 5')))),
    });
    serve('d-0-a');
    await settle();
    for (const id of ['d-0-b', 'd-0-c', 'd-0-d', 'd-0-e']) serve(id);
    clock.advance(1_500);
    expect(events.filter(({ kind }) => kind === 'queue-dropped')).toEqual([
      { kind: 'queue-dropped', queue: 'judging', count: 2 },
    ]);
    while (waiting.length > 0) {
      waiting.shift()!();
      await settle();
    }
    expect(judged().map(({ decision }) => decision)).toEqual(['d-0-a', 'd-0-b', 'd-0-c']);
  });

  test.each([
    ['an answer without a score', says('I like it.'), 'unreadable'],
    [
      'a tool call',
      { ...says(''), body: Buffer.from('{"choices":[{"message":{"tool_calls":[{}]}}]}') },
      'unreadable',
    ],
    ['no JSON', { ...says(''), body: Buffer.from('oops') }, 'unreadable'],
    ['a failure', { kind: 'failed', httpStatus: 502 } as const, 'failed'],
    ['a refusal', { kind: 'refused' } as const, 'refused'],
  ])('that comes to %s has no score', async (_, reply, result) => {
    const { serve, settle, judged } = setUp({ reply: () => reply });
    serve('d-0-a');
    await settle();
    expect(judged()).toMatchObject([{ result, score: null }]);
  });

  test.each([
    ['calls a tool', '{"choices":[{"message":{"content":"x","tool_calls":[{"id":"1"}]}}]}'],
    ['is empty', '{"choices":[{"message":{"content":""}}]}'],
    ['is too long', `{"choices":[{"message":{"content":"${'x'.repeat(1 << 20)}"}}]}`],
  ])('leaves an answer alone that %s', async (_, answer) => {
    const { calls, serve, settle } = setUp();
    serve('d-0-a', { answer });
    await settle();
    expect(calls).toEqual([]);
  });

  test('asks again without a schema where the engine takes none, and not with one from then on', async () => {
    const { calls, serve, settle, judged } = setUp({
      config: { judges: [judge('json', 'claude', 'general')] },
      reply: (_, text) =>
        text.includes('json_schema')
          ? { kind: 'failed', httpStatus: 400 }
          : says('{"reason": "", "score": 2}'),
    });
    serve('d-0-a');
    await settle();
    serve('d-0-b');
    await settle();
    expect(calls.map(({ body }) => body.includes('json_schema'))).toEqual([true, false, false]);
    expect(judged().map(({ score }) => score)).toEqual([0.25, 0.25]);
  });

  test('ends with the worker', async () => {
    const { calls, desk, serve, settle } = setUp();
    serve('d-0-a');
    desk.close();
    serve('d-0-b');
    await settle();
    expect(calls).toEqual([]);
  });
});

describe('comparing', () => {
  const pairwise = (prefer: (first: string) => string) =>
    setUp({
      config: { pairwiseShare: 1 },
      reply: ({ isSecondAnswer }, text) => {
        if (isSecondAnswer) return says('five');
        const [, first] = /###Response A:\\n<<\w+\\n(\w+)/.exec(text) ?? [];
        return says(first === undefined ? '[RESULT] 3' : `[RESULT] ${prefer(first)}`);
      },
    });

  test('asks in both orders, and tells of both answers', async () => {
    const { calls, serve, settle, judged } = pairwise((first) => (first === 'four' ? 'A' : 'B'));
    serve('d-0-a');
    await settle();
    expect(calls.map(({ mode, model }) => [mode, model.id])).toEqual([
      ['judge:strict', 'prometheus'],
      ['compare:strict', 'llama'],
      ['judge:strict', 'prometheus'],
      ['judge:strict', 'prometheus'],
    ]);
    expect(judged().slice(1)).toMatchObject([
      { decision: 'd-0-a', form: 'pairwise', result: 'graded', score: 1 },
      { decision: 'd-0-rival000000000', form: 'pairwise', result: 'graded', score: 0 },
    ]);
  });

  test('is a tie where the judge holds with the place', async () => {
    const { serve, settle, judged } = pairwise(() => 'A');
    serve('d-0-a');
    await settle();
    // Both right: .8 · .6 against both wrong: .2 · .4.
    const score = 0.48 / 0.56;
    expect(judged().slice(1)).toMatchObject([{ result: 'tied' }, { result: 'tied' }]);
    for (const { score: found } of judged().slice(1)) expect(found).toBeCloseTo(score);
  });
});
