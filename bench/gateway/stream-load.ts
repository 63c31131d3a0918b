/**
 * Keeps a number of streams open for a while and counts their events. Reads its work from BENCH_LOAD
 * and prints one line of JSON. A stream that is no 200, or has another number of events, is an error.
 */
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { STREAM_EVENTS } from './answers.ts';
import type { LoadWork } from './load.ts';
import { quantile } from './statistics.ts';

const work = JSON.parse(process.env['BENCH_LOAD'] ?? '') as LoadWork;
const body = readFileSync(work.bodyFile);
const pool = new Pool(work.url, { connections: work.connections, pipelining: 1 });
const STAGGER_MS = 7;
const LINE_FEED = 10;
const firstByteMs: number[] = [];
const startedMs = performance.now();
const stopMs = startedMs + work.seconds * 1000;
let events = 0;
let errors = 0;
let open = work.connections;

/** Counts blank lines, over the edges of chunks too. */
class EventCounter {
  count = 0;
  #endsInLineFeed = false;

  add(chunk: Buffer): void {
    let from = 0;
    if (this.#endsInLineFeed && chunk[0] === LINE_FEED) {
      this.count++;
      from = 1;
    }
    let at = chunk.indexOf('\n\n', from, 'latin1');
    while (at >= 0) {
      this.count++;
      from = at + 2;
      at = chunk.indexOf('\n\n', from, 'latin1');
    }
    this.#endsInLineFeed = from < chunk.length && chunk.at(-1) === LINE_FEED;
  }
}

function send(): void {
  const sentMs = performance.now();
  if (sentMs >= stopMs) {
    if (--open === 0) finish();
    return;
  }
  const counter = new EventCounter();
  let status = 0;
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => undefined,
    onResponseStart: (_, code) => void (status = code),
    onResponseData(_, chunk) {
      if (counter.count === 0) firstByteMs.push(performance.now() - sentMs);
      counter.add(chunk);
    },
    onResponseEnd() {
      events += counter.count;
      if (status !== 200 || counter.count !== STREAM_EVENTS) errors++;
      send();
    },
    onResponseError() {
      errors++;
      setTimeout(send, 50);
    },
  };
  pool.dispatch(
    { path: '/v1/chat/completions', method: 'POST', headers: work.headers, body },
    handler,
  );
}

function finish(): void {
  const seconds = (performance.now() - startedMs) / 1000;
  const [p50Ms, p99Ms] = [quantile(firstByteMs, 0.5), quantile(firstByteMs, 0.99)];
  console.log(JSON.stringify({ requests: events, seconds, p50Ms, p99Ms, errors }));
  process.exit(0);
}

for (let i = 0; i < work.connections; i++) setTimeout(send, i * STAGGER_MS);
