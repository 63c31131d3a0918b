/**
 * A load generator for machines without wrk, in its own process: each connection sends its next
 * request when the last is answered. Reads its work from BENCH_LOAD and prints one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { LoadWork } from './load.ts';
import { quantile } from './statistics.ts';

const work = JSON.parse(process.env['BENCH_LOAD'] ?? '') as LoadWork;
const body = readFileSync(work.bodyFile);
const pool = new Pool(work.url, { connections: work.connections, pipelining: 1 });
const latenciesMs: number[] = [];
const startedMs = performance.now();
const stopMs = startedMs + work.seconds * 1000;
let errors = 0;
let open = work.connections;

function send(): void {
  const sentMs = performance.now();
  if (sentMs >= stopMs) {
    if (--open === 0) finish();
    return;
  }
  let status = 0;
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => undefined,
    onResponseStart: (_, code) => void (status = code),
    onResponseData: () => undefined,
    onResponseEnd() {
      latenciesMs.push(performance.now() - sentMs);
      if (status !== 200) errors++;
      send();
    },
    onResponseError() {
      errors++;
      setTimeout(send, 10);
    },
  };
  pool.dispatch(
    { path: '/v1/chat/completions', method: 'POST', headers: work.headers, body },
    handler,
  );
}

function finish(): void {
  const seconds = (performance.now() - startedMs) / 1000;
  const [p50Ms, p99Ms] = [quantile(latenciesMs, 0.5), quantile(latenciesMs, 0.99)];
  console.log(JSON.stringify({ requests: latenciesMs.length, seconds, p50Ms, p99Ms, errors }));
  process.exit(0);
}

for (let i = 0; i < work.connections; i++) send();
