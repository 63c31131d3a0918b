import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fault, createSystemClock } from '../kernel/index.ts';
import { instanceAt } from './fixtures/local-server.ts';
import { createUpstream } from './upstream.ts';

const BODY = '{"ok":true}';
const ANSWER = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: r\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

/** What each request gets, by the path it asks for; and what has arrived. */
const plans = new Map<string, (socket: Socket) => void>();
const arrived: string[] = [];
const sockets = new Set<Socket>();

const server = createServer((socket) => {
  let got = '';
  sockets.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => sockets.delete(socket));
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
    // Every body is `{}`: the request has arrived with it.
    for (let end = got.indexOf('\r\n\r\n{}'); end >= 0; end = got.indexOf('\r\n\r\n{}')) {
      const path = got.slice('POST '.length, got.indexOf(' HTTP'));
      got = got.slice(end + 6);
      arrived.push(path);
      plans.get(path)!(socket);
    }
  });
});
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** One way out, with one connection: what is sent first goes over the same as what follows. */
async function over<T>(work: (ask: (path: string) => Promise<string>) => Promise<T>): Promise<T> {
  const upstream = createUpstream({
    clock: createSystemClock(),
    connectTimeoutMs: 2_000,
    connections: 1,
  });
  const instance = instanceAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const ask = (path: string): Promise<string> =>
    new Promise((resolve) => {
      const call = { instance, path, body: Buffer.from('{}'), headers: {}, isStream: false };
      upstream.dispatch(call, {
        onStart: () => {},
        onData: () => true,
        onEnd: () => resolve('ok'),
        onError: (error) => resolve(Fault.isInstance(error) ? error.code : String(error)),
      });
    });
  try {
    return await work(ask);
  } finally {
    await upstream.close();
  }
}

const ENDS = {
  ended: (socket: Socket, bytes: string) => void socket.end(bytes),
  reset: (socket: Socket, bytes: string) => {
    if (bytes === '') socket.resetAndDestroy();
    else socket.write(bytes, () => socket.resetAndDestroy());
  },
} as const;

describe.each(Object.keys(ENDS) as (keyof typeof ENDS)[])('an answer that is %s', (how) => {
  test.each([
    ['a fresh connection', false],
    ['one that was idle', true],
  ])('at every byte, over %s: it went out once, and is told once', async (_, isReused) => {
    const wrong: string[] = [];
    const places = Array.from({ length: ANSWER.length }, (__, i) => i);
    await Promise.all(
      places.map(async (place) => {
        const path = `/${how}/${isReused}/${place}`;
        plans.set(`${path}/before`, (socket) => void socket.write(ANSWER));
        plans.set(path, (socket) => ENDS[how](socket, ANSWER.slice(0, place)));
        const told = await over(async (ask) => {
          if (isReused) expect(await ask(`${path}/before`)).toBe('ok');
          return ask(path);
        });
        const sent = arrived.filter((one) => one === path).length;
        if (sent !== 1) wrong.push(`${path} went out ${sent} times`);
        // A reset may overtake the bytes before it: then nothing of the answer is seen.
        const mayBeStale = isReused && (place === 0 || how === 'reset');
        const isRight =
          place === 0 && isReused
            ? told === 'BRS_UPSTREAM_STALE'
            : told === 'BRS_UPSTREAM_CUT' || (mayBeStale && told === 'BRS_UPSTREAM_STALE');
        if (!isRight) wrong.push(`${path} is told ${told}`);
      }),
    );
    expect(wrong).toEqual([]);
  });
});
