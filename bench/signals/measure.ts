import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { median, quantile } from '../gateway/statistics.ts';

/** One thing that is timed. `inner` runs count as one, so that the clock is no part of short ones. */
export interface Case {
  readonly name: string;
  readonly target: string | null;
  readonly unit: 'µs' | 'ms';
  readonly runs: number;
  readonly inner: number;
  readonly run: (i: number) => unknown;
}

export interface Timing {
  readonly name: string;
  readonly target: string | null;
  readonly unit: 'µs' | 'ms';
  readonly p50: number;
  readonly p99: number;
  /** Of all threads of the process, per run; what others do on the machine does not show in it. */
  readonly cpu: number;
}

const WARM_RUNS = 0.2;

export async function time({ name, target, unit, runs, inner, run }: Case): Promise<Timing> {
  const perUnit = unit === 'µs' ? 1000 : 1;
  for (let i = 0; i < Math.ceil(runs * WARM_RUNS) * inner; i++) await settled(run(i));
  const took: number[] = [];
  const cpuStart = process.cpuUsage();
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    for (let k = 0; k < inner; k++) {
      const answer = run(i * inner + k);
      if (answer instanceof Promise) await answer;
    }
    took.push(((performance.now() - start) / inner) * perUnit);
  }
  const { user, system } = process.cpuUsage(cpuStart);
  const cpu = ((user + system) / 1000 / runs / inner) * perUnit;
  return { name, target, unit, p50: median(took), p99: quantile(took, 0.99), cpu };
}

const settled = async (answer: unknown): Promise<unknown> => answer;

/** Writes the timings as a baseline, with the machine that they were measured on. */
export function saveTimings(file: URL, timings: readonly Timing[]): void {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
  };
  const rounded = timings.map((timing) => ({
    ...timing,
    p50: round(timing.p50),
    p99: round(timing.p99),
    cpu: round(timing.cpu),
  }));
  writeFileSync(file, `${JSON.stringify({ machine, timings: rounded }, null, 1)}\n`);
}

const round = (value: number): number => Number(value.toPrecision(3));
