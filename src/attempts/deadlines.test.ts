import { describe, expect, test } from 'vitest';
import { Fault, createVirtualClock, fault } from '../kernel/index.ts';
import type { FlowController, ResponseSink, Upstream, UpstreamCall } from '../contract/index.ts';
import { Client, PLAN, createExchange, decide, sse } from './fixtures/exchange.ts';
import type { Asked, Candidate } from './fixtures/exchange.ts';

/** An upstream under the test's hand: one entry per dispatch. */
interface Dispatched {
  readonly call: UpstreamCall;
  readonly sink: ResponseSink;
  readonly flow: FlowController & { aborts: number; pauses: number; resumes: number };
}

class FakeUpstream implements Upstream {
  readonly dispatched: Dispatched[] = [];
  onDispatch: (sink: ResponseSink) => void = () => {};

  dispatch(call: UpstreamCall, sink: ResponseSink): FlowController {
    const flow = {
      aborts: 0,
      pauses: 0,
      resumes: 0,
      abort: () => void flow.aborts++,
      pause: () => void flow.pauses++,
      resume: () => void flow.resumes++,
    };
    this.dispatched.push({ call, sink, flow });
    this.onDispatch(sink);
    return flow;
  }
}

const STREAM = '{"model":"m","stream":true}';
const EVENT_STREAM = { 'content-type': 'text/event-stream' };
const plan = { ...PLAN, firstTokenTimeoutMs: 1_000, idleTimeoutMs: 300, totalTimeoutMs: 10_000 };

function start(body: string, count = 2, changes: Partial<Candidate> & Partial<typeof plan> = {}) {
  const clock = createVirtualClock();
  const upstream = new FakeUpstream();
  const exchange = createExchange({ upstream, clock });
  const client = new Client();
  const asked: Asked = { body, clock, mandate: { attempts: { ...plan, ...changes } } };
  const candidates = Array.from({ length: count }, (_, index) => ({
    id: 'abc'[index]!,
    url: 'http://127.0.0.1:1',
    ...changes,
  }));
  const begin = () => exchange.run(decide(asked, candidates), null, client, client.onDone);
  return { clock, upstream, exchange, client, begin };
}

const chunk = (text: string): Buffer => Buffer.from(text);

