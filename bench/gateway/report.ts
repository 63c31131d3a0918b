import type { Sample } from './measure.ts';
import { median } from './statistics.ts';

/** One contender in one scenario. Ratios are of medians to the splice proxy's; null where it did not run. */
export interface Summary {
  readonly scenario: string;
  readonly contender: string;
  readonly cpuMicrosecondsMedian: number;
  readonly cpuMicrosecondsMin: number;
  readonly cpuRatioToSplice: number | null;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Over the upstream without anything before it; null where that was not measured. */
  readonly addedP50Ms: number | null;
  readonly residentMegabytes: number;
  readonly errors: number;
  readonly rounds: number;
}

export function summarise(samples: readonly Sample[]): Summary[] {
  const cells = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = `${sample.scenario}\n${sample.contender}`;
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, [sample]);
    else cell.push(sample);
  }
  const middle = (
    scenario: string,
    contender: string,
    quantity: (sample: Sample) => number,
  ): number | null => {
    const cell = cells.get(`${scenario}\n${contender}`);
    return cell === undefined ? null : median(cell.map(quantity));
  };
  return [...cells.values()].map((cell) => {
    const { scenario, contender } = cell[0]!;
    const of = (quantity: (sample: Sample) => number): number => median(cell.map(quantity));
    const cpu = of((sample) => sample.cpuMicroseconds);
    const p50Ms = of((sample) => sample.p50Ms);
    const splice = middle(scenario, 'splice', (sample) => sample.cpuMicroseconds);
    const direct = middle(scenario, 'direct', (sample) => sample.p50Ms);
    return {
      scenario,
      contender,
      cpuMicrosecondsMedian: cpu,
      cpuMicrosecondsMin: Math.min(...cell.map((sample) => sample.cpuMicroseconds)),
      cpuRatioToSplice: splice === null ? null : cpu / splice,
      requestsPerSecond: of((sample) => sample.requests / sample.seconds),
      p50Ms,
      p99Ms: of((sample) => sample.p99Ms),
      addedP50Ms: direct === null ? null : p50Ms - direct,
      residentMegabytes: of((sample) => sample.residentMegabytes),
      errors: cell.reduce((sum, sample) => sum + sample.errors, 0),
      rounds: cell.length,
    };
  });
}

/** A Markdown table per scenario. */
export function renderTables(summaries: readonly Summary[], titles: ReadonlyMap<string, string>) {
  const tables: string[] = [];
  for (const scenario of new Set(summaries.map((summary) => summary.scenario))) {
    const rows = summaries.filter((summary) => summary.scenario === scenario);
    const unit = scenario === 'stream' ? 'event' : 'request';
    const first = scenario === 'stream' ? 'first byte p50 ms' : 'p50 ms';
    const lines = [
      `### ${titles.get(scenario) ?? scenario}`,
      '',
      `| contender | CPU µs per ${unit} | least | × splice | ${unit}s per s | ${first} | p99 ms | added p50 ms | RSS MB | errors |`,
      '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
      ...rows.map(renderRow),
    ];
    tables.push(lines.join('\n'));
  }
  return `${tables.join('\n\n')}\n`;
}

function renderRow(row: Summary): string {
  const fixed = (value: number | null, digits: number): string =>
    value === null ? '–' : value.toFixed(digits);
  const cells = [
    row.contender,
    fixed(row.cpuMicrosecondsMedian, 1),
    fixed(row.cpuMicrosecondsMin, 1),
    fixed(row.contender === 'direct' ? null : row.cpuRatioToSplice, 2),
    fixed(row.requestsPerSecond, 0),
    fixed(row.p50Ms, 2),
    fixed(row.p99Ms, 2),
    fixed(row.contender === 'direct' ? null : row.addedP50Ms, 2),
    fixed(row.residentMegabytes, 0),
    String(row.errors),
  ];
  return `| ${cells.join(' | ')} |`;
}
