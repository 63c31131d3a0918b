import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CascadePlan } from '../contract/index.ts';
import { confidenceKey, priorConfidence } from '../estimate/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { CASCADE, LARGE, SMALL, Stage, sharesOf, sumOfShares } from './fixtures/scripted.ts';
import { tokenFrame, wholeAnswer } from './fixtures/scripted.ts';
import type { Bidder } from './fixtures/scripted.ts';
import { happen, mishaps } from './fixtures/mishaps.ts';
import { sse } from './fixtures/exchange.ts';
import type { Client } from './fixtures/exchange.ts';

const WHOLE = '{"model":"auto","messages":[{"role":"user","content":"hi"}]}';
const STREAM = '{"model":"auto","stream":true,"messages":[{"role":"user","content":"hi"}]}';
const SURE = -0.05;
const UNSURE = -1.2;

interface Case {
  readonly body?: string;
  readonly cascade?: Partial<CascadePlan>;
  readonly bidders?: readonly Bidder[];
  readonly usdPerError?: number;
  readonly limits?: object;
}

function begin(
  stage: Stage,
  { body = WHOLE, cascade, bidders, usdPerError, limits }: Case = {},
): Client {
  const base = {
    maxCostUsd: null,
    maxTtftMs: null,
    maxLatencyMs: null,
    minAccuracy: null,
    maxEnergyJoules: null,
    quantile: 0.9,
  };
  const mandate = { cascade: { ...CASCADE, ...cascade }, limits: { ...base, ...limits } };
  return stage.serve(stage.decision({ body, mandate }, bidders ?? [SMALL, LARGE], usdPerError));
}

