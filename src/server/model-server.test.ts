import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { fault } from '../kernel/index.ts';
import type { ResponseSink } from '../contract/index.ts';
import {
  echoDirector,
  errorOf,
  send,
  sendRaw,
  startRig,
  stopRigs,
  testConfig,
  until,
} from './fixtures/model-server-rig.ts';
import type { Director, FakeFlow } from './fixtures/model-server-rig.ts';

afterEach(stopRigs);

const SSE = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };

describe('the model path', () => {
  test('hands the director the bytes as they came, and answers in one piece', async () => {
    const rig = await startRig();
    const body = Buffer.from('{"model":"auto", "x":"é"}');
    const answer = await send(rig, { body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ bytes: body.length });
    expect(answer.headers['content-length']).toBe(String(answer.text.length));
    const [ingress] = rig.ingresses;
    expect(ingress!.bytes.equals(body)).toBe(true);
    expect(ingress!.surface).toBe('chat');
    expect(ingress!.caller).toEqual({ tenant: 'default', key: 'anonymous', roles: [] });
    expect(answer.headers['x-bourse-decision-id']).toBe(ingress!.id);
  });

  test.each([
    ['/v1/chat/completions?a=b', 'chat'],
    ['/v1/completions', 'completions'],
    ['/v1/embeddings', 'embeddings'],
    ['/v1/responses', 'responses'],
  ])('%s is the surface %s', async (path, surface) => {
    const rig = await startRig();
    await send(rig, { path, body: '{}' });
    expect(rig.ingresses[0]!.surface).toBe(surface);
  });

  test('a body in many pieces arrives whole', async () => {
    const rig = await startRig();
    const body = Buffer.alloc(600_000, 'abc');
    await new Promise<void>((resolve) => {
      const request = httpRequest(
        { port: rig.port, host: '127.0.0.1', method: 'POST', path: '/v1/chat/completions' },
        (response) => response.resume().on('end', resolve),
      );
      for (let i = 0; i < body.length; i += 1000) request.write(body.subarray(i, i + 1000));
      request.end();
    });
    expect(rig.ingresses[0]!.bytes.equals(body)).toBe(true);
  });

  test('64 parallel requests each get their own answer on kept connections', async () => {
    const rig = await startRig({
      director: (ingress, sink, flow) => setImmediate(() => echoDirector(ingress, sink, flow)),
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const sizes = Array.from({ length: 64 }, (_, i) => 100 + i);
    const answers = await Promise.all(
      sizes.map((size) => send(rig, { agent, body: Buffer.alloc(size) })),
    );
    expect(answers.map(({ text }) => (JSON.parse(text) as { bytes: number }).bytes)).toEqual(sizes);
    agent.destroy();
  });

  test('pipelined requests are answered in order', async () => {
    const pending: (() => void)[] = [];
    const rig = await startRig({
      director: (ingress, sink, flow) => {
        pending.push(() => {
          sink.onStart(200, JSON_TYPE, flow);
          sink.onData(ingress.bytes);
          sink.onEnd();
        });
      },
    });
    const one = (body: string, extra = ''): string =>
      `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n${extra}content-length: ${body.length}\r\n\r\n${body}`;
    const all = sendRaw(rig.port, one('first') + one('second', 'connection: close\r\n'));
    await until(() => pending.length === 2);
    pending[1]!();
    pending[0]!();
    const text = await all;
    expect(text.indexOf('first')).toBeGreaterThan(0);
    expect(text.indexOf('second')).toBeGreaterThan(text.indexOf('first'));
  });

  test('the client that leaves while its pipelined request waits aborts it too', async () => {
    const rig = await startRig({ director: () => {} });
    const socket = connect(rig.port, '127.0.0.1');
    const request =
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}';
    socket.write(request + request);
    await until(() => rig.flows.length === 2);
    socket.destroy();
    await until(() => rig.flows.every(({ calls }) => calls.includes('abort')));
    expect(rig.flows.map(({ calls }) => calls)).toEqual([['abort'], ['abort']]);
  });

  test('Expect: 100-continue is answered before the body', async () => {
    const rig = await startRig();
    const answer = await send(rig, { headers: { expect: '100-continue' }, body: '{"a":1}' });
    expect(answer.status).toBe(200);
    expect(rig.ingresses[0]!.bytes.toString()).toBe('{"a":1}');
  });
});

describe('streams', () => {
  test('events pass through as they come, and the end is clean', async () => {
    let push: ResponseSink | null = null;
    const rig = await startRig({
      director: (_ingress, sink, flow) => {
        sink.onStart(200, SSE, flow);
        push = sink;
      },
    });
    const response = await fetch(`${rig.url}/v1/chat/completions`, { method: 'POST', body: '{}' });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body!.getReader();
    const read = async (): Promise<string> =>
      Buffer.from((await reader.read()).value ?? '').toString();
    push!.onData(Buffer.from('data: 1\n\n'));
    expect(await read()).toBe('data: 1\n\n');
    push!.onData(Buffer.from('data: [DONE]\n\n'));
    expect(await read()).toBe('data: [DONE]\n\n');
    push!.onEnd();
    expect((await reader.read()).done).toBe(true);
    expect(rig.flows[0]!.calls).toEqual([]);
  });

  test('a fault after the start is an error event, and never [DONE]', async () => {
    const rig = await startRig({
      director: (_ingress, sink, flow) => {
        sink.onStart(200, SSE, flow);
        sink.onData(Buffer.from('data: {"a":1}\n\n'));
        sink.onError(fault('BRS_UPSTREAM_CUT', { instance: 'a' }));
      },
    });
    const { text, isComplete } = await send(rig, { body: '{}' });
    expect(isComplete).toBe(true);
    expect(text).toContain('BRS_UPSTREAM_CUT');
    expect(text).not.toContain('[DONE]');
  });

  test('the client that leaves aborts the flow once', async () => {
    const rig = await startRig({
      director: (_ingress, sink, flow) => {
        sink.onStart(200, SSE, flow);
        sink.onData(Buffer.from('data: 1\n\n'));
      },
    });
    const leaving = new AbortController();
    const response = await fetch(`${rig.url}/v1/chat/completions`, {
      method: 'POST',
      body: '{}',
      signal: leaving.signal,
    });
    await response.body!.getReader().read();
    leaving.abort();
    await until(() => rig.flows[0]!.calls.length > 0);
    expect(rig.flows[0]!.calls).toEqual(['abort']);
  });

  test('a slow reader holds the producer back, and gets every byte', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const total = 400;
    let sent = 0;
    let mostPending = 0;
    let taken = 0;
    const director: Director = (_ingress, sink, flow) => {
      sink.onStart(200, SSE, flow);
      const produce = (): void => {
        while (sent < total) {
          sent++;
          mostPending = Math.max(mostPending, sent * chunk.length - taken);
          if (!sink.onData(chunk)) return;
        }
        sink.onEnd();
      };
      flow.onCall = (call) => (call === 'resume' ? produce() : undefined);
      produce();
    };
    const rig = await startRig({ director });
    const received = await new Promise<number>((resolve) => {
      const request = httpRequest(
        { port: rig.port, host: '127.0.0.1', method: 'POST', path: '/v1/chat/completions' },
        (response) => {
          response.on('data', (data: Buffer) => {
            taken += data.length;
            response.pause();
            setImmediate(() => response.resume());
          });
          response.on('end', () => resolve(taken));
        },
      );
      request.end('{}');
    });
    expect(received).toBe(chunk.length * total);
    expect(rig.flows[0]!.calls.filter((call) => call === 'resume').length).toBeGreaterThan(1);
    // What the sockets of both sides buffer, and not the whole answer.
    expect(mostPending).toBeLessThan((chunk.length * total) / 2);
  });
});

