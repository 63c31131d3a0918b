import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { Fault, createSystemClock } from '../kernel/index.ts';
import type { FlowController, ResponseSink, UpstreamCall } from '../contract/index.ts';
import { instanceAt, listen, refusedUrl } from './fixtures/local-server.ts';
import type { Answer, LocalServer } from './fixtures/local-server.ts';
import { createUpstream } from './upstream.ts';

const upstream = createUpstream({ clock: createSystemClock(), connectTimeoutMs: 2_000 });
const servers: LocalServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(answer: Answer): Promise<LocalServer> {
  const server = await listen(answer);
  servers.push(server);
  return server;
}

const callTo = (url: string, body = '{"a":1}'): UpstreamCall => ({
  instance: instanceAt(url),
  path: '/v1/chat/completions',
  body: Buffer.from(body),
  headers: { 'content-type': 'application/json', authorization: 'Bearer k' },
  isStream: false,
});

/** Records what it is told; `taken` resolves at the end. */
class Recorder implements ResponseSink {
  status = 0;
  headers: Readonly<Record<string, string>> = {};
  readonly chunks: Buffer[] = [];
  error: Error | null = null;
  flow: FlowController | null = null;
  ends = 0;
  accepts = true;
  onFirst: () => void = () => {};
  readonly over = Promise.withResolvers<void>();

