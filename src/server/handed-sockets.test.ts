import { Agent } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import type { ResponseSink } from '../contract/index.ts';
import { send, startRig, stopRigs, until } from './fixtures/model-server-rig.ts';

afterEach(stopRigs);

describe('connections that another process has accepted', () => {
  test('are served like its own, and kept', async () => {
    const rig = await startRig({ isHanded: true });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const answers = await Promise.all(
      ['{}', '{"a":1}', 'x'.repeat(200_000)].map((body) => send(rig, { body, agent })),
    );
    expect(answers.map((answer) => JSON.parse(answer.text))).toEqual([
      { bytes: 2 },
      { bytes: 7 },
      { bytes: 200_000 },
    ]);
    agent.destroy();
  });

  test('a client that stops in the middle of a head hears what is wrong', async () => {
    const rig = await startRig({ isHanded: true });
    const socket = connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end('POST /v1/chat/completions HTTP/1.1\r\nhost: local');
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /);
  });

  test('are closed beyond the ceiling, and taken again when there is room', async () => {
    const rig = await startRig({ isHanded: true, limits: { connections: 2 } });
    const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })];
    const get = (agent: Agent) => send(rig, { method: 'GET', path: '/health', agent });
    for (const agent of agents) expect((await get(agent)).status).toBe(200);
    const third = new Agent();
    await expect(get(third)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await get(agents[1]!)).status).toBe(200);
    agents[0]!.destroy();
    let status = 0;
    await until(() => {
      void get(third).then(
        (answer) => (status = answer.status),
        () => {},
      );
      return status === 200;
    });
    agents[1]!.destroy();
  });

  test('a shutdown tells where they come from, ends what is idle and waits for the rest', async () => {
    const sinks: ResponseSink[] = [];
    const rig = await startRig({
      isHanded: true,
      director: (_ingress, sink, flow) => {
        sink.onStart(200, { 'content-type': 'application/json' }, flow);
        sinks.push(sink);
      },
    });
    const agent = new Agent({ keepAlive: true });
    await send(rig, { method: 'GET', path: '/health', agent });
    const answer = send(rig, { path: '/v1/completions', body: '{}' });
    await until(() => sinks.length === 1);
    let isClosed = false;
    const closed = rig.server.close({ noticeMs: 0, drainMs: 60_000 }).then(() => (isClosed = true));
    await until(() => rig.logged.length === 1);
    expect(rig.logged[0]).toContain('closing with');
    await until(() => Object.keys(agent.freeSockets).length === 0);
    expect(isClosed).toBe(false);
    sinks[0]!.onData(Buffer.from('{}'));
    sinks[0]!.onEnd();
    expect((await answer).headers.connection).toBe('close');
    await closed;
  });
});
