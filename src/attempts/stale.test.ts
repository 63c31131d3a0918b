import { describe, expect, test } from 'vitest';
import { Fault, fault } from '../kernel/index.ts';
import type { ResponseSink, Upstream } from '../contract/index.ts';
import { Client, PLAN, createExchange, decide, sse } from './fixtures/exchange.ts';
import { HEDGE, LARGE, SMALL, Stage, wholeAnswer } from './fixtures/scripted.ts';

const WHOLE = '{"model":"auto","messages":[{"role":"user","content":"hi"}]}';
const STREAM = WHOLE.replace('{', '{"stream":true,');

const codeOf = ({ error }: Client): string | null => (Fault.isInstance(error) ? error.code : null);
const resultsOf = (client: Client): readonly string[] =>
  client.result!.attempts.map(({ instance, result }) => `${instance} ${result}`);
const isIdle = (stage: Stage): boolean => [...stage.inFlight.values()].every((n) => n === 0);

function begin(body: string, max = 3): { stage: Stage; client: Client } {
  const stage = new Stage();
  const mandate = { attempts: { ...PLAN, max } };
  return { stage, client: stage.serve(stage.decision({ body, mandate }, [SMALL, LARGE])) };
}

describe('a connection that was closed while idle', () => {
  test.each([WHOLE, STREAM])(
    'its instance is asked again, and both stand in the ledger: %s',
    (body) => {
      const { stage, client } = begin(body);
      stage.calls[0]!.stale();
      expect(stage.asked).toEqual(['a', 'a']);
      if (body === WHOLE) stage.calls[1]!.answer(wholeAnswer('Yes'));
      else stage.calls[1]!.stream(['Yes']);
      expect(resultsOf(client)).toEqual(['a stale', 'a ok']);
      expect(client.headers['x-bourse-attempt']).toBe('2');
      expect(client.terminals).toBe(1);
      expect(isIdle(stage)).toBe(true);
    },
  );

  test('twice in a row, the next instance is asked', () => {
    const { stage, client } = begin(WHOLE);
    stage.calls[0]!.stale();
    stage.calls[1]!.stale();
    stage.calls[2]!.answer(wholeAnswer('Yes'));
    expect(resultsOf(client)).toEqual(['a stale', 'a stale', 'b ok']);
  });

  test('what the instance says the second time is what the client is told', () => {
    const { stage, client } = begin(WHOLE);
    stage.shut.add('b');
    stage.calls[0]!.stale();
    stage.calls[1]!.answer({ error: { message: 'no' } }, 429);
    expect(codeOf(client)).toBe('BRS_UPSTREAM_RATE');
    expect(resultsOf(client)).toEqual(['a stale', 'a rate-limited']);
  });

  test('who may be asked once only is not asked again', () => {
    const { stage, client } = begin(WHOLE, 1);
    stage.calls[0]!.stale();
    expect(stage.asked).toEqual(['a']);
    expect(codeOf(client)).toBe('BRS_UPSTREAM_STALE');
    expect(client.result!.costPicoUsd).toBe(0);
  });

  test('an instance whose circuit has opened meanwhile is left alone', () => {
    const { stage, client } = begin(WHOLE);
    stage.shut.add('a');
    stage.calls[0]!.stale();
    stage.calls[1]!.answer(wholeAnswer('Yes'));
    expect(resultsOf(client)).toEqual(['a stale', 'b ok']);
  });

  test('of two that race, each counts against the ceiling of both', () => {
    const stage = new Stage();
    const mandate = { attempts: { ...PLAN, max: 3 }, hedge: HEDGE };
    const client = stage.serve(stage.decision({ body: STREAM, mandate }, [SMALL, LARGE]));
    stage.clock.advance(HEDGE.afterMs!);
    stage.calls[0]!.stale();
    stage.calls[1]!.stale();
    expect(stage.asked).toEqual(['a', 'b', 'a']);
    stage.calls[2]!.stream(['Yes']);
    expect(resultsOf(client)).toEqual(['b stale', 'a stale', 'a ok']);
    expect(isIdle(stage)).toBe(true);
  });

  test('a further part of an answer is asked for again, and the answer stays one', () => {
    const sinks: ResponseSink[] = [];
    const flow = { abort: () => {}, pause: () => {}, resume: () => {} };
    const upstream: Upstream = { dispatch: (_, sink) => (sinks.push(sink), flow) };
    const exchange = createExchange({ upstream });
    const client = new Client();
    const candidate = { id: 'a', url: 'http://127.0.0.1:1', engine: 'vllm', limitTokens: 2 };
    exchange.run(decide({ body: STREAM }, [candidate]), null, client, client.onDone);
    const say = (sink: ResponseSink, ...frames: readonly string[]): void => {
      sink.onStart(200, { 'content-type': 'text/event-stream' }, flow);
      for (const frame of frames) sink.onData(Buffer.from(frame));
      sink.onEnd();
    };
    const cut = sse.finish().replace('"stop"', '"length"');
    say(sinks[0]!, sse.text('One'), sse.text(' two'), cut, sse.usage(10, 2), sse.done());
    sinks[1]!.onError(fault('BRS_UPSTREAM_STALE', { instance: 'a' }));
    say(sinks[2]!, sse.text(' three'), sse.finish(), sse.usage(12, 1), sse.done());
    const words = [...client.text.matchAll(/"content":"([^"]*)"/g)].map(([, text]) => text);
    expect(words.join('')).toBe('One two three');
    expect(client.terminals).toBe(1);
    expect(resultsOf(client)).toEqual(['a stale', 'a ok']);
    expect(client.result!.usage).toMatchObject({ promptTokens: 10, outputTokens: 3 });
    expect(exchange.inFlight('a')).toBe(0);
  });
});
