import type { SimulationReport } from './app-port.ts';

interface Plot {
  readonly title: string;
  readonly measure: string;
  readonly unit: number;
  readonly digits: number;
}

const PLOTS: readonly Plot[] = [
  { title: 'Mean time to first token, ms', measure: 'ttftMeanMs', unit: 1, digits: 0 },
  { title: 'p99 of the time to first token, ms', measure: 'ttftP99Ms', unit: 1, digits: 0 },
  { title: 'Mean time per token, ms', measure: 'perTokenMeanMs', unit: 1, digits: 1 },
  { title: 'Mean latency, s', measure: 'latencyMeanMs', unit: 1000, digits: 2 },
  { title: 'Goodput, % of all that were asked', measure: 'goodput', unit: 0.01, digits: 1 },
  { title: 'Energy of the fleet, kJ', measure: 'fleetJoules', unit: 1000, digits: 1 },
  { title: 'Prefix hits, % of prompt tokens', measure: 'hitRate', unit: 0.01, digits: 1 },
];

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}svg{width:100%;height:auto}text{font:12px system-ui,sans-serif;fill:#1b1f24}.bar{fill:#7a8aa0}.own{fill:#1f6feb}.mark{stroke:#1b1f24}';

/** The report as one page that needs nothing else: no script, no other file. */
export function simulationPage(report: SimulationReport): string {
  const { trace, instances, requests, seeds, firstSeed, capacityPerSecond, slo } = report;
  const loads = [...new Set(report.cells.map(({ load }) => load))];
  const parts = loads.map((load) => {
    const plots = PLOTS.map((plot) => plotOf(report, load, plot)).join('\n');
    return `<h2>${Math.round(load * 100)} % load</h2>\n${plots}`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Simulation: ${escaped(trace)}</title><style>${STYLE}</style></head><body>
<h1>Simulation: ${escaped(trace)}</h1>
<p>${instances} simulated instances, ${requests} requests a run, ${seeds} seeds from ${firstSeed}; capacity ${capacityPerSecond.toFixed(2)} requests a second. Goodput: within ${slo.ttftMs} ms to the first token and ${slo.perTokenMs} ms per token. Lines: 95 % confidence interval.</p>
${parts.join('\n')}
</body></html>
`;
}

const LABEL_WIDTH = 150;
const BAR_WIDTH = 500;
const ROW_HEIGHT = 22;

function plotOf(report: SimulationReport, load: number, plot: Plot): string {
  const { title, measure, unit, digits } = plot;
  const rows = report.cells
    .filter((cell) => cell.load === load)
    .map(({ router, measures }) => {
      const { mean, halfWidth } = measures[measure]!;
      return { router, value: mean / unit, half: (halfWidth ?? 0) / unit };
    })
    .filter(({ value }) => Number.isFinite(value));
  const most = Math.max(1e-9, ...rows.map(({ value, half }) => value + half));
  const x = (value: number): string =>
    (LABEL_WIDTH + (Math.max(0, value) / most) * BAR_WIDTH).toFixed(1);
  const bars = rows.map(({ router, value, half }, i) => {
    const top = i * ROW_HEIGHT;
    const middle = top + ROW_HEIGHT / 2;
    const kind = router.startsWith('bourse') ? 'bar own' : 'bar';
    const width = ((value / most) * BAR_WIDTH).toFixed(1);
    return `<text x="${LABEL_WIDTH - 8}" y="${middle + 4}" text-anchor="end">${escaped(router)}</text><rect class="${kind}" x="${LABEL_WIDTH}" y="${top + 4}" width="${width}" height="${ROW_HEIGHT - 8}"/><line class="mark" x1="${x(value - half)}" x2="${x(value + half)}" y1="${middle}" y2="${middle}"/><text x="${Number(x(value + half)) + 6}" y="${middle + 4}">${value.toFixed(digits)}</text>`;
  });
  const width = LABEL_WIDTH + BAR_WIDTH + 70;
  return `<h3>${title}</h3><svg role="img" aria-label="${title}" viewBox="0 0 ${width} ${rows.length * ROW_HEIGHT}">${bars.join('')}</svg>`;
}

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