describe('deadlines', () => {
  test('no first token in time: the next instance, and the late answer is not heard', () => {
    const { clock, upstream, client, begin } = start(STREAM);
    begin();
    clock.advance(999);
    expect(upstream.dispatched).toHaveLength(1);
    clock.advance(1);
    expect(upstream.dispatched).toHaveLength(2);
    const [late, next] = upstream.dispatched as [Dispatched, Dispatched];
    expect(late.flow.aborts).toBe(1);
    late.sink.onStart(200, EVENT_STREAM, late.flow);
    late.sink.onData(chunk(sse.text('late')));
    late.sink.onEnd();
    next.sink.onStart(200, EVENT_STREAM, next.flow);
    next.sink.onData(chunk(sse.text('next') + sse.finish() + sse.done()));
    next.sink.onEnd();
    expect(client.text).toBe(sse.text('next') + sse.finish() + sse.done());
    expect(client.result!.attempts).toMatchObject([
      { result: 'timeout', totalMs: 1_000, ttftMs: null },
      { result: 'ok' },
    ]);
  });

  test('start-up events do not stop the clock', () => {
    const { clock, upstream, begin } = start(STREAM);
    begin();
    const [first] = upstream.dispatched as [Dispatched];
    first.sink.onStart(200, EVENT_STREAM, first.flow);
    for (let i = 0; i < 4; i++) {
      clock.advance(250);
      first.sink.onData(chunk(sse.role()));
    }
    expect(upstream.dispatched).toHaveLength(2);
  });

  test.each([
    ['in pieces', [sse.text('a'), sse.finish(), sse.done()]],
    ['at once', [sse.text('a') + sse.finish() + sse.done()]],
  ])('behind [DONE] nobody waits for the connection to end: %s', (_, pieces) => {
    const { clock, upstream, client, begin } = start(STREAM, 2, { idleTimeoutMs: 9_000 });
    begin();
    const [only] = upstream.dispatched as [Dispatched];
    only.sink.onStart(200, EVENT_STREAM, only.flow);
    for (const piece of pieces) only.sink.onData(chunk(piece));
    for (let i = 0; i < 9; i++) {
      clock.advance(111);
      only.sink.onData(chunk('and so on\n\n'));
    }
    expect(client.result).toBeNull();
    clock.advance(1);
    expect(client.result).toMatchObject({ status: 'ok', finishReason: 'stop' });
    expect(client.text).toBe(sse.text('a') + sse.finish() + sse.done());
    expect(only.flow.aborts).toBe(1);
    expect([client.terminals, client.dones, upstream.dispatched.length]).toEqual([1, 1, 1]);
  });

  test('a stream that falls silent ends in an error, counted from its last byte', () => {
    const { clock, upstream, client, begin } = start(STREAM);
    begin();
    const [only] = upstream.dispatched as [Dispatched];
    clock.advance(100);
    only.sink.onStart(200, EVENT_STREAM, only.flow);
    only.sink.onData(chunk(sse.text('a')));
    for (let i = 0; i < 5; i++) {
      clock.advance(299);
      only.sink.onData(chunk(sse.text('b')));
    }
    expect(client.result).toBeNull();
    clock.advance(299);
    expect(client.result).toBeNull();
    clock.advance(2);
    expect((client.error as Fault).code).toBe('BRS_UPSTREAM_TIMEOUT');
    expect(only.flow.aborts).toBe(1);
    expect(client.result).toMatchObject({
      status: 'cut',
      ttftMs: 100,
      perTokenMs: 299,
      usage: { outputTokens: 6, isEstimated: true },
      attempts: [{ result: 'timeout' }],
    });
    expect(upstream.dispatched).toHaveLength(1);
  });

  test('silence right after the first content is noticed before the first token was due', () => {
    const { clock, upstream, client, begin } = start(STREAM);
    begin();
    const [only] = upstream.dispatched as [Dispatched];
    only.sink.onStart(200, EVENT_STREAM, only.flow);
    only.sink.onData(chunk(sse.text('a')));
    clock.advance(299);
    expect(client.result).toBeNull();
    clock.advance(2);
    expect(client.result).toMatchObject({ status: 'cut', attempts: [{ result: 'timeout' }] });
  });

  test('a client that does not read is no silence of the instance', () => {
    const { clock, upstream, client, begin } = start(STREAM);
    const flow = begin();
    const [only] = upstream.dispatched as [Dispatched];
    only.sink.onStart(200, EVENT_STREAM, only.flow);
    client.accepts = false;
    expect(only.sink.onData(chunk(sse.text('a')))).toBe(false);
    clock.advance(2_000);
    expect(client.result).toBeNull();
    client.accepts = true;
    flow.resume();
    expect(only.flow.resumes).toBe(1);
    clock.advance(299);
    expect(client.result).toBeNull();
    clock.advance(2);
    expect((client.error as Fault).code).toBe('BRS_UPSTREAM_TIMEOUT');
  });

  test('the whole request ends at its own deadline, even while the client does not read', () => {
    const { clock, upstream, client, begin } = start(STREAM);
    begin();
    const [only] = upstream.dispatched as [Dispatched];
    only.sink.onStart(200, EVENT_STREAM, only.flow);
    client.accepts = false;
    only.sink.onData(chunk(sse.text('a')));
    clock.advance(10_000);
    expect((client.error as Fault).code).toBe('BRS_UPSTREAM_TIMEOUT');
  });

  test('no attempt begins after the deadline of the whole', () => {
    const { clock, upstream, client, begin } = start(STREAM, 3, { totalTimeoutMs: 1_500 });
    begin();
    clock.advance(1_500);
    expect(upstream.dispatched).toHaveLength(2);
    expect(client.error!.message).toContain('a: timeout; b: timeout');
    expect(client.result!.totalMs).toBe(1_500);
  });

  test('an unstreamed answer may take its promise four times over beyond the first token', () => {
    const { clock, upstream, begin } = start('{"model":"m"}', 2, { latencyMs: 500 });
    begin();
    clock.advance(2_999);
    expect(upstream.dispatched).toHaveLength(1);
    clock.advance(1);
    expect(upstream.dispatched).toHaveLength(2);
  });

  test('a complete stream whose connection stays open is complete', () => {
    const { clock, upstream, client, begin } = start(STREAM);
    begin();
    const [only] = upstream.dispatched as [Dispatched];
    only.sink.onStart(200, EVENT_STREAM, only.flow);
    only.sink.onData(chunk(sse.text('a') + sse.finish() + sse.done()));
    clock.advance(1_000);
    expect(client.error).toBeNull();
    expect(client.result!.status).toBe('ok');
  });

  test('nothing is left pending', () => {
    const { clock, upstream, client, begin } = start('{"model":"m"}');
    begin();
    const [only] = upstream.dispatched as [Dispatched];
    only.sink.onStart(200, { 'content-type': 'application/json' }, only.flow);
    only.sink.onData(chunk('{}'));
    only.sink.onEnd();
    expect(client.result!.status).toBe('ok');
    expect(clock.step()).toBe(false);
  });
});

