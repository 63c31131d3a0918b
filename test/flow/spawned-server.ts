import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './demo-exchange.ts';

export interface SpawnedServer {
  readonly modelUrl: string;
  readonly adminUrl: string;
  readonly pid: number;
  /** Ends this process (and only this one) by the signal, and waits for it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  signal(name: 'SIGHUP'): void;
  output(): string;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A folder for one test's files. */
export async function createFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'bourse-spawn-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** `bourse serve` in a process of its own, with its store and its policy in `folder`. */
export async function spawnServer(options: {
  folder: string;
  policy: string;
  env: Readonly<Record<string, string>>;
  workers?: number;
}): Promise<SpawnedServer> {
  const file = join(options.folder, 'bourse.yaml');
  await writeFile(file, options.policy);
  const [port, adminPort] = [await freePort(), await freePort()];
  const child = spawn(
    process.execPath,
    [
      join(ROOT, 'src', 'cli', 'main.ts'),
      'serve',
      `--config=${file}`,
      `--port=${port}`,
      `--admin-port=${adminPort}`,
      `--db=${join(options.folder, 'bourse.db')}`,
      `--workers=${options.workers ?? 1}`,
    ],
    {
      cwd: options.folder,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const modelUrl = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended: ${output}`);
    const ready = await fetch(`${modelUrl}/health/ready`).catch(() => null);
    if (ready?.status === 200 && output.includes('Bourse is open')) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    modelUrl,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    pid: child.pid!,
    signal: (name) => void child.kill(name),
    output: () => output,
    end: async (signal) => {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

/** A policy over two instances of one model of the demo fleet, with whatever else the test adds. */
export function policyOver(fleetEnv: Readonly<Record<string, string>>, more: string): string {
  const instances = ['SMALL_A', 'SMALL_B'].map((id, i) => {
    const name = `BOURSE_SIM_${id}_URL`;
    if (fleetEnv[name] === undefined) throw new Error(`the fleet has no ${name}`);
    return `  - { id: i${i}, model: m, engine: simulated, url: "\${${name}}" }`;
  });
  return `version: 1
models:
  - id: m
    upstreamName: qwen2.5-7b
    price: { inputPerMTok: 1, outputPerMTok: 2 }
    accuracy: { default: 0.7 }
    maxOutputTokens: 512
instances:
${instances.join('\n')}
${more}`;
}
