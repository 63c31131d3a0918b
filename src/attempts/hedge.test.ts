import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HedgePlan } from '../contract/index.ts';
import { HedgeShare } from './hedge-share.ts';
import { delayOf } from './hedge.ts';
import { HEDGE, LARGE, SMALL, Stage, sharesOf, sumOfShares } from './fixtures/scripted.ts';
import { tokenFrame, wholeAnswer } from './fixtures/scripted.ts';
import type { Bidder } from './fixtures/scripted.ts';
import { finish, happen, mishaps } from './fixtures/mishaps.ts';
import { PLAN } from './fixtures/exchange.ts';
import type { Client } from './fixtures/exchange.ts';

const WHOLE = '{"model":"auto","messages":[{"role":"user","content":"hi"}]}';
const STREAM = WHOLE.replace('{', '{"stream":true,');
const THIRD: Bidder = { id: 'c', model: 'large', accuracy: 0.9, costUsd: 0.001 };
const AFTER_MS = 100;

interface Case {
  readonly body?: string;
  readonly hedge?: Partial<HedgePlan>;
  readonly bidders?: readonly Bidder[];
}

function begin(stage: Stage, { body = STREAM, hedge, bidders }: Case = {}): Client {
  const mandate = { hedge: { ...HEDGE, ...hedge } };
  return stage.serve(stage.decision({ body, mandate }, bidders ?? [SMALL, LARGE, THIRD]));
}

const textOf = (client: Client): string =>
  [...client.text.matchAll(/"content":"([^"]*)"/g)].map(([, text]) => text).join('');
const isIdle = (stage: Stage): boolean => [...stage.inFlight.values()].every((n) => n === 0);