describe('an upstream that answers within its dispatch', () => {
  test('with failures: the ranking is walked to its end', () => {
    const { upstream, client, exchange, begin } = start(STREAM, 3);
    upstream.onDispatch = (sink) => sink.onError(fault('BRS_UPSTREAM_CONNECT', { instance: 'x' }));
    begin();
    expect(upstream.dispatched).toHaveLength(3);
    expect(client.error!.message).toContain('a: connect; b: connect; c: connect');
    expect([client.terminals, client.dones]).toEqual([1, 1]);
    expect(exchange.events).toHaveLength(3);
  });

  test('with what it is not asked for, after the end', () => {
    const { upstream, client, begin } = start('{"model":"m"}');
    upstream.onDispatch = (sink) => {
      const flow = { abort: () => {}, pause: () => {}, resume: () => {} };
      sink.onStart(200, { 'content-type': 'application/json' }, flow);
      sink.onData(chunk('{"a":1}'));
      sink.onEnd();
      sink.onData(chunk('more'));
      sink.onError(new Error('late'));
      sink.onEnd();
    };
    begin();
    expect(client.text).toBe('{"a":1}');
    expect([client.terminals, client.dones, client.error]).toEqual([1, 1, null]);
  });

  test('by throwing', () => {
    const { upstream, client, exchange, begin } = start(STREAM, 1);
    upstream.onDispatch = () => {
      throw new Error('broken');
    };
    begin();
    expect((client.error as Fault).code).toBe('BRS_UPSTREAM_CONNECT');
    expect(exchange.inFlight('a')).toBe(0);
  });
});

test.each([
  [false, 0],
  [true, 40],
])(
  'a client that leaves is charged for a prompt that went out (%s), and for none that did not',
  (isSent, promptTokens) => {
    const flow = { abort: () => {}, pause: () => {}, resume: () => {}, isSent };
    const exchange = createExchange({ upstream: { dispatch: () => flow } });
    const client = new Client();
    const candidate = { id: 'a', url: 'http://127.0.0.1:1' };
    exchange.run(decide({ body: STREAM }, [candidate]), null, client, client.onDone).abort();
    expect(client.result).toMatchObject({
      status: 'aborted',
      usage: { promptTokens, outputTokens: 0 },
      costPicoUsd: promptTokens * 1_000_000,
      attempts: [{ result: 'aborted' }],
    });
    expect(exchange.inFlight('a')).toBe(0);
  },
);
