import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Started {
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
}

const READY_TRIES = 300;
const children: ChildProcess[] = [];

/** Starts a server and resolves when its port answers; rejects with the end of its log when it does not. */
export async function startServer(
  name: string,
  port: number,
  { command, args, env = {} }: Command,
  workDir: string,
): Promise<Started> {
  const logFile = join(workDir, `${name}-${port}.log`);
  const log = openSync(logFile, 'w');
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  children.push(child);
  const failures: string[] = [];
  child.once('error', (error) => failures.push(error.message));
  for (let i = 0; i < READY_TRIES && failures.length === 0 && child.exitCode === null; i++) {
    if (await isOpen(port)) return { name, port, child };
    await sleep(100);
  }
  const tail = readFileSync(logFile, 'utf8').slice(-600);
  throw new Error(`${name} did not start: ${failures[0] ?? tail}`);
}

/** Ends what this module started, and nothing else; resolves when all have ended. */
export async function stopAll(): Promise<void> {
  await Promise.all(children.splice(0).map(stop));
}

async function stop(child: ChildProcess): Promise<void> {
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  if (child.pid === undefined || hasEnded()) return;
  child.kill('SIGTERM');
  for (let i = 0; i < 50 && !hasEnded(); i++) await sleep(100);
  if (!hasEnded()) child.kill('SIGKILL');
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** The path of an installed program; null where there is none. Servers often stand in `sbin`. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  const folder = folders.find((candidate) => existsSync(join(candidate, name)));
  return folder === undefined ? null : join(folder, name);
}

if (!existsSync('/proc/self/stat')) {
  throw new Error('The benchmark reads CPU time from /proc: it needs Linux.');
}
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** A process and all of its descendants, over every thread. */
function processTree(pid: number): number[] {
  const tree = [pid];
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const listed = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
      for (const child of listed.split(' ')) {
        if (child.trim() !== '') tree.push(...processTree(Number(child)));
      }
    }
  } catch {
    // It ended while it was read.
  }
  return tree;
}

export interface ProcessUsage {
  /** User and system time since start, over all threads. */
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
}

/** What the kernel has accounted to a server and its children. Its clock ticks are 10 ms as a rule. */
export function usageOf({ child }: Started): ProcessUsage {
  let ticks = 0;
  let residentKilobytes = 0;
  for (const pid of processTree(child.pid!)) {
    try {
      // The name, in parentheses, may hold spaces: fields are counted from behind it.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      residentKilobytes += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
    } catch {
      // It ended while it was read.
    }
  }
  return {
    cpuMicroseconds: (ticks * 1e6) / ticksPerSecond,
    residentBytes: residentKilobytes * 1024,
  };
}
