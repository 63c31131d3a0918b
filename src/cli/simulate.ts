import { writeFileSync } from 'node:fs';
import type { SimulationReport } from './app-port.ts';
import { failed } from './ask-server.ts';
import { plural } from './plural.ts';
import { simulationPage } from './simulation-page.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface SimulateFlags {
  readonly fleet: string;
  readonly trace: string;
  readonly router: string;
  readonly load: string;
  readonly requests?: number;
  readonly seeds: number;
  readonly seed: number;
  readonly json?: boolean;
  readonly html?: string;
}

/** Compares routers before a simulated fleet. */
export async function simulate(terminal: Terminal, flags: SimulateFlags): Promise<void> {
  const loads = listOf(flags.load).map(Number);
  if (loads.length === 0 || loads.some((load) => !(load > 0 && load <= 1000))) {
    throw failed(terminal, `--load ${flags.load}: it must be percentages, such as 60,80,95.`);
  }
  const routers = listOf(flags.router);
  if (routers.length === 0) throw failed(terminal, '--router: it names no router.');
  const { simulateFleet } = await terminal.loadApp();
  const report = await simulateFleet({
    fleetFile: flags.fleet,
    traceFile: flags.trace,
    routers,
    loads: loads.map((load) => load / 100),
    seeds: flags.seeds,
    firstSeed: flags.seed,
    requests: flags.requests ?? null,
    onProgress: (share, what) => terminal.progress(`${bar(share)} ${what}`),
  });
  terminal.progress(null);
  if (flags.html !== undefined) writePage(terminal, flags.html, report);
  if (flags.json) terminal.print(JSON.stringify(report));
  else for (const line of renderSimulation(report)) terminal.print(line);
}

function writePage(terminal: Terminal, file: string, report: SimulationReport): void {
  try {
    writeFileSync(file, simulationPage(report));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw failed(terminal, `--html ${file}: it cannot be written (${reason}).`);
  }
}

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const BAR_WIDTH = 24;

function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  return `[${'#'.repeat(full)}${' '.repeat(BAR_WIDTH - full)}] ${percent}`;
}

interface Column {
  readonly title: string;
  readonly measure: string;
  /** What one of the unit shown is. */
  readonly unit: number;
  readonly digits: number;
}

const column = (title: string, measure: string, unit = 1, digits = 0): Column => ({
  title,
  measure,
  unit,
  digits,
});

/** Two tables per load: a terminal is not wide. */
const TABLES: readonly (readonly Column[])[] = [
  [
    column('TTFT ms', 'ttftMeanMs'),
    column('p50', 'ttftP50Ms'),
    column('p99', 'ttftP99Ms'),
    column('per token ms', 'perTokenMeanMs', 1, 1),
    column('p99', 'perTokenP99Ms', 1, 1),
    column('latency s', 'latencyMeanMs', 1000, 2),
    column('p50', 'latencyP50Ms', 1000, 2),
    column('p99', 'latencyP99Ms', 1000, 2),
  ],
  [
    column('goodput %', 'goodput', 0.01, 1),
    column('rejected %', 'rejected', 0.01, 1),
    column('failed %', 'failed', 0.01, 1),
    column('USD', 'costUsd', 1, 3),
    column('fleet kJ', 'fleetJoules', 1000, 0),
    column('tokens/J', 'tokensPerJoule', 1, 3),
    column('hits %', 'hitRate', 0.01, 1),
    column('fairness', 'fairness', 1, 3),
  ],
];

/** The report as text. Behind ±: half of the 95 % confidence interval over the seeds. */
export function renderSimulation(report: SimulationReport): string[] {
  const { trace, instances, seeds, firstSeed, requests, capacityPerSecond, slo } = report;
  const lines = [
    `${trace} on ${plural(instances, 'simulated instance')}: ${requests} requests a run, ${plural(seeds, 'seed')} from ${firstSeed}; the fleet's capacity is ${capacityPerSecond.toFixed(2)} requests a second.`,
    `Goodput: served within ${slo.ttftMs} ms to the first token and ${slo.perTokenMs} ms per token, of all that were asked. ± is the 95 % confidence interval.`,
  ];
  const loads = [...new Set(report.cells.map(({ load }) => load))];
  for (const load of loads) {
    const cells = report.cells.filter((cell) => cell.load === load);
    for (const columns of TABLES) {
      const titles = [
        { title: `${Math.round(load * 100)} % load` },
        ...columns.map(({ title }) => ({ title, align: 'right' as const })),
      ];
      const rows = cells.map(({ router, measures }) => [
        router,
        ...columns.map((shown) => cellText(measures[shown.measure]!, shown)),
      ]);
      lines.push('', ...renderTable(titles, rows));
    }
  }
  return lines;
}

function cellText(
  { mean, halfWidth }: { readonly mean: number; readonly halfWidth: number | null },
  { unit, digits }: Column,
): string {
  // JSON has no NaN: what was measured of nothing is null there.
  if (mean === null || Number.isNaN(mean)) return '–';
  const text = (mean / unit).toFixed(digits);
  return halfWidth === null ? text : `${text} ±${(halfWidth / unit).toFixed(digits)}`;
}