describe('a hedge', () => {
  test('is not begun where the first is in time', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.clock.advance(AFTER_MS - 1);
    stage.calls[0]!.stream(['a', 'b']);
    stage.clock.advance(10 * AFTER_MS);
    expect(stage.asked).toEqual(['a']);
    expect(client.result!.attempts[0]!.share).toBeUndefined();
    expect(client.headers['x-bourse-hedge']).toBeUndefined();
  });

  test('asks the next one: whoever begins first serves, the other is given up, both are charged', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.clock.advance(AFTER_MS);
    expect(stage.asked).toEqual(['a', 'b']);
    const [first, second] = stage.calls;
    second!.open();
    second!.send(tokenFrame('x', null));
    expect(first!.isAborted).toBe(true);
    first!.open();
    first!.send(tokenFrame('never', null));
    second!.send(tokenFrame('y', null));
    finish(second!);
    expect(textOf(client)).toBe('xy');
    expect(client.terminals).toBe(1);
    const result = client.result!;
    expect(result.bid!.instance.id).toBe('b');
    expect(sharesOf(result)).toEqual(['a hedge 0', 'b step 2']);
    expect(result.usage).toMatchObject({ promptTokens: 50, outputTokens: 2, isEstimated: true });
    expect(sumOfShares(result)).toEqual({ picoUsd: result.costPicoUsd, tokens: 52 });
    expect(client.headers['x-bourse-hedge']).toBe('a, b');
    expect(client.headers['x-bourse-aside-usd']).toBe('0.000040000000');
    expect(stage.events).toMatchObject([{ kind: 'hedged', instance: 'b', afterMs: AFTER_MS }]);
    expect(isIdle(stage)).toBe(true);
  });

  test('that the first one wins after all gives up the second', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.clock.advance(AFTER_MS);
    stage.calls[0]!.stream(['a', 'b']);
    expect(stage.calls[1]!.isAborted).toBe(true);
    expect(sharesOf(client.result!)).toEqual(['b hedge 0', 'a step 2']);
  });

  test('of a whole answer charges the loser by its pace, never beyond what it was expected to write', () => {
    const stage = new Stage();
    const client = begin(stage, { body: WHOLE, bidders: [{ ...SMALL, latencyMs: 500 }, LARGE] });
    stage.clock.advance(AFTER_MS);
    stage.clock.advance(200);
    stage.calls[1]!.answer(wholeAnswer('four'));
    // 300 ms after its dispatch, 100 of them for the first token, at 20 ms a token.
    expect(sharesOf(client.result!)).toEqual(['a hedge 10', 'b step 5']);
    const charged = client.headers['x-bourse-charged-usd'];
    expect(Number(charged) * 1e12).toBeCloseTo(client.result!.costPicoUsd, 0);
  });

  test('that is cut while it flows is gone on with by the next of its model', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.clock.advance(AFTER_MS);
    stage.calls[1]!.open();
    stage.calls[1]!.send(tokenFrame('x', null));
    stage.calls[1]!.cut();
    expect(stage.asked).toEqual(['a', 'b', 'c']);
    stage.calls[2]!.stream(['y']);
    expect([client.terminals, textOf(client)]).toEqual([1, 'xy']);
    expect(sharesOf(client.result!)).toEqual(['a hedge 0', null, 'c step 2']);
  });

  test('that is cut while it flows is an error where nobody can go on, not a second answer', () => {
    const stage = new Stage();
    const client = begin(stage, { bidders: [SMALL, LARGE, { ...THIRD, model: 'other' }] });
    stage.clock.advance(AFTER_MS);
    stage.calls[1]!.open();
    stage.calls[1]!.send(tokenFrame('x', null));
    stage.calls[1]!.cut();
    expect(stage.asked).toEqual(['a', 'b']);
    expect(client.terminals).toBe(1);
    expect(client.result).toMatchObject({ status: 'cut' });
    expect(sharesOf(client.result!)).toEqual(['a hedge 0', 'b step 1']);
  });

  test('whose one side fails waits for the other, and asks a third only when both have', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.clock.advance(AFTER_MS);
    stage.calls[0]!.refuse();
    expect(stage.asked).toEqual(['a', 'b']);
    expect(client.terminals).toBe(0);
    stage.calls[1]!.refuse();
    expect(stage.asked).toEqual(['a', 'b', 'c']);
    stage.calls[2]!.stream(['a', 'b']);
    expect(textOf(client)).toBe('ab');
    expect(client.terminals).toBe(1);
    expect(client.result!.attempts.map(({ instance, result }) => `${instance} ${result}`)).toEqual([
      'a connect',
      'b connect',
      'c ok',
    ]);
  });

  test('before which the first has failed asks nobody twice', () => {
    const stage = new Stage();
    begin(stage);
    stage.calls[0]!.refuse();
    stage.clock.advance(AFTER_MS);
    expect(stage.asked).toEqual(['a', 'b', 'c']);
    stage.calls[1]!.refuse();
    stage.calls[2]!.refuse();
    expect(new Set(stage.asked).size).toBe(stage.asked.length);
  });

  test('where all fail tells it once, and no one is charged', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.clock.advance(AFTER_MS);
    for (let i = 0; i < stage.calls.length; i++) stage.calls[i]!.refuse();
    expect(client.terminals).toBe(1);
    expect(client.dones).toBe(1);
    expect(client.result).toMatchObject({ status: 'failed', costPicoUsd: 0 });
  });

  test('passes back-pressure to the winner alone', () => {
    const stage = new Stage();
    const client = begin(stage);
    stage.clock.advance(AFTER_MS);
    stage.calls[1]!.open();
    stage.calls[1]!.send(tokenFrame('x', null));
    client.flow!.pause();
    expect([stage.calls[0]!.isPaused, stage.calls[1]!.isPaused]).toEqual([false, true]);
    client.flow!.resume();
    expect(stage.calls[1]!.isPaused).toBe(false);
  });
});

