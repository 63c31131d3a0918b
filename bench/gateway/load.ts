import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findProgram } from './processes.ts';

export interface LoadWork {
  readonly url: string;
  readonly bodyFile: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

/** What a load generator saw. Of streams, `requests` are events and latencies are to the first byte. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

const WRK = findProgram('wrk');
export const LOAD_GENERATOR = WRK === null ? 'bundled' : 'wrk';
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

export function runHttpLoad(work: LoadWork): Promise<LoadResult> {
  if (WRK === null) return runBundled('./http-load.ts', work);
  const headers = Object.entries(work.headers).map(([name, value]) => `${name}: ${value}`);
  const args = [
    '-t1',
    `-c${work.connections}`,
    `-d${work.seconds}s`,
    '--timeout=10s',
    `--script=${here('./post.lua')}`,
    work.url,
  ];
  return collect(WRK, args, {
    BENCH_BODY: work.bodyFile,
    BENCH_HEADERS: headers.join('\n'),
  });
}

export function runStreamLoad(work: LoadWork): Promise<LoadResult> {
  return runBundled('./stream-load.ts', work);
}

function runBundled(file: string, work: LoadWork): Promise<LoadResult> {
  return collect(process.execPath, [here(file)], { BENCH_LOAD: JSON.stringify(work) });
}

function collect(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', () => {
      const line = output.split('\n').findLast((row) => row.includes('"requests"'));
      if (line === undefined) reject(new Error(`${command} printed no result: ${output}`));
      else resolve(JSON.parse(line.slice(line.indexOf('{'))) as LoadResult);
    });
  });
}