/** Lets promises settle. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a whole answer', () => {
  test('that the model is sure of is served, without the log-probabilities that nobody asked for', () => {
    const stage = new Stage();
    const client = begin(stage);
    expect(stage.calls[0]!.body['logprobs']).toBe(true);
    expect(client.status).toBe(0);
    stage.calls[0]!.answer(wholeAnswer('four', SURE));
    expect(stage.asked).toEqual(['a']);
    expect(JSON.parse(client.text)).toEqual(wholeAnswer('four', null));
    expect(client.headers['x-bourse-cascade']).toMatch(/^small=0\.\d\d$/);
    expect(client.result).toMatchObject({
      status: 'ok',
      usage: { promptTokens: 10, outputTokens: 5 },
    });
    expect(client.result!.attempts[0]!.share).toMatchObject({
      role: 'step',
      confidence: { kind: 'meanLogprob', value: SURE, believed: 0.6 },
    });
    expect(client.terminals).toBe(1);
  });

  test('that it is unsure of is followed by the next model: one answer, both charged', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.calls[0]!.answer(wholeAnswer('five', UNSURE));
    expect(stage.asked).toEqual(['a', 'b']);
    expect(client.status).toBe(0);
    stage.calls[1]!.answer(wholeAnswer('four', SURE));
    expect(JSON.parse(client.text)).toEqual(wholeAnswer('four'));
    expect(client.terminals).toBe(1);
    const { result } = client;
    expect(result).toMatchObject({ status: 'ok', usage: { promptTokens: 20, outputTokens: 10 } });
    expect(result!.bid!.instance.id).toBe('b');
    expect(sharesOf(result!)).toEqual(['a step 5', 'b step 5']);
    expect(sumOfShares(result!)).toEqual({ picoUsd: result!.costPicoUsd, tokens: 30 });
    expect(client.headers['x-bourse-aside-usd']).toBe('0.000020000000');
    expect(client.headers['x-bourse-charged-usd']).toBe('0.000040000000');
    expect(stage.events).toMatchObject([{ kind: 'escalated', from: 'small', to: 'large' }]);
  });

  test('keeps log-probabilities for a client that asked for them', () => {
    const stage = new Stage();
    const client = begin(stage, { body: WHOLE.replace('{', '{"logprobs":true,') });
    stage.calls[0]!.answer(wholeAnswer('four', SURE));
    expect(JSON.parse(client.text)).toEqual(wholeAnswer('four', SURE));
  });

  test.each<[string, object, string]>([
    ['is empty', wholeAnswer(''), WHOLE],
    ['refuses', wholeAnswer("I'm sorry, but I can't help with that."), WHOLE],
    ['was cut by its model', wholeAnswer('and', SURE, { finish_reason: 'length' }), WHOLE],
    [
      'is no JSON',
      wholeAnswer('{"a":', SURE),
      WHOLE.replace('{', '{"response_format":{"type":"json_object"},'),
    ],
    [
      'does not fit the schema',
      wholeAnswer('{"a":"x"}', SURE),
      WHOLE.replace(
        '{',
        '{"response_format":{"type":"json_schema","json_schema":{"schema":{"properties":{"a":{"type":"number"}}}}},',
      ),
    ],
    [
      'calls a tool that it does not have',
      wholeAnswer(null, null, {
        message: { tool_calls: [{ function: { name: 'g', arguments: '{}' } }] },
      }),
      WHOLE.replace('{', '{"tools":[{"type":"function","function":{"name":"f"}}],'),
    ],
  ])('that %s is doubted without a word of the model', (_, answer, body) => {
    const stage = new Stage();
    begin(stage, { body, cascade: { confidence: null } });
    stage.calls[0]!.answer(answer);
    expect(stage.asked).toEqual(['a', 'b']);
  });

  test.each<[string, object, string]>([
    [
      'was cut by its caller',
      wholeAnswer('and', SURE, { finish_reason: 'length' }),
      WHOLE.replace('{', '{"max_tokens":5,'),
    ],
    [
      'fits its schema',
      wholeAnswer('{"a":1}', SURE),
      WHOLE.replace('{', '{"response_format":{"type":"json_object"},'),
    ],
  ])('that %s stands', (_, answer, body) => {
    const stage = new Stage();
    begin(stage, { body });
    stage.calls[0]!.answer(answer);
    expect(stage.asked).toEqual(['a']);
  });

  test('stands where the doubt is not worth the dearer model', () => {
    const stage = new Stage();
    const client = begin(stage, { usdPerError: 0.0005 });
    stage.calls[0]!.answer(wholeAnswer('five', UNSURE));
    expect(stage.asked).toEqual(['a']);
    expect(client.result!.status).toBe('ok');
  });

  test('stands where the next instance has a queue by now that costs more than the doubt', () => {
    const stage = new Stage();
    const client = begin(stage, { usdPerError: 0.01 });
    const decision = stage.decision({ body: WHOLE }, [LARGE], 0.01);
    stage.fresh = decision.result.ranked.map((bid) => ({ ...bid, score: bid.score + 0.02 }));
    stage.calls[0]!.answer(wholeAnswer('five', UNSURE));
    expect(stage.asked).toEqual(['a']);
    expect(client.result!.status).toBe('ok');
  });

  test('stands where nobody of the next model may serve any more', () => {
    const stage = new Stage();
    begin(stage);
    stage.fresh = [];
    stage.calls[0]!.answer(wholeAnswer('five', UNSURE));
    expect(stage.asked).toEqual(['a']);
  });

  test.each([
    ['latency', { maxLatencyMs: 400 }],
    ['cost', { maxCostUsd: 0.0005 }],
  ])('stands where the limit of %s leaves no room', (_, limits) => {
    const stage = new Stage();
    begin(stage, { limits });
    stage.calls[0]!.answer(wholeAnswer('five', UNSURE));
    expect(stage.asked).toEqual(['a']);
  });

  test('with a fixed threshold, what is believed decides, whatever it costs', () => {
    for (const [acceptFrom, asked] of [
      [0.99, 2],
      [0.3, 1],
    ] as const) {
      const stage = new Stage();
      begin(stage, { usdPerError: 0, cascade: { acceptFrom } });
      stage.calls[0]!.answer(wholeAnswer('four', SURE));
      expect(stage.asked.length).toBe(asked);
    }
  });

  test('what was learned of a model decides: a confidence that tells nothing escalates nothing', () => {
    const stage = new Stage();
    const key = confidenceKey('small' as ModelId, 'meanLogprob');
    stage.beliefs = {
      confidence: new Map([[key, { ...priorConfidence(key), slope: 0, offset: 2 }]]),
    };
    begin(stage, { usdPerError: 0.01 });
    stage.calls[0]!.answer(wholeAnswer('five', UNSURE));
    expect(stage.asked).toEqual(['a']);
  });

  test('a request that leaves state behind is asked once', () => {
    const stage = new Stage();
    begin(stage, { body: WHOLE.replace('{', '{"store":true,') });
    expect(stage.calls[0]!.body['logprobs']).toBeUndefined();
    stage.calls[0]!.answer(wholeAnswer(''));
    expect(stage.asked).toEqual(['a']);
  });
});

describe('a step that fails', () => {
  test('is followed by the next one', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.calls[0]!.refuse();
    stage.calls[1]!.answer(wholeAnswer('four', SURE));
    expect(client.result).toMatchObject({ status: 'ok', usage: { promptTokens: 10 } });
    expect(client.result!.attempts.map(({ result }) => result)).toEqual(['connect', 'ok']);
  });

  test('after a doubtful answer leaves that answer standing', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.calls[0]!.answer(wholeAnswer('five', UNSURE));
    stage.calls[1]!.refuse();
    expect(JSON.parse(client.text)).toEqual(wholeAnswer('five'));
    expect(client.result).toMatchObject({ status: 'ok', usage: { promptTokens: 10 } });
    expect(client.result!.bid!.instance.id).toBe('a');
    expect(client.result!.attempts.map(({ instance }) => instance)).toEqual(['b', 'a']);
  });

  test('by its form leaves an answer of a better form standing; both are charged', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.calls[0]!.answer(wholeAnswer('five', UNSURE));
    stage.calls[1]!.answer(wholeAnswer(''));
    expect(JSON.parse(client.text)).toEqual(wholeAnswer('five'));
    expect(client.result!.usage.promptTokens).toBe(20);
    expect(sharesOf(client.result!)).toEqual(['b step 5', 'a step 5']);
  });

  test('where all fail, the client hears it once', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.calls[0]!.refuse();
    stage.calls[1]!.refuse();
    expect(client.terminals).toBe(1);
    expect(client.result).toMatchObject({ status: 'failed', costPicoUsd: 0 });
    expect(client.result!.attempts.length).toBe(2);
  });

  test('a model that refuses the log-probabilities is asked again without them, and never for them again', () => {
    const stage = new Stage();
    const odd = { ...SMALL, id: 'odd', model: 'odd' };
    const steps = [{ ...CASCADE.steps![0]!, model: 'odd' as ModelId }, CASCADE.steps![1]!];
    const decision = stage.decision(
      { body: WHOLE, mandate: { cascade: { ...CASCADE, steps } } },
      [odd, LARGE],
      0.002,
    );
    const client = stage.serve(decision);
    stage.calls[0]!.answer({ error: { message: 'logprobs is not supported' } }, 400);
    expect(stage.calls[1]!.body['logprobs']).toBeUndefined();
    stage.calls[1]!.answer(wholeAnswer('four'));
    expect(client.result).toMatchObject({ status: 'ok', usage: { promptTokens: 10 } });
    stage.serve(decision);
    expect(stage.calls[2]!.body['logprobs']).toBeUndefined();
  });

  test('what the client did wrong proves nothing of its log-probabilities', () => {
    const stage = new Stage();
    const client = begin(stage);
    const wrong = { error: { message: 'no such role' } };
    stage.calls[0]!.answer(wrong, 400);
    stage.calls[1]!.answer(wrong, 400);
    expect(client.status).toBe(400);
    expect(client.terminals).toBe(1);
    begin(stage);
    expect(stage.calls[2]!.body['logprobs']).toBe(true);
  });

  test('what the client did wrong goes back to it from the first that says so', () => {
    const stage = new Stage();
    const client = begin(stage, { cascade: { confidence: null } });
    stage.calls[0]!.answer({ error: { message: 'no such role' } }, 400);
    expect(stage.asked).toEqual(['a']);
    expect(client.status).toBe(400);
    expect(client.result).toMatchObject({ status: 'failed', costPicoUsd: 0 });
  });
});

describe('a stream', () => {
  const textOf = (client: Client): string =>
    [...client.text.matchAll(/"content":"([^"]*)"/g)].map(([, text]) => text).join('');

  test('is held until it is accepted, and goes on whole', () => {
    const stage = new Stage();
    const client = begin(stage, { body: STREAM });
    stage.calls[0]!.open();
    stage.calls[0]!.send(tokenFrame('fo', SURE));
    expect(client.status).toBe(0);
    stage.calls[0]!.send(tokenFrame('ur', SURE), sse.finish(), sse.usage(10, 2), sse.done());
    stage.calls[0]!.end();
    expect(textOf(client)).toBe('four');
    expect(client.text).not.toContain('logprob":-');
    expect(client.text).toContain('"logprobs":null');
    expect(client.text.match(/\[DONE\]/g)).toHaveLength(1);
    expect(client.result!.status).toBe('ok');
  });

  test('of the last model flows from its first token, and nothing of the first is in it', () => {
    const stage = new Stage();
    const client = begin(stage, { body: STREAM });
    stage.calls[0]!.stream(['fi', 've'], UNSURE);
    expect(stage.asked).toEqual(['a', 'b']);
    stage.calls[1]!.open();
    stage.calls[1]!.send(tokenFrame('fo', SURE));
    expect(textOf(client)).toBe('fo');
    expect(client.headers['x-bourse-cascade']).toMatch(/^small=0\.\d\d, large$/);
    stage.calls[1]!.send(tokenFrame('ur', SURE), sse.finish(), sse.usage(10, 2), sse.done());
    stage.calls[1]!.end();
    expect(textOf(client)).toBe('four');
    expect(sharesOf(client.result!)).toEqual(['a step 2', 'b step 2']);
    expect(client.result!.attempts[1]!.share!.confidence!.value).toBeCloseTo(SURE);
  });

  test('is decided on after some tokens: accepted it flows, doubted it is given up at its instance', () => {
    const early = { decideAfterTokens: 2 };
    const sure = new Stage();
    const client = begin(sure, { body: STREAM, cascade: early });
    sure.calls[0]!.open();
    sure.calls[0]!.send(tokenFrame('fo', SURE));
    expect(client.status).toBe(0);
    sure.calls[0]!.send(tokenFrame('ur', SURE));
    expect(textOf(client)).toBe('four');
    sure.calls[0]!.send(tokenFrame('!', SURE), sse.finish(), sse.usage(10, 3), sse.done());
    sure.calls[0]!.end();
    expect(textOf(client)).toBe('four!');
    expect(client.result).toMatchObject({ status: 'ok', usage: { outputTokens: 3 } });

    const unsure = new Stage();
    const other = begin(unsure, { body: STREAM, cascade: early });
    unsure.calls[0]!.open();
    unsure.calls[0]!.send(tokenFrame('fi', UNSURE), tokenFrame('ve', UNSURE));
    expect(unsure.calls[0]!.isAborted).toBe(true);
    unsure.calls[1]!.stream(['four'], SURE);
    expect(textOf(other)).toBe('four');
    expect(sharesOf(other.result!)).toEqual(['a step 2', 'b step 1']);
    expect(other.result!.usage.isEstimated).toBe(true);
  });

  test('whose model cannot be worth a doubt is not held at all', () => {
    const stage = new Stage();
    const client = begin(stage, { body: STREAM, usdPerError: 0.0001 });
    stage.calls[0]!.open();
    stage.calls[0]!.send(tokenFrame('five', UNSURE));
    expect(textOf(client)).toBe('five');
  });

  test('that breaks off while it is held is nobody’s: the next model answers, and the pieces are charged', () => {
    const stage = new Stage();
    const client = begin(stage, { body: STREAM });
    stage.calls[0]!.open();
    stage.calls[0]!.send(tokenFrame('fo', SURE));
    stage.calls[0]!.cut();
    stage.calls[1]!.stream(['four'], SURE);
    expect(textOf(client)).toBe('four');
    expect(sharesOf(client.result!)).toEqual(['a step 1', 'b step 1']);
  });

  test('that breaks off after the client has seen of it ends with an error, once', () => {
    const stage = new Stage();
    const client = begin(stage, { body: STREAM });
    stage.calls[0]!.stream(['five'], UNSURE);
    stage.calls[1]!.open();
    stage.calls[1]!.send(tokenFrame('fo', SURE));
    stage.calls[1]!.cut();
    expect(client.terminals).toBe(1);
    expect(client.error).not.toBeNull();
    expect(client.result).toMatchObject({ status: 'cut' });
    expect(sharesOf(client.result!)).toEqual(['a step 1', 'b step 1']);
  });
});

describe('a client that leaves', () => {
  test.each(['before the first token', 'while it is held', 'during the second', 'while it flows'])(
    '%s stops whoever is asked, and all is settled once',
    (when) => {
      const stage = new Stage();
      const client = begin(stage, { body: STREAM });
      const [first] = stage.calls;
      if (when !== 'before the first token') {
        first!.open();
        first!.send(tokenFrame('fi', UNSURE));
      }
      if (when === 'during the second' || when === 'while it flows') {
        first!.send(sse.finish(), sse.usage(10, 1), sse.done());
        first!.end();
        if (when === 'while it flows') {
          stage.calls[1]!.open();
          stage.calls[1]!.send(tokenFrame('fo', SURE));
        }
      }
      client.flow!.abort();
      client.flow!.abort();
      expect(stage.calls.at(-1)!.isAborted).toBe(true);
      expect(client.terminals).toBe(1);
      expect(client.dones).toBe(1);
      expect(client.result!.status).toBe('aborted');
      expect(sumOfShares(client.result!).picoUsd).toBe(client.result!.costPicoUsd);
      expect([...stage.inFlight.values()].every((count) => count === 0)).toBe(true);
    },
  );
});

describe('a self-check', () => {
  const asked = { confidence: 'selfCheck' } as const;
  const reply = (word: string, logprob: number): object =>
    wholeAnswer(word, null, { logprobs: { content: [{ token: word, logprob }] } });

  test('asks the model itself in the same conversation, and is charged', async () => {
    const stage = new Stage();
    const client = begin(stage, { cascade: asked });
    stage.calls[0]!.answer(wholeAnswer('four'));
    const { body, id } = stage.calls[1]!;
    expect(id).toBe('a');
    expect(body['messages']).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'four' },
      { role: 'user', content: expect.stringContaining('Yes or No') as string },
    ]);
    expect(body).toMatchObject({ max_tokens: 4, logprobs: true, model: 'small' });
    stage.calls[1]!.answer(reply('Yes', -0.01));
    await turn();
    expect(stage.asked).toEqual(['a', 'a']);
    expect(client.result!.status).toBe('ok');
    expect(sharesOf(client.result!)).toEqual(['a check 5', 'a step 5']);
    expect(sumOfShares(client.result!).picoUsd).toBe(client.result!.costPicoUsd);
  });

  test('that says no asks the next model', async () => {
    const stage = new Stage();
    const client = begin(stage, { cascade: asked });
    stage.calls[0]!.answer(wholeAnswer('five'));
    stage.calls[1]!.answer(reply(' no.', -0.01));
    await turn();
    stage.calls[2]!.answer(wholeAnswer('four'));
    expect(stage.asked).toEqual(['a', 'a', 'b']);
    await turn();
    expect(JSON.parse(client.text)).toEqual(wholeAnswer('four'));
    expect(client.result!.usage.promptTokens).toBe(30);
  });

  test('that fails, or says neither, leaves what was believed before', async () => {
    for (const end of [
      (s: Stage) => s.calls[1]!.refuse(),
      (s: Stage) => s.calls[1]!.answer(reply('Perhaps', -1)),
    ]) {
      const stage = new Stage();
      const client = begin(stage, { cascade: { ...asked, acceptFrom: 0.6 } });
      stage.calls[0]!.answer(wholeAnswer('four'));
      end(stage);
      await turn();
      expect(client.result!.status).toBe('ok');
      expect(stage.asked).toEqual(['a', 'a']);
    }
  });

  test('is not asked where the answer would stand whatever it says', () => {
    const stage = new Stage();
    begin(stage, { cascade: asked, usdPerError: 0.0001 });
    stage.calls[0]!.answer(wholeAnswer('four'));
    expect(stage.asked).toEqual(['a']);
  });

  test('stops when the client leaves, and is settled', async () => {
    const stage = new Stage();
    const client = begin(stage, { cascade: asked });
    stage.calls[0]!.answer(wholeAnswer('four'));
    client.flow!.abort();
    await turn();
    expect(stage.calls[1]!.isAborted).toBe(true);
    expect(client.terminals).toBe(1);
    expect(client.result!.status).toBe('aborted');
    expect(sharesOf(client.result!)).toEqual(['a check 0', 'a step 5']);
  });
});

describe('the responses surface, put to an engine that speaks chat alone', () => {
  const RESPONSES = '{"model":"auto","store":false,"input":"hi"}';
  test.each([false, true])('streamed %s: an empty answer is followed by the next', (isStream) => {
    const stage = new Stage();
    const body = isStream ? RESPONSES.replace('{', '{"stream":true,') : RESPONSES;
    const mandate = { cascade: CASCADE };
    const decision = stage.decision({ body, surface: 'responses', mandate }, [SMALL, LARGE]);
    const client = stage.serve(decision);
    const give = (i: number, text: string): void =>
      isStream
        ? stage.calls[i]!.stream(text === '' ? [] : [text])
        : stage.calls[i]!.answer(wholeAnswer(text));
    give(0, '');
    expect(stage.asked).toEqual(['a', 'b']);
    expect(client.status).toBe(0);
    give(1, 'four');
    expect(client.text).toContain('"text":"four"');
    expect(client.text.match(/"status":"completed"/g)!.length).toBeGreaterThan(0);
    expect(client.result).toMatchObject({ status: 'ok' });
    expect(client.terminals).toBe(1);
  });
});

describe('the steps of a request', () => {
  test('are chosen from its bids where the policy leaves it to the market', () => {
    const stage = new Stage();
    begin(stage, { cascade: { steps: null }, bidders: [LARGE, { ...SMALL, accuracy: 0.8 }] });
    expect(stage.asked).toEqual(['a']);
    stage.calls[0]!.answer(wholeAnswer('five', UNSURE));
    expect(stage.asked).toEqual(['a', 'b']);
  });

  test('are one where a cheap first step is not worth its time', () => {
    const stage = new Stage();
    const weak = { ...SMALL, accuracy: 0.2, costUsd: 0.0009 };
    begin(stage, { cascade: { steps: null }, bidders: [LARGE, weak] });
    expect(stage.asked).toEqual(['b']);
  });

  test('may be two efforts of one model', () => {
    const stage = new Stage();
    const step = { model: 'small' as ModelId, effort: null, accuracy: null };
    const steps = [
      { ...step, effort: 'off' as const },
      { ...step, effort: 'high' as const, accuracy: 0.9 },
    ];
    begin(stage, { cascade: { steps }, bidders: [SMALL] });
    stage.calls[0]!.answer(wholeAnswer('five', UNSURE));
    expect(stage.asked).toEqual(['a', 'a']);
  });
});

const ways: fc.Arbitrary<Partial<CascadePlan>> = fc.constantFrom(
  {},
  { decideAfterTokens: 2 },
  { confidence: 'selfCheck' as const },
  { acceptFrom: 0.7 },
  { steps: null },
);

test('whatever happens when: one ending, one author, everybody let go of, charges that add up', async () => {
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(mishaps, ways, async (steps, cascade) => {
      const stage = new Stage();
      const client = begin(stage, { body: STREAM, cascade });
      // A check is heard of a turn later.
      for (const one of steps) {
        happen(stage, client, [one], { isLast: false });
        await turn();
      }
      happen(stage, client, [], { isLast: true });
      await turn();
      stage.clock.advance(100_000);
      await turn();
      expect(client.terminals).toBe(1);
      expect(client.dones).toBe(1);
      expect(new Set(client.text.match(/<.>/g) ?? []).size).toBeLessThanOrEqual(1);
      expect([...stage.inFlight.values()].every((count) => count === 0)).toBe(true);
      const result = client.result!;
      const shares = sumOfShares(result);
      expect(shares.picoUsd).toBe(result.costPicoUsd);
      expect(shares.tokens).toBe(result.usage.promptTokens + result.usage.outputTokens);
      expect(result.attempts.map(({ instance }) => instance).toSorted()).toEqual(
        stage.asked.toSorted(),
      );
      if (client.error === null) {
        expect(result.status).toBe('ok');
        expect(client.text.match(/\[DONE\]/g)).toHaveLength(1);
      }
      ends.add(`${result.status} of ${stage.calls.length}`);
    }),
    { numRuns: 300 },
  );
  expect([...ends]).toEqual(expect.arrayContaining(['ok of 2', 'aborted of 2', 'failed of 2']));
});