describe('unstreamed answers', () => {
  test('headers may be completed until the end', async () => {
    const rig = await startRig({
      director: (_ingress, sink, flow) => {
        const headers: Record<string, string> = { ...JSON_TYPE };
        sink.onStart(200, headers, flow);
        sink.onData(Buffer.from('{"a":'));
        sink.onData(Buffer.from('1}'));
        headers['x-bourse-charged-usd'] = '0.01';
        sink.onEnd();
      },
    });
    const answer = await send(rig, { body: '{}' });
    expect(answer.text).toBe('{"a":1}');
    expect(answer.headers['x-bourse-charged-usd']).toBe('0.01');
  });

  test.each([3, 20_000])('bytes of any value pass unchanged (%i of each)', async (times) => {
    const bytes = Buffer.alloc(256 * times, Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
    const rig = await startRig({
      director: (_ingress, sink, flow) => {
        sink.onStart(200, { ...JSON_TYPE, 'x-name': 'caf\u00e9' }, flow);
        sink.onData(bytes);
        sink.onEnd();
      },
    });
    const response = await fetch(`${rig.url}/v1/chat/completions`, { method: 'POST', body: '{}' });
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('framing headers of the producer are replaced, and impossible ones left out', async () => {
    const rig = await startRig({
      director: (_ingress, sink, flow) => {
        const headers = { ...JSON_TYPE, 'content-length': '999', 'transfer-encoding': 'chunked' };
        sink.onStart(200, { ...headers, 'x-bad': 'a\r\nx-evil: 1', 'x-good': 'yes' }, flow);
        sink.onData(Buffer.from('{}'));
        sink.onEnd();
      },
    });
    const { headers, text } = await send(rig, { body: '{}' });
    expect(text).toBe('{}');
    expect(headers['content-length']).toBe('2');
    expect(headers['x-good']).toBe('yes');
    expect(headers).not.toHaveProperty('x-bad');
    expect(headers).not.toHaveProperty('x-evil');
  });

  test('a fault before anything was sent is an error body with the decision', async () => {
    const rig = await startRig({
      director: (_ingress, sink, flow) => {
        sink.onStart(200, JSON_TYPE, flow);
        sink.onData(Buffer.from('{"half":'));
        sink.onError(fault('BRS_UPSTREAM_CUT', { instance: 'a' }));
      },
    });
    const answer = await send(rig, { body: '{}' });
    expect(answer.status).toBe(502);
    expect(errorOf(answer).code).toBe('BRS_UPSTREAM_CUT');
    expect(answer.headers['x-bourse-decision-id']).toBe(rig.ingresses[0]!.id);
  });

  test('a large answer flows, and a cut breaks the connection', async () => {
    const rig = await startRig({
      director: (_ingress, sink, flow) => {
        sink.onStart(200, JSON_TYPE, flow);
        for (let i = 0; i < 20; i++) sink.onData(Buffer.alloc(64 * 1024, 'x'));
        setTimeout(() => sink.onError(fault('BRS_UPSTREAM_CUT', { instance: 'a' })), 20);
      },
    });
    const { status, isComplete } = await send(rig, { body: '{}' });
    expect(status).toBe(200);
    expect(isComplete).toBe(false);
  });

  test('a large answer that ends is whole', async () => {
    const rig = await startRig({
      director: (_ingress, sink, flow) => {
        sink.onStart(200, JSON_TYPE, flow);
        for (let i = 0; i < 40; i++) sink.onData(Buffer.alloc(64 * 1024, 'x'));
        sink.onEnd();
      },
    });
    const { text, isComplete } = await send(rig, { body: '{}' });
    expect(text.length).toBe(40 * 64 * 1024);
    expect(isComplete).toBe(true);
  });

  test('nothing after the terminal event reaches the client, and the gate counts down once', async () => {
    const rig = await startRig({
      limits: { concurrency: 1 },
      director: (_ingress, sink, flow) => {
        echoDirector(_ingress, sink, flow);
        sink.onEnd();
        sink.onError(new Error('late'));
        sink.onData(Buffer.from('late'));
      },
    });
    for (let i = 0; i < 3; i++) {
      const { status, text } = await send(rig, { body: '{}' });
      expect([status, text]).toEqual([200, '{"bytes":2}']);
    }
    expect(rig.logged).toEqual([]);
  });

  test.each<[string, (sink: ResponseSink, flow: FakeFlow) => void]>([
    ['an uncoded error', (sink) => sink.onError(new Error('secret sk-123 at /etc/passwd'))],
    [
      'a throw',
      () => {
        throw new Error('secret sk-123 at /etc/passwd');
      },
    ],
    ['an end without a start', (sink) => sink.onEnd()],
  ])('%s is a 500 that tells nothing', async (_name, act) => {
    const rig = await startRig({ director: (_ingress, sink, flow) => act(sink, flow) });
    const answer = await send(rig, { body: '{}' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/secret|sk-123|passwd/);
    expect((await send(rig, { body: '{}' })).status).toBe(500);
  });
});

describe('other paths', () => {
  test('health, readiness, metrics', async () => {
    const rig = await startRig();
    for (const path of ['/health', '/health/live', '/health/ready']) {
      expect((await send(rig, { method: 'GET', path })).status).toBe(200);
    }
    expect((await send(rig, { method: 'GET', path: '/metrics' })).text).toBe('bourse_up 1\n');
    expect((await send(rig, { method: 'HEAD', path: '/health' })).text).toBe('');
  });

  test('metrics tell of all tenants: through a proxy they are for keys with the role alone', async () => {
    const rig = await startRig({ keys: ['plain'] });
    const ask = (headers: Record<string, string>) =>
      send(rig, { method: 'GET', path: '/metrics', headers });
    expect((await ask({})).status).toBe(200);
    const through = { 'x-forwarded-for': '203.0.113.9' };
    expect((await ask(through)).status).toBe(401);
    const keyed = { ...through, authorization: 'Bearer plain' };
    const refused = await ask(keyed);
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('the role \\"metrics\\"');
    const config = testConfig({ keys: ['plain'] });
    rig.setConfig({ ...config, keys: config.keys.map((key) => ({ ...key, roles: ['metrics'] })) });
    expect((await ask(keyed)).status).toBe(200);
  });

  test('the list of models, and one of them', async () => {
    const rig = await startRig();
    const models = [{ id: 'org/qwen' }] as never;
    rig.setConfig({ ...testConfig(), models, modes: new Map([['frugal', {} as never]]) });
    const list = await send(rig, { method: 'GET', path: '/v1/models' });
    const { object, data } = JSON.parse(list.text) as { object: string; data: { id: string }[] };
    expect(object).toBe('list');
    expect(data.map(({ id }) => id)).toEqual([
      'auto',
      'auto:accuracy',
      'auto:economy',
      'auto:eco',
      'auto:latency',
      'auto:frugal',
      'org/qwen',
    ]);
    const one = await send(rig, { method: 'GET', path: '/v1/models/org%2Fqwen' });
    expect(JSON.parse(one.text)).toEqual(data.at(-1));
    expect((await send(rig, { method: 'GET', path: '/v1/models/org/qwen' })).status).toBe(200);
    const none = await send(rig, { method: 'GET', path: '/v1/models/%ff' });
    expect([none.status, errorOf(none).code]).toEqual([404, 'BRS_MODEL_UNKNOWN']);
  });

  test('an unknown path is 404, a wrong method 405 with what is allowed', async () => {
    const rig = await startRig();
    const unknown = await send(rig, { path: '/v1/nothing?key=sk-secret', body: '{}' });
    expect([unknown.status, errorOf(unknown).code]).toEqual([404, 'BRS_PATH_UNKNOWN']);
    expect(unknown.text).not.toContain('sk-secret');
    const get = await send(rig, { method: 'GET' });
    expect([get.status, get.headers.allow]).toEqual([405, 'POST']);
    const post = await send(rig, { path: '/v1/models', body: '{}' });
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD']);
    expect(unknown.headers).not.toHaveProperty('access-control-allow-origin');
  });
});