describe('a hedge is not begun', () => {
  test.each<[string, Case, (stage: Stage) => void]>([
    ['where the second is busy', {}, (stage) => stage.busy.add('b')],
    [
      'where the fleet is loaded',
      { hedge: { maxLoad: 0.3 } },
      (stage) => stage.inFlight.set('c', 8),
    ],
    ['where the circuit of the second is open', {}, (stage) => stage.shut.add('b')],
    [
      'for a request that leaves state behind',
      { body: STREAM.replace('{', '{"store":true,') },
      () => {},
    ],
    [
      'for a tool that the server runs',
      { body: STREAM.replace('{', '{"tools":[{"type":"web_search"}],') },
      () => {},
    ],
    ['for several answers to one question', { body: STREAM.replace('{', '{"n":2,') }, () => {}],
    ['where there is nobody else', { bidders: [SMALL] }, () => {}],
  ])('%s', (_, given, prepare) => {
    const stage = new Stage();
    prepare(stage);
    const client = begin(stage, given);
    stage.clock.advance(AFTER_MS);
    expect(stage.asked).toEqual(['a']);
    stage.calls[0]!.stream(['a', 'b']);
    expect(client.result!.status).toBe('ok');
  });

  test('beyond its share of the requests', () => {
    const stage = new Stage();
    const decision = stage.decision(
      { body: STREAM, mandate: { hedge: { ...HEDGE, maxShare: 0.1 } } },
      [SMALL, LARGE],
    );
    let hedged = 0;
    for (let i = 0; i < 200; i++) {
      const before = stage.calls.length;
      stage.serve(decision);
      stage.clock.advance(AFTER_MS);
      if (stage.calls.length - before > 1) hedged++;
      stage.calls.at(-1)!.stream(['a', 'b']);
    }
    expect(hedged).toBeGreaterThan(15);
    expect(hedged).toBeLessThanOrEqual(21);
  });
});

test('the share of hedges keeps its bound whatever comes when', () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 400 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (wants, maxShare) => {
        const share = new HedgeShare();
        const plan = { ...HEDGE, maxShare };
        let hedged = 0;
        for (const [i, wantsOne] of wants.entries()) {
          share.count(plan);
          if (wantsOne && share.take(plan)) hedged++;
          expect(hedged).toBeLessThanOrEqual(1 + (i + 1) * maxShare + 1e-9);
        }
      },
    ),
  );
});

test('the delay is what the bid keeps so often: to the first token of a stream, to the end of another answer', () => {
  const [bid] = new Stage().decision({ body: STREAM }, [{ ...SMALL, latencyMs: 500 }]).result
    .ranked;
  const learned = { ...HEDGE, afterMs: null };
  expect(delayOf(learned, bid!, true)).toBeCloseTo(100 + 1.645 * 10, 1);
  expect(delayOf(learned, bid!, false)).toBeCloseTo(500, 1);
  expect(delayOf(HEDGE, bid!, true)).toBe(AFTER_MS);
});

test('whatever happens when: one ending, one author, no instance asked twice for nothing and each let go of, charges that add up', () => {
  fc.assert(
    fc.property(mishaps, (steps) => {
      const stage = new Stage();
      const client = begin(stage);
      happen(stage, client, steps);
      // In the end, every time-out has passed.
      stage.clock.advance(100_000);
      expect(client.terminals).toBe(1);
      expect(client.dones).toBe(1);
      expect(new Set(textOf(client).match(/<.>/g) ?? []).size).toBeLessThanOrEqual(1);
      expect(isIdle(stage)).toBe(true);
      const result = client.result!;
      // Only one whose connection was stale is asked again, and all dispatches keep to the ceiling.
      const staleOnes = result.attempts.filter((attempt) => attempt.result === 'stale').length;
      expect(new Set(stage.asked).size).toBeGreaterThanOrEqual(stage.asked.length - staleOnes);
      expect(stage.asked.length).toBeLessThanOrEqual(PLAN.max);
      const shares = sumOfShares(result);
      if (result.attempts.some(({ share }) => share !== undefined)) {
        expect(shares.picoUsd).toBe(result.costPicoUsd);
        expect(shares.tokens).toBe(result.usage.promptTokens + result.usage.outputTokens);
      }
      const seen = result.attempts.map(({ instance }) => instance);
      expect(seen.toSorted()).toEqual(stage.asked.toSorted());
      if (client.error === null) expect(result.status).toBe('ok');
    }),
    { numRuns: 400 },
  );
});
