import { Agent } from 'node:http';
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { createVirtualClock, fault } from '../kernel/index.ts';
import {
  errorOf,
  send,
  sendRaw,
  settled,
  startRig,
  stopRigs,
  until,
} from './fixtures/model-server-rig.ts';

afterEach(stopRigs);

const head = (lines: string): string =>
  `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n${lines}\r\n\r\n`;

describe('bodies', () => {
  test('one announced too large is refused before it is read, in words the sender gets to read', async () => {
    const rig = await startRig();
    const answer = await send(rig, { body: Buffer.alloc(8 * 1024 * 1024) });
    expect([answer.status, errorOf(answer).code]).toEqual([413, 'BRS_BODY_TOO_LARGE']);
    expect(answer.headers.connection).toBe('close');
    expect(rig.ingresses).toEqual([]);
  });

  test('one that grows too large is refused while it is read', async () => {
    const rig = await startRig({ limits: { bodyBytes: 1000 } });
    const chunk = `258\r\n${'x'.repeat(600)}\r\n`;
    const text = await sendRaw(
      rig.port,
      head('transfer-encoding: chunked') + chunk + chunk + '0\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toContain('BRS_BODY_TOO_LARGE');
    expect(rig.ingresses).toEqual([]);
  });

  test('a client that waits for 100 Continue is refused without one', async () => {
    const rig = await startRig();
    const text = await sendRaw(rig.port, head('content-length: 99999999\r\nexpect: 100-continue'));
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('one that is encoded is refused', async () => {
    const rig = await startRig();
    const headers = { 'content-encoding': 'gzip' };
    const answer = await send(rig, { headers, body: 'x' });
    expect([answer.status, errorOf(answer).code]).toEqual([415, 'BRS_BODY_ENCODING']);
    expect(
      (await send(rig, { headers: { 'content-encoding': 'identity' }, body: 'x' })).status,
    ).toBe(200);
  });

  test('one that does not come is given up', async () => {
    const clock = createVirtualClock();
    const rig = await startRig({ clock, limits: { bodyTimeoutMs: 5000 } });
    const answer = sendRaw(rig.port, head('content-length: 100') + '{"half":');
    await until(() => rig.server.openRequests === 1);
    clock.advance(4999);
    expect(rig.server.openRequests).toBe(1);
    clock.advance(1);
    await until(() => rig.server.openRequests === 0);
    clock.advance(5000);
    const text = await answer;
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain('BRS_BODY_TIMEOUT');
    expect(rig.ingresses).toEqual([]);
  });

  test('the client that leaves before its body is whole leaves nothing behind', async () => {
    const rig = await startRig();
    const socket = connect(rig.port, '127.0.0.1');
    socket.write(head('content-length: 100') + '{');
    await until(() => rig.server.openRequests === 1);
    socket.destroy();
    await until(() => rig.server.openRequests === 0);
    expect(rig.ingresses).toEqual([]);
  });
});

describe('connections', () => {
  test('a client that stops reading is cut off', async () => {
    const clock = createVirtualClock();
    const rig = await startRig({
      clock,
      director: (_ingress, sink, flow) => {
        sink.onStart(200, { 'content-type': 'text/event-stream' }, flow);
        const produce = (): void => {
          while (sink.onData(Buffer.alloc(64 * 1024)));
        };
        flow.onCall = (call) => (call === 'resume' ? produce() : undefined);
        produce();
      },
    });
    const socket = connect(rig.port, '127.0.0.1');
    socket.pause();
    socket.write(`${head('content-length: 2')}{}`);
    await until(() => rig.flows.length === 1);
    const { calls } = rig.flows[0]!;
    await settled(() => calls.length);
    clock.advance(59_000);
    expect(calls).not.toContain('abort');
    clock.advance(1_000);
    await until(() => rig.server.openRequests === 0);
    expect(calls.filter((call) => call !== 'resume')).toEqual(['abort']);
    socket.destroy();
  });

  test('a kept connection survives errors', async () => {
    const rig = await startRig({ keys: ['good'] });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const headers = { authorization: 'Bearer good' };
    const bad = { authorization: 'Bearer bad' };
    const statuses: number[] = [];
    for (const call of [
      { headers: bad, body: 'x'.repeat(5000) },
      { headers, body: '{}' },
      { headers, path: '/nothing', body: '{}' },
      { headers, method: 'GET' },
      { headers: { ...headers, 'content-encoding': 'br' }, body: 'xx' },
      { headers, body: '{}' },
    ]) {
      statuses.push((await send(rig, { agent, ...call })).status);
    }
    expect(statuses).toEqual([401, 200, 404, 405, 415, 200]);
    expect(Object.values(agent.freeSockets).flat().length).toBe(1);
    agent.destroy();
  });

  test('garbage is a 400 that says so', async () => {
    const rig = await startRig();
    for (const bytes of [
      'garbage\r\n\r\n',
      'GET /\x00 HTTP/1.1\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01',
    ]) {
      const text = await sendRaw(rig.port, bytes);
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text).toContain('BRS_HTTP_MALFORMED');
    }
  });

  test('garbage behind a request that is being answered does not get into the answer', async () => {
    const rig = await startRig({
      director: (_ingress, sink, flow) => {
        sink.onStart(200, { 'content-type': 'text/event-stream' }, flow);
        sink.onData(Buffer.from('data: 1\n\n'));
      },
    });
    const text = await sendRaw(rig.port, `${head('content-length: 2')}{}garbage\r\n\r\n`);
    expect(text).not.toContain('BRS_HTTP_MALFORMED');
    await until(() => rig.flows[0]!.calls.includes('abort'));
  });

  test('headers that are too large are a 431', async () => {
    const rig = await startRig({ limits: { headerBytes: 2048 } });
    const text = await sendRaw(rig.port, head(`x-large: ${'x'.repeat(4000)}`));
    expect(text).toMatch(/^HTTP\/1\.1 431 /);
    expect(text).toContain('2048 bytes');
  });

  test('a smuggler who sends two lengths is refused', async () => {
    const rig = await startRig();
    const lines = 'content-length: 2\r\ntransfer-encoding: chunked';
    expect(await sendRaw(rig.port, `${head(lines)}0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
    expect(rig.ingresses).toEqual([]);
  });
});

test('without keys, web pages are turned away', async () => {
  const rig = await startRig();
  const refused = [
    { host: 'evil.example' },
    { host: 'localhost', origin: 'https://evil.example' },
    { host: 'localhost', origin: 'null' },
    { host: '127.0.0.1.evil.example' },
  ];
  for (const headers of refused) {
    const answer = await send(rig, { headers, body: '{}' });
    expect([answer.status, errorOf(answer).code]).toEqual([403, 'BRS_FORBIDDEN']);
  }
  const accepted = [
    { host: 'localhost:9' },
    { host: '[::1]:9' },
    { host: '127.0.0.1', origin: 'http://localhost:3000' },
  ];
  for (const headers of accepted)
    expect((await send(rig, { headers, body: '{}' })).status).toBe(200);
});

test('whatever comes in, no answer repeats a key, a path of this host, or a stack', async () => {
  const KEY = 'sk-secret-0123456789';
  const rig = await startRig({
    keys: ['the-real-one'],
    limits: { bodyBytes: 2000 },
    director: (_ingress, sink) => sink.onError(fault('BRS_BODY_NOT_OBJECT')),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const secretHeader = fc.constantFrom('authorization', 'x-api-key', 'api-key', 'cookie');
  const call = fc.record({
    method: fc.constantFrom('POST', 'GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
    path: fc.oneof(
      fc.constantFrom('/v1/chat/completions', '/v1/models', '/metrics', '/v1/responses', '/'),
      fc.webPath().map((path) => `/${path}?key=${KEY}`),
    ),
    header: secretHeader,
    value: fc.constantFrom(KEY, `Bearer ${KEY}`, `Basic ${KEY}`),
    encoding: fc.constantFrom('identity', 'gzip', 'deflate, br'),
    body: fc.string({ maxLength: 3000, unit: 'binary' }),
  });
  await fc.assert(
    fc.asyncProperty(call, async ({ method, path, header, value, encoding, body }) => {
      const headers = { [header]: value, 'content-encoding': encoding };
      const answer = await send(rig, { agent, method, path, headers, body });
      const everything = answer.text + JSON.stringify(answer.headers);
      expect(everything).not.toContain(KEY);
      expect(everything).not.toContain(process.cwd());
      expect(everything).not.toMatch(/node:internal|\bat .*\.ts:\d+/);
      if (answer.status >= 400) expect(errorOf(answer).code).toMatch(/^BRS_[A-Z_]+$/);
    }),
    { numRuns: 150 },
  );
  expect(rig.logged.join('\n')).not.toContain(KEY);
  agent.destroy();
});
