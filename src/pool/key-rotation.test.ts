import { afterEach, expect, test } from 'vitest';
import { createVirtualClock } from '../kernel/index.ts';
import type { BourseEvent, Instance, ResponseSink } from '../contract/index.ts';
import { ENGINES } from './engines/index.ts';
import { instanceAt, listen } from './fixtures/local-server.ts';
import type { LocalServer } from './fixtures/local-server.ts';
import { createProber } from './prober.ts';
import { createUpstream } from './upstream.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

type Wait = Readonly<Record<string, string>>;

/** A server that answers each key by its status, and sends its wait with a 429, or else `retry-after: 30`. */
async function open(
  statuses: Readonly<Record<string, number>>,
  waits: Readonly<Record<string, Wait>> = {},
) {
  const clock = createVirtualClock();
  const events: BourseEvent[] = [];
  const server: LocalServer = await listen((response, _body, request) => {
    const key = request.headers.authorization?.slice('Bearer '.length) ?? '';
    const status = statuses[key] ?? 500;
    const headers = status === 429 ? (waits[key] ?? { 'retry-after': '30' }) : {};
    response.writeHead(status, headers).end(key);
  });
  const upstream = createUpstream({
    clock,
    connectTimeoutMs: 1_000,
    engines: ENGINES,
    onEvent: (event) => events.push(event),
  });
  closers.push(
    () => upstream.close(),
    () => server.close(),
  );
  const instance = instanceAt(server.url, { apiKey: 'k1', moreApiKeys: ['k2', 'k3'] });
  return { clock, events, server, instance, ask: () => ask(upstream, instance) };
}

interface Told {
  readonly status: number;
  readonly text: string;
  readonly waitMs: string | undefined;
}

function ask(upstream: ReturnType<typeof createUpstream>, instance: Instance): Promise<Told> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let starts = 0;
    let waitMs: string | undefined;
    const chunks: Buffer[] = [];
    const sink: ResponseSink = {
      onStart: (given, head) => {
        status = given;
        waitMs = head['retry-after-ms'];
        starts++;
      },
      onData: (chunk) => chunks.push(chunk) > 0,
      onEnd: () => {
        expect(starts).toBe(1);
        resolve({ status, text: Buffer.concat(chunks).toString(), waitMs });
      },
      onError: reject,
    };
    const headers = { authorization: `Bearer ${instance.apiKey}`, 'x-other': 'kept' };
    upstream.dispatch(
      { instance, path: '/v1/x', body: Buffer.from('{}'), headers, isStream: false },
      sink,
    );
  });
}

const keysOf = (server: LocalServer): readonly string[] =>
  server.requests.map(({ authorization }) => authorization!.slice('Bearer '.length));

test('the first key is used until it is limited, and again when it has rested', async () => {
  const statuses: Record<string, number> = { k1: 200, k2: 200 };
  const { ask: send, server, clock, events } = await open(statuses);
  expect(await send()).toMatchObject({ status: 200, text: 'k1' });
  statuses['k1'] = 429;
  expect(await send()).toMatchObject({ status: 200, text: 'k2' });
  expect(await send()).toMatchObject({ status: 200, text: 'k2' });
  expect(keysOf(server)).toEqual(['k1', 'k1', 'k2', 'k2']);
  expect(events).toEqual([
    { kind: 'key-rested', instance: 'a', place: 1, because: 'rate-limited', forMs: 30_000 },
  ]);
  statuses['k1'] = 200;
  clock.advance(30_000);
  expect((await send()).text).toBe('k1');
});

test('where every key is refused the instance is, and no key is tried twice', async () => {
  const { ask: send, server, events } = await open({ k1: 401, k2: 402, k3: 429 });
  expect(await send()).toMatchObject({ status: 429, text: 'k3' });
  expect(keysOf(server)).toEqual(['k1', 'k2', 'k3']);
  expect(events.map((event) => (event.kind === 'key-rested' ? event.because : ''))).toEqual([
    'refused',
    'refused',
    'rate-limited',
  ]);
  // All of them rest: the one that is free soonest is asked, once.
  expect(await send()).toMatchObject({ status: 429, text: 'k3' });
  expect(keysOf(server).slice(3)).toEqual(['k3']);
});

const DATE = 'Sat, 21 Nov 2026 12:00:00 GMT';

test.each<[said: Wait, restMs: number]>([
  [{ 'retry-after': '7' }, 7_000],
  [{ 'retry-after-ms': '350', 'retry-after': '9' }, 350],
  [{ 'retry-after': 'Sat, 21 Nov 2026 12:00:09 GMT', date: DATE }, 9_000],
  [{}, 15_000],
])('a key that is told %j rests for %i ms', async (said, restMs) => {
  const statuses = { k1: 429, k2: 200, k3: 200 };
  const { ask: send, clock, events } = await open(statuses, { k1: { date: '', ...said } });
  expect((await send()).text).toBe('k2');
  expect(events).toMatchObject([{ kind: 'key-rested', place: 1, forMs: restMs }]);
  statuses.k1 = 200;
  clock.advance(restMs - 1);
  expect((await send()).text).toBe('k2');
  clock.advance(1);
  expect((await send()).text).toBe('k1');
});

test('where every key is limited the instance asks for as long as the first of them rests', async () => {
  const waits = { k1: { 'retry-after': '60' }, k2: { 'retry-after': '20' } };
  const { ask: send, clock } = await open({ k1: 429, k2: 429, k3: 429 }, waits);
  expect(await send()).toMatchObject({ status: 429, text: 'k3', waitMs: '20000' });
  clock.advance(5_000);
  // The one that is free soonest is told anew.
  expect(await send()).toMatchObject({ status: 429, text: 'k2', waitMs: '20000' });
});

test.each([400, 403, 404, 500, 503])('a status of %i is not the key’s', async (status) => {
  const { ask: send, server, events } = await open({ k1: status, k2: 200 });
  expect((await send()).status).toBe(status);
  expect(keysOf(server)).toEqual(['k1']);
  expect(events).toEqual([]);
});

test('a refused key does not make its server look down', async () => {
  const { instance, clock } = await open({ k1: 401, k2: 401, k3: 200 });
  const prober = createProber({ engines: ENGINES, clock });
  closers.push(() => prober.close());
  expect((await prober.probe(instance, 2_000)).lifecycle).toBe('ready');
  const none = await open({});
  const down = await prober.probe(
    instanceAt(none.server.url, { apiKey: 'x', moreApiKeys: ['y'] }),
    2_000,
  );
  expect(down.lifecycle).toBe('down');
});
