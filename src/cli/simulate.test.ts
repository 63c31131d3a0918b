import { describe, expect, test } from 'vitest';
import type { SimulationReport } from './app-port.ts';
import { renderSimulation } from './simulate.ts';
import { simulationPage } from './simulation-page.ts';

const NAMES =
  'ttftMeanMs ttftP50Ms ttftP99Ms perTokenMeanMs perTokenP99Ms latencyMeanMs latencyP50Ms latencyP99Ms goodput rejected failed costUsd fleetJoules tokensPerJoule hitRate fairness';

const measures = (mean: number, halfWidth: number | null) =>
  Object.fromEntries(NAMES.split(' ').map((name) => [name, { mean, halfWidth }]));

const REPORT: SimulationReport = {
  trace: 'a<b',
  instances: 2,
  firstSeed: 1,
  seeds: 2,
  requests: 100,
  capacityPerSecond: 3.5,
  slo: { ttftMs: 2000, perTokenMs: 100 },
  cells: [
    { load: 0.8, router: 'bourse', measures: measures(0.5, 0.25) },
    { load: 0.8, router: 'round-robin', measures: measures(Number.NaN, null) },
  ],
};

describe('a report', () => {
  test('as text: units, intervals, and a dash for what was measured of nothing', () => {
    const lines = renderSimulation(REPORT);
    expect(lines[0]).toContain('3.50 requests a second');
    const row = lines.filter((line) => line.includes('bourse'))[1]!;
    expect(row.split(/ {2,}/).slice(1, 4)).toEqual(['bourse', '50.0 ±25.0', '50.0 ±25.0']);
    expect(lines.find((line) => line.includes('round-robin'))).toContain('–');
  });

  test('as a page: no script, text of a trace is not markup, nothing is NaN', () => {
    const page = simulationPage(REPORT);
    expect(page).toContain('a&lt;b');
    expect(page).not.toMatch(/<script|NaN|Infinity|https?:/);
    expect(page.match(/<svg/g)).toHaveLength(7);
  });
});
