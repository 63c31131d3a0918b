/**
 * The soak: a steady rate of requests, no two alike, and what the server's memory does meanwhile. See README.md
 * beside this file.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { BODY_SIZES, chatBody } from './bodies.ts';
import { API_KEY, CONTENDERS } from './contenders.ts';
import type { HeapLine } from './heap-report.ts';
import { freePort, startServer, stopAll, usageOf } from './processes.ts';
import type { Started } from './processes.ts';
import { quantile } from './statistics.ts';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const workDir = join(here('../../.bench'), `soak-${process.pid}`);

/** Of twenty requests, so many are of each size. */
const MIX = { '450': 12, '8k': 6, '100k': 2 } as const;
const CONNECTIONS = 64;
/** A server that falls behind is not sent more than so many at once; what is left out is counted. */
const OPEN_MAX = 512;
const TICK_MS = 10;
/** From the second to the last quarter of the run, the memory may rise by so much: a share, and bytes of noise. */
const RISE_RATIO = 0.05;
const RISE_BYTES = 8 * 1024 * 1024;
const MIB = 1024 * 1024;

/** What was seen at one moment, in MiB; the heaps are the least since the moment before, near what was live. */
interface Row {
  readonly seconds: number;
  readonly residentMib: number;
  readonly mainMib: number;
  readonly keeperMib: number;
  readonly externalMib: number;
}

interface Tally {
  sent: number;
  /** Status codes and codes of errors, and how often. */
  readonly failures: Map<string, number>;
  leftOut: number;
  open: number;
}

/** Bodies that no cache and no prefix index knows: each begins with its number. */
function bodyMaker(): (number: number) => string {
  const cycle = Object.entries(MIX).flatMap(([name, times]) => {
    const [before, after] = chatBody(BODY_SIZES[name]!, false).split('You are a helpful', 2);
    return Array.from({ length: times }, () => [before!, after!] as const);
  });
  return (number) => {
    const [before, after] = cycle[(number * 7) % cycle.length]!;
    return `${before}Request ${number}. You are a helpful${after}`;
  };
}

/** Sends at the rate until the time is over, whatever becomes of the answers. */
async function load(server: Started, perSecond: number, seconds: number): Promise<Tally> {
  const pool = new Pool(`http://127.0.0.1:${server.port}`, { connections: CONNECTIONS });
  const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
  const tally: Tally = { sent: 0, failures: new Map(), leftOut: 0, open: 0 };
  const fail = (kind: string): void =>
    void tally.failures.set(kind, (tally.failures.get(kind) ?? 0) + 1);
  const bodyOf = bodyMaker();
  const send = async (): Promise<void> => {
    tally.open++;
    const body = bodyOf(tally.sent++);
    try {
      const path = '/v1/chat/completions';
      const answer = await pool.request({ path, method: 'POST', headers, body });
      await answer.body.dump();
      if (answer.statusCode !== 200) fail(`${answer.statusCode}`);
    } catch (error) {
      fail((error as NodeJS.ErrnoException).code ?? 'unknown');
    }
    tally.open--;
  };
  const startedMs = performance.now();
  for (let due = 0; performance.now() - startedMs < seconds * 1000; await sleep(TICK_MS)) {
    due = ((performance.now() - startedMs) / 1000) * perSecond;
    for (let i = Math.floor(due) - tally.sent - tally.leftOut; i > 0; i--) {
      if (tally.open < OPEN_MAX) void send();
      else tally.leftOut++;
    }
  }
  await pool.close();
  return tally;
}

/** Looks at the server until told to stop. */
function watch(server: Started, heapFile: string, everySeconds: number): () => readonly Row[] {
  const rows: Row[] = [];
  const startedMs = Date.now();
  let read = 0;
  const look = (): void => {
    const lines = existsSync(heapFile) ? readFileSync(heapFile, 'utf8').trim().split('\n') : [];
    const heaps = lines.slice(read).map((line) => JSON.parse(line) as HeapLine);
    read = lines.length;
    const main = heaps.filter(({ thread }) => thread === 0);
    const keeper = heaps.filter(({ thread }) => thread !== 0);
    const row: Row = {
      seconds: Math.round((Date.now() - startedMs) / 1000),
      residentMib: usageOf(server).residentBytes / MIB,
      mainMib: leastMib(main.map(({ heapBytes }) => heapBytes)),
      keeperMib: leastMib(keeper.map(({ heapBytes }) => heapBytes)),
      externalMib: leastMib(main.map(({ externalBytes }) => externalBytes)),
    };
    rows.push(row);
    console.log(rendered(row));
  };
  const timer = setInterval(look, everySeconds * 1000);
  return () => {
    clearInterval(timer);
    return rows;
  };
}

