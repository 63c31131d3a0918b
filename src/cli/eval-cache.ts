import { RecordProblem, evaluateCache, parseRecords } from '../evaluate/index.ts';
import type { CacheMetrics, CacheReport } from '../evaluate/index.ts';
import { failed } from './ask-server.ts';
import { openModels } from './evaluate.ts';
import { plural } from './plural.ts';
import { readData } from './read-data.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface EvalCacheFlags {
  readonly data: string;
  readonly maxError?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

const MAX_ERROR = 0.02;
const EXPLORE = 0.05;

/** Runs pairs of questions through the cache's decisions: how much it serves, and how much of that is wrong. */
export async function evalCache(terminal: Terminal, flags: EvalCacheFlags): Promise<void> {
  const { data, maxError: maxErrorRate = MAX_ERROR, seed = 1, json } = flags;
  let report: CacheReport;
  try {
    const records = parseRecords(data, readData(terminal, data));
    const { encoder } = (await openModels(terminal)).fast();
    const options = { maxErrorRate, exploreRatio: EXPLORE, seed };
    report = evaluateCache(records, encoder, options, (done) =>
      terminal.progress(`reading ${Math.round((100 * done) / records.length)} %`),
    );
    terminal.progress(null);
  } catch (error) {
    terminal.progress(null);
    if (error instanceof RecordProblem) throw failed(terminal, error.message);
    throw error;
  }
  if (json) terminal.print(JSON.stringify(report));
  else for (const line of render(report, maxErrorRate)) terminal.print(line);
}

function render({ n, metrics, baselines }: CacheReport, maxErrorRate: number): string[] {
  const row = (name: string, { hitRatio, errorRatio, upper95 }: CacheMetrics): string[] => [
    name,
    hitRatio.toFixed(4),
    errorRatio.toFixed(4),
    upper95.toFixed(4),
  ];
  const columns = ['', 'hitRatio', 'errorRatio', 'upper95'].map((title, i) => ({
    title,
    align: i === 0 ? ('left' as const) : ('right' as const),
  }));
  return [
    `cache: ${plural(n, 'request')}, at most ${maxErrorRate} wrong`,
    ...renderTable(columns, [
      row('bourse', metrics),
      row('fixed threshold, as often wrong', baselines.fixed),
      row('gptcache: cosine of 0.9', baselines.gptcache),
    ]),
  ];
}
