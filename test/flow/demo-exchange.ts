import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { startDemoFleet } from '../../src/simulate/index.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The evaluation data, where a checkout has it beside it. */
export const DATA = process.env['BOURSE_DATA'] ?? join(ROOT, '..', 'shared', 'data');

export type DemoFleet = Awaited<ReturnType<typeof startDemoFleet>>;

export interface DemoExchange {
  readonly app: RunningApp;
  readonly fleet: DemoFleet;
  readonly folder: string;
  close(): Promise<void>;
}

/** The demo of README, on free ports, in a folder of its own, with an engine `speedup` times faster. */
export async function startDemoExchange(
  options: { speedup?: number; edit?: (yaml: string) => string } = {},
): Promise<DemoExchange> {
  const folder = await mkdtemp(join(tmpdir(), 'bourse-flow-'));
  const fleet = await startDemoFleet({
    clock: createSystemClock(),
    rng: createRng(7),
    speedup: options.speedup ?? 50,
  });
  const yaml = await readFile(join(ROOT, 'examples', 'demo.yaml'), 'utf8');
  const app = await startServe({
    configText: options.edit?.(yaml) ?? yaml,
    env: fleet.env,
    overrides: { port: 0, adminPort: 0, storePath: join(folder, 'bourse.db') },
  });
  return {
    app,
    fleet,
    folder,
    close: async () => {
      await app.close();
      await fleet.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Tries until `read` gives something; the test's own time limit is the bound. */
export async function eventually<T>(read: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const value = await read();
    if (value !== null && value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs `work` for every item, at most `width` at a time. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

/** A policy text without one of its top-level sections. */
export function without(yaml: string, section: string): string {
  const lines = yaml.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`${section}:`));
  if (start < 0) return yaml;
  let end = start + 1;
  while (end < lines.length && !/^\S/.test(lines[end]!)) end++;
  return [...lines.slice(0, start), ...lines.slice(end)].join('\n');
}