const leastMib = (bytes: readonly number[]): number =>
  bytes.length === 0 ? Number.NaN : Math.min(...bytes) / MIB;

const HEADER = 'seconds  resident  heap main  heap keeper  external main   (MiB)';

const rendered = ({ seconds, residentMib, mainMib, keeperMib, externalMib }: Row): string =>
  [
    [seconds, 7],
    [residentMib, 10],
    [mainMib, 11],
    [keeperMib, 13],
    [externalMib, 15],
  ]
    .map(([value, width]) => value!.toFixed(value === seconds ? 0 : 1).padStart(width!))
    .join('');

/** The medians of the second and of the last quarter: what comes before is warming up. */
function verdict(rows: readonly Row[]): { readonly text: string; readonly hasLevelled: boolean } {
  const quarter = Math.floor(rows.length / 4);
  const medians = [rows.slice(quarter, 2 * quarter), rows.slice(-quarter)].map((part) =>
    quantile(
      part.map((row) => row.residentMib),
      0.5,
    ),
  );
  const [early, late] = [medians[0]! * MIB, medians[1]! * MIB];
  const hasLevelled = late - early <= early * RISE_RATIO + RISE_BYTES;
  const shown = medians.map((mib) => mib.toFixed(0)).join(' → ');
  return { text: `resident, second → last quarter: ${shown} MiB`, hasLevelled };
}

async function run(minutes: number, perSecond: number, idleSeconds: number): Promise<boolean> {
  mkdirSync(workDir, { recursive: true });
  const upstreamPort = await freePort();
  const mock = { command: process.execPath, args: [here('./mock-upstream.ts'), `${upstreamPort}`] };
  await startServer('upstream', upstreamPort, mock, workDir);
  const ports = { own: await freePort(), admin: await freePort() };
  const bourse = CONTENDERS.find(({ name }) => name === 'bourse')!;
  if (bourse.missing !== null) throw new Error(bourse.missing);
  const command = bourse.command(ports, `http://127.0.0.1:${upstreamPort}`, workDir);
  const heapFile = join(workDir, 'heap.jsonl');
  const server = await startServer(
    'bourse',
    ports.own,
    {
      ...command,
      args: [`--import=${here('./heap-report.ts')}`, ...command.args],
      env: { ...command.env, BENCH_HEAP_FILE: heapFile },
    },
    workDir,
  );
  const seconds = minutes * 60;
  console.log(`${perSecond} requests a second for ${minutes} minutes\n${HEADER}`);
  const rowsSoFar = watch(server, heapFile, Math.max(2, Math.round(seconds / 40)));
  const before = usageOf(server);
  const tally = await load(server, perSecond, seconds);
  const rows = rowsSoFar();
  const spentUs = usageOf(server).cpuMicroseconds - before.cpuMicroseconds;
  await sleep(idleSeconds * 1000);
  const { text, hasLevelled } = verdict(rows);
  const { sent, leftOut } = tally;
  const failures = [...tally.failures].map(([kind, times]) => `${times} × ${kind}`).join(', ');
  console.log(`${sent} sent, failed: ${failures || 'none'}, left out: ${leftOut}`);
  console.log(`CPU ${(spentUs / sent).toFixed(0)} µs each`);
  console.log(`${text}: ${hasLevelled ? 'it levels' : 'it still rises'}`);
  console.log(
    `after ${idleSeconds} s of rest: ${(usageOf(server).residentBytes / MIB).toFixed(0)} MiB`,
  );
  return hasLevelled && failures === '';
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    rate: { type: 'string', default: '300' },
    rest: { type: 'string', default: '30' },
  },
});
try {
  const held = await run(Number(values.minutes), Number(values.rate), Number(values.rest));
  if (!held) process.exitCode = 1;
} finally {
  await stopAll();
  rmSync(workDir, { recursive: true, force: true });
}
