import { Agent } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { createVirtualClock } from '../kernel/index.ts';
import type { ResponseSink } from '../contract/index.ts';
import { errorOf, send, startRig, stopRigs, until } from './fixtures/model-server-rig.ts';
import type { Rig } from './fixtures/model-server-rig.ts';

afterEach(stopRigs);

/** A director that holds every request until the test lets it go. */
async function startHolding(): Promise<{
  rig: Rig;
  clock: ReturnType<typeof createVirtualClock>;
  sinks: ResponseSink[];
}> {
  const clock = createVirtualClock();
  const sinks: ResponseSink[] = [];
  const rig = await startRig({
    clock,
    director: (ingress, sink, flow) => {
      const type = ingress.surface === 'chat' ? 'text/event-stream' : 'application/json';
      sink.onStart(200, { 'content-type': type }, flow);
      sinks.push(sink);
    },
  });
  return { rig, clock, sinks };
}

async function ready(rig: Rig): Promise<number> {
  return (await send(rig, { method: 'GET', path: '/health/ready' })).status;
}

/** Lets virtual time run until the promise settles. */
async function settle<T>(promise: Promise<T>, clock: { advance(ms: number): void }): Promise<T> {
  const state = { isDone: false };
  const mark = (): void => {
    state.isDone = true;
  };
  promise.then(mark, mark);
  while (!state.isDone) {
    clock.advance(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return promise;
}

describe('shutdown', () => {
  test('readiness fails first, while requests are still served', async () => {
    const { rig, clock, sinks } = await startHolding();
    expect(await ready(rig)).toBe(200);
    const closed = rig.server.close({ noticeMs: 1000, drainMs: 1000 });
    expect(await ready(rig)).toBe(503);
    expect((await send(rig, { method: 'GET', path: '/health/live' })).status).toBe(200);
    const answer = send(rig, { path: '/v1/completions', body: '{}' });
    await until(() => sinks.length === 1);
    sinks[0]!.onData(Buffer.from('{}'));
    sinks[0]!.onEnd();
    expect((await answer).status).toBe(200);
    await settle(closed, clock);
    await expect(ready(rig)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('what is in flight may finish, and its connection closes', async () => {
    const { rig, clock, sinks } = await startHolding();
    const agent = new Agent({ keepAlive: true });
    const answer = send(rig, { path: '/v1/completions', body: '{}', agent });
    await until(() => sinks.length === 1);
    const closed = rig.server.close({ noticeMs: 0, drainMs: 60_000 });
    await new Promise((resolve) => setImmediate(resolve));
    sinks[0]!.onData(Buffer.from('{}'));
    sinks[0]!.onEnd();
    const { status, headers, text } = await answer;
    expect([status, headers.connection, text]).toEqual([200, 'close', '{}']);
    await settle(closed, clock);
    expect(rig.flows[0]!.calls).toEqual([]);
    agent.destroy();
  });

  test('a stream that outlasts the drain gets an error event, and its flow is aborted', async () => {
    const { rig, clock, sinks } = await startHolding();
    const stream = send(rig, { body: '{}' });
    const unstreamed = send(rig, { path: '/v1/completions', body: '{}' });
    await until(() => sinks.length === 2);
    const closed = rig.server.close({ noticeMs: 0, drainMs: 1000 });
    await settle(closed, clock);
    const { text, isComplete } = await stream;
    expect(text).toContain('BRS_SHUTTING_DOWN');
    expect(text).not.toContain('[DONE]');
    expect(isComplete).toBe(true);
    const answer = await unstreamed;
    expect([answer.status, errorOf(answer).code]).toEqual([503, 'BRS_SHUTTING_DOWN']);
    expect(answer.headers['retry-after']).toBe('1');
    expect(rig.flows.map(({ calls }) => calls)).toEqual([['abort'], ['abort']]);
  });

  test('an idle kept connection does not hold it up', async () => {
    const { rig, clock } = await startHolding();
    const agent = new Agent({ keepAlive: true });
    await send(rig, { method: 'GET', path: '/health', agent });
    const closed = rig.server.close({ noticeMs: 0, drainMs: 3_600_000 });
    await settle(closed, clock);
    expect(clock.monotonicMs()).toBeLessThan(3_600_000);
    agent.destroy();
  });
});