  onStart(status: number, headers: Readonly<Record<string, string>>, flow: FlowController): void {
    this.status = status;
    this.headers = headers;
    this.flow = flow;
  }
  onData(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    if (this.chunks.length === 1) this.onFirst();
    return this.accepts;
  }
  onEnd(): void {
    this.ends++;
    this.over.resolve();
  }
  onError(error: Error): void {
    this.error = error;
    this.over.resolve();
  }
  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

async function ask(url: string): Promise<Recorder> {
  const sink = new Recorder();
  upstream.dispatch(callTo(url), sink);
  await sink.over.promise;
  // Its connection is free once undici has left the end of the answer.
  await new Promise((resolve) => setImmediate(resolve));
  return sink;
}

const codeOf = (sink: Recorder): string | null =>
  Fault.isInstance(sink.error) ? sink.error.code : null;

describe('upstream', () => {
  test('sends the bytes and the headers, pushes the answer', async () => {
    const server = await serve((response) => {
      response.writeHead(201, { 'X-Request-Id': 'r1', 'set-cookie': ['a=1', 'b=2'] });
      response.end('{"ok":true}');
    });
    const sink = await ask(`${server.url}/base`);
    expect(sink.status).toBe(201);
    expect(sink.headers['x-request-id']).toBe('r1');
    expect(sink.headers['set-cookie']).toBe('a=1, b=2');
    expect(sink.text).toBe('{"ok":true}');
    expect(sink.ends).toBe(1);
    expect(server.requests).toEqual([
      { path: '/base/v1/chat/completions', body: '{"a":1}', authorization: 'Bearer k' },
    ]);
  });

  test('keeps the connection for the next request', async () => {
    const server = await serve((response) => response.end('{}'));
    for (let i = 0; i < 3; i++) await ask(server.url);
    expect(server.connections()).toBe(1);
  });

  test('a refused connection is one that was never made', async () => {
    const sink = await ask(await refusedUrl());
    expect(codeOf(sink)).toBe('BRS_UPSTREAM_CONNECT');
  });

  test.each([
    // No resolver is asked: its first label is too long for any name.
    ['a name that nobody knows', () => `http://${'x'.repeat(70)}.invalid:8000`],
    ['a server that does not speak TLS', (port: number) => `https://127.0.0.1:${port}`],
  ])('%s: the connection was never made, and nothing was sent', async (_, urlAt) => {
    const server = await serve((response) => response.end('{}'));
    expect(codeOf(await ask(urlAt(server.port)))).toBe('BRS_UPSTREAM_CONNECT');
    expect(server.requests).toEqual([]);
  });

  test('a server that breaks off the handshake was never reached', async () => {
    // Without a certificate there is no cipher that both have.
    const mute = createTlsServer({}).on('tlsClientError', () => {});
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    expect(codeOf(await ask(`https://127.0.0.1:${port}`))).toBe('BRS_UPSTREAM_CONNECT');
    mute.close();
  });

  test('a connection that breaks before or within the answer is a cut', async () => {
    const silent = await serve((response) => response.socket!.destroy());
    expect(codeOf(await ask(silent.url))).toBe('BRS_UPSTREAM_CUT');
    const short = await serve((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"half":', () => response.socket!.destroy());
    });
    const sink = await ask(short.url);
    expect(codeOf(sink)).toBe('BRS_UPSTREAM_CUT');
    expect(sink.status).toBe(200);
  });

  test('what is not HTTP, or has endless headers, is a protocol error', async () => {
    const wrong = await serve((response) => response.socket!.end('SSH-2.0-x\r\n\r\n'));
    expect(codeOf(await ask(wrong.url))).toBe('BRS_UPSTREAM_PROTOCOL');
    const large = await serve((response) => {
      response.setHeader('x-large', 'x'.repeat(40_000));
      response.end('{}');
    });
    expect(codeOf(await ask(large.url))).toBe('BRS_UPSTREAM_PROTOCOL');
  });

  test.each<[how: string, close: (socket: Socket) => void]>([
    ['ended', (socket) => void socket.end()],
    ['reset', (socket) => void socket.resetAndDestroy()],
  ])(
    'an idle connection that is %s under a request is stale, and nothing is sent twice',
    async (_, close) => {
      let answered = 0;
      const server = await serve((response, _body, request) => {
        // The second request finds its connection closed under it, as after a keep-alive time-out.
        if (++answered === 2) close(request.socket);
        else response.end('{"n":1}');
      });
      await ask(server.url);
      expect(codeOf(await ask(server.url))).toBe('BRS_UPSTREAM_STALE');
      expect((await ask(server.url)).text).toBe('{"n":1}');
      expect(server.requests).toHaveLength(3);
      expect(server.connections()).toBe(2);
    },
  );

  test('a sink that is full pauses the server until it resumes', async () => {
    const TOTAL = 64 * 1024 * 1024;
    let written = 0;
    const server = await serve((response) => {
      response.writeHead(200, { 'content-length': String(TOTAL) });
      const piece = Buffer.alloc(256 * 1024, 0x61);
      const pump = (): void => {
        while (written < TOTAL) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', pump);
        }
        response.end();
      };
      pump();
    });
    const sink = new Recorder();
    sink.accepts = false;
    const first = new Promise<void>((resolve) => (sink.onFirst = resolve));
    upstream.dispatch(callTo(server.url), sink);
    await first;
    // Until the kernel's buffers are full the server may go on writing; then it stands still.
    let before = -1;
    while (written !== before) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(sink.chunks).toHaveLength(1);
    expect(written).toBeLessThan(TOTAL);
    sink.accepts = true;
    sink.flow!.resume();
    await sink.over.promise;
    expect(sink.error).toBeNull();
    expect(sink.chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(TOTAL);
  });

  test('an abort within the answer reaches the server, and the sink hears nothing more', async () => {
    const left = Promise.withResolvers<void>();
    const server = await serve((response) => {
      response.on('close', () => left.resolve());
      response.write('data: 1\n\n');
    });
    const sink = new Recorder();
    const first = new Promise<void>((resolve) => (sink.onFirst = resolve));
    const flow = upstream.dispatch(callTo(server.url), sink);
    await first;
    flow.abort();
    flow.abort();
    await left.promise;
    expect(sink.error).toBeNull();
    expect(sink.ends).toBe(0);
  });

  test('an abort before the answer reaches the server too', async () => {
    const arrived = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const server = await serve((response) => {
      response.on('close', () => left.resolve());
      arrived.resolve();
    });
    const sink = new Recorder();
    const flow = upstream.dispatch(callTo(server.url), sink);
    await arrived.promise;
    flow.abort();
    await left.promise;
    expect(sink.error).toBeNull();
  });

  test('a request that was aborted while it waited for a connection is never sent', async () => {
    const narrow = createUpstream({
      clock: createSystemClock(),
      connectTimeoutMs: 1_000,
      connections: 1,
    });
    const held: (() => void)[] = [];
    const server = await serve((response) => held.push(() => response.end('{}')));
    const [first, dropped, last] = [new Recorder(), new Recorder(), new Recorder()];
    const sent = narrow.dispatch(callTo(server.url, '{"n":1}'), first);
    const waiting = narrow.dispatch(callTo(server.url, '{"n":2}'), dropped);
    narrow.dispatch(callTo(server.url, '{"n":3}'), last);
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    waiting.abort();
    held.shift()!();
    await first.over.promise;
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    held.shift()!();
    await last.over.promise;
    expect(server.requests.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":3}']);
    expect(server.connections()).toBe(1);
    expect(dropped.error).toBeNull();
    expect([sent.isSent, waiting.isSent]).toEqual([true, false]);
    await narrow.close();
  });

  test('closing fails what is under way', async () => {
    const own = createUpstream({ clock: createSystemClock(), connectTimeoutMs: 1_000 });
    const arrived = Promise.withResolvers<void>();
    const server = await serve(() => arrived.resolve());
    const sink = new Recorder();
    own.dispatch(callTo(server.url), sink);
    await arrived.promise;
    await own.close();
    await sink.over.promise;
    expect(codeOf(sink)).toBe('BRS_UPSTREAM_CUT');
  });

  test('an origin that nobody calls any more is closed when another one is opened', async () => {
    let nowMs = 0;
    const clock = { ...createSystemClock(), monotonicMs: () => nowMs };
    const own = createUpstream({ clock, connectTimeoutMs: 1_000 });
    const closed = Promise.withResolvers<void>();
    const old = await serve((response, _body, request) => {
      request.socket.once('close', () => closed.resolve());
      response.end('{}');
    });
    const sink = new Recorder();
    own.dispatch(callTo(old.url), sink);
    await sink.over.promise;
    nowMs = 120_000;
    const fresh = await serve((response) => response.end('{}'));
    const next = new Recorder();
    own.dispatch(callTo(fresh.url), next);
    await Promise.all([closed.promise, next.over.promise]);
    await own.close();
  });
});
