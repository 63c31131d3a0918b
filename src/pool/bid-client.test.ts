import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { createRng, createVirtualClock } from '../kernel/index.ts';
import type { InstanceId } from '../kernel/index.ts';
import { BID_HEADERS } from '../contract/index.ts';
import type { BidQuestion, BourseEvent, Instance } from '../contract/index.ts';
import { createBidDesk } from './bid-client.ts';
import { readQuote } from './bid-quote.ts';
import { isSameSignature, signatureOf } from './bid-signature.ts';

const SECRET = 'a secret of sixteen or more';
const QUOTE = '{"costUsd":1,"ttftMs":2,"latencyMs":{"mean":3,"deviation":1}}';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server whose answers the test gives by hand. */
async function startServer() {
  const waiting: { request: IncomingMessage; response: ServerResponse }[] = [];
  const heard: (() => void)[] = [];
  const server: Server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      waiting.push({ request, response });
      heard.shift()?.();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bid`;
  const next = async () => {
    if (waiting.length === 0) await new Promise<void>((resolve) => heard.push(resolve));
    return waiting.shift()!;
  };
  return { url, next };
}

function answer(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  atMs: number,
  {
    body = QUOTE,
    kind = 'bid-answer',
  }: { body?: string; kind?: 'bid-answer' | 'bid-request' } = {},
): void {
  const id = String(request.headers[BID_HEADERS.id]);
  response.writeHead(200, {
    [BID_HEADERS.id]: id,
    [BID_HEADERS.at]: atMs,
    [BID_HEADERS.signature]: signatureOf(SECRET, kind, { id, atMs }, body),
  });
  response.end(body);
}

const questionTo = (url: string, id = 'i'): BidQuestion => {
  const instance = { id, bidder: { url, secret: SECRET } } as unknown as Instance;
  return { instance, facts: { instance: id } as unknown as BidQuestion['facts'] };
};

function openDesk(bidsOutstanding = 2) {
  const clock = createVirtualClock(1_700_000_000_000);
  const events: BourseEvent[] = [];
  const timers: (() => void)[] = [];
  const desk = createBidDesk({
    clock,
    rng: createRng(1),
    config: () => ({ bidDeadlineMs: 20, bidsOutstanding }),
    onEvent: (event) => events.push(event),
    after: (_delayMs, run) => {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), 1);
    },
  });
  closing.push(() => desk.close());
  return { clock, desk, events, timers };
}

const I = 'i' as InstanceId;

describe('a round of questions', () => {
  test('ends as soon as all have answered, and calls off its deadline', async () => {
    const server = await startServer();
    const { desk, clock, timers } = openDesk();
    const replies = desk.ask([questionTo(server.url)]);
    answer(await server.next(), clock.nowMs());
    expect((await replies).quotes.get(I)).toEqual({
      costUsd: { mean: 1, deviation: null },
      ttftMs: { mean: 2, deviation: null },
      latencyMs: { mean: 3, deviation: 1 },
      energyJoules: null,
    });
    expect(timers).toEqual([]);
  });

  test('ends at the deadline with those that came; what comes later is not heard', async () => {
    const [quick, slow] = [await startServer(), await startServer()];
    const { desk, clock, timers } = openDesk();
    const round = desk.ask([questionTo(quick.url), questionTo(slow.url, 'j')]);
    answer(await quick.next(), clock.nowMs());
    const late = await slow.next();
    await new Promise((resolve) => setTimeout(resolve, 30));
    timers[0]!();
    const replies = await round;
    expect([...replies.quotes.keys()]).toEqual(['i']);
    expect(replies.missed).toEqual([{ instance: 'j', cause: 'late' }]);
    answer(late, clock.nowMs());
  });

  test('a signature of the wrong kind, of another time, or over another body is none', async () => {
    const server = await startServer();
    const { desk, clock } = openDesk();
    const bad: ((asked: Awaited<ReturnType<typeof server.next>>) => void)[] = [
      (asked) => answer(asked, clock.nowMs(), { kind: 'bid-request' }),
      (asked) => answer(asked, clock.nowMs() - 31_000),
    ];
    for (const reply of bad) {
      const replies = desk.ask([questionTo(server.url)]);
      reply(await server.next());
      expect((await replies).missed).toEqual([{ instance: 'i', cause: 'signature' }]);
    }
  });

  test('an answer over the limit is cut off', async () => {
    const server = await startServer();
    const { desk, clock } = openDesk();
    const replies = desk.ask([questionTo(server.url)]);
    answer(await server.next(), clock.nowMs(), { body: `"${'x'.repeat(20_000)}"` });
    expect((await replies).missed).toEqual([{ instance: 'i', cause: 'unreachable' }]);
  });

  test('no more questions than allowed are open at one bidder', async () => {
    const server = await startServer();
    const { desk, timers } = openDesk(1);
    const first = desk.ask([questionTo(server.url)]);
    await server.next();
    expect((await desk.ask([questionTo(server.url, 'j')])).missed).toEqual([
      { instance: 'j', cause: 'busy' },
    ]);
    timers[0]!();
    expect((await first).missed).toEqual([{ instance: 'i', cause: 'late' }]);
    // The late answer is still open: giving up the wait frees nothing.
    expect((await desk.ask([questionTo(server.url, 'j')])).missed[0]!.cause).toBe('busy');
  });

  test('who misses three in a row is left alone for a second, and asked once then', async () => {
    const server = await startServer();
    const { desk, clock, events, timers } = openDesk(64);
    for (let i = 0; i < 3; i++) {
      const missing = desk.ask([questionTo(server.url)]);
      await server.next();
      timers[0]!();
      timers.length = 0;
      await missing;
    }
    expect(events).toMatchObject([{ kind: 'bidder-silent', instance: 'i' }]);
    expect((await desk.ask([questionTo(server.url)])).missed[0]!.cause).toBe('silent');
    clock.advance(1_300);
    const trial = desk.ask([questionTo(server.url)]);
    answer(await server.next(), clock.nowMs());
    expect((await trial).quotes.size).toBe(1);
    expect(events.at(-1)).toEqual({ kind: 'bidder-heard', instance: 'i' });
  });
});

describe('a quote', () => {
  test('whatever the bytes, is sound numbers or nothing', () => {
    const amounts = fc.oneof(
      fc.double(),
      fc.constant('1'),
      fc.constant(null),
      fc.double({ min: 0, max: 1e9 }),
    );
    const estimates = fc.oneof(amounts, fc.record({ mean: amounts, deviation: amounts }));
    const shapes = fc.record(
      {
        costUsd: estimates,
        ttftMs: estimates,
        latencyMs: estimates,
        energyJoules: estimates,
        decline: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const bodies = fc.oneof(
      fc.string(),
      fc.json(),
      shapes.map((shape) => JSON.stringify(shape)),
    );
    fc.assert(
      fc.property(bodies, (text) => {
        const quote = readQuote(Buffer.from(text));
        if (quote === undefined || quote === null) return;
        for (const estimate of [quote.costUsd, quote.ttftMs, quote.latencyMs, quote.energyJoules]) {
          if (estimate === null) continue;
          const { mean, deviation } = estimate;
          expect(mean >= 0 && mean <= 1e9).toBe(true);
          expect(deviation === null || (deviation >= 0 && deviation <= 1e9)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('signatures differ with every part of what is signed', () => {
    const base = signatureOf(SECRET, 'bid-answer', { id: 'a', atMs: 1 }, 'body');
    const others = [
      signatureOf('another', 'bid-answer', { id: 'a', atMs: 1 }, 'body'),
      signatureOf(SECRET, 'bid-request', { id: 'a', atMs: 1 }, 'body'),
      signatureOf(SECRET, 'bid-answer', { id: 'b', atMs: 1 }, 'body'),
      signatureOf(SECRET, 'bid-answer', { id: 'a', atMs: 2 }, 'body'),
      signatureOf(SECRET, 'bid-answer', { id: 'a', atMs: 1 }, 'Body'),
    ];
    for (const other of others) expect(isSameSignature(base, other)).toBe(false);
    expect(isSameSignature(base, base.slice(1))).toBe(false);
    expect(
      isSameSignature(base, signatureOf(SECRET, 'bid-answer', { id: 'a', atMs: 1 }, 'body')),
    ).toBe(true);
  });
});
