import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Fault } from '../kernel/index.ts';
import {
  EvaluationProblem,
  RecordProblem,
  evaluateRouter,
  openRouter,
  parseOutcomes,
  trainRouter,
} from '../evaluate/index.ts';
import type { RouterEvaluation, RouterMetrics } from '../evaluate/index.ts';
import { failed } from './ask-server.ts';
import { openModels } from './evaluate.ts';
import { plural } from './plural.ts';
import { readData } from './read-data.ts';
import { renderTable, safeText } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface TrainRouterFlags {
  readonly data: readonly string[];
  readonly out: string;
  readonly seed: number;
  readonly json?: boolean;
}

const BAR_CELLS = 30;

/** Learns from tables of outcomes what each model makes of a prompt, and writes it as a file. */
export async function trainRouterFile(
  terminal: Terminal,
  { data, out, seed, json }: TrainRouterFlags,
): Promise<void> {
  await explained(terminal, async () => {
    const tables = data.map((file) => parseOutcomes(file, readData(terminal, file)));
    const { encoder } = (await openModels(terminal)).fast();
    const onProgress = (share: number): void => terminal.progress(bar('learning', share));
    const { parts, bytes } = trainRouter(tables, { encoder, seed, onProgress });
    terminal.progress(null);
    writeWhole(terminal, out, bytes);
    const prompts = tables.reduce((sum, table) => sum + table.prompts.length, 0);
    const models = parts.models.map(({ id, meanCorrect }) => ({ id, meanCorrect }));
    const summary = { out, prompts, models, bytes: bytes.length };
    if (json) terminal.print(JSON.stringify(summary));
    else {
      const what = `${plural(prompts, 'prompt')}, ${plural(models.length, 'model')}`;
      terminal.print(`${what}: wrote ${safeText(out)} (${Math.ceil(bytes.length / 1024)} KiB)`);
    }
  });
}

export interface EvalRouterFlags {
  readonly data: string;
  readonly model?: string;
  readonly pair?: readonly [string, string];
  readonly json?: boolean;
}

/** Scores a trained router on a table of outcomes that it has not learned from. */
export async function evalRouter(terminal: Terminal, flags: EvalRouterFlags): Promise<void> {
  const { data, model: file, pair, json } = flags;
  if (file === undefined) {
    throw failed(
      terminal,
      'eval router needs --model: a file that "bourse train router" has written',
    );
  }
  await explained(terminal, async () => {
    const table = parseOutcomes(data, readData(terminal, data));
    const { encoder } = (await openModels(terminal)).fast();
    const model = openRouter(file, bytesOf(terminal, file), encoder);
    const evaluation = evaluateRouter(model, table, pair ?? null, (done) =>
      terminal.progress(bar('reading', done / table.prompts.length)),
    );
    terminal.progress(null);
    if (json) terminal.print(JSON.stringify(evaluation.report));
    else for (const line of render(evaluation)) terminal.print(line);
  });
}

async function explained(terminal: Terminal, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    terminal.progress(null);
    const isPlain =
      error instanceof RecordProblem ||
      error instanceof EvaluationProblem ||
      (error instanceof Fault && error.code === 'BRS_MODEL_FILE');
    throw isPlain ? failed(terminal, error.message) : error;
  }
}

function bar(what: string, share: number): string {
  const full = Math.round(Math.min(1, share) * BAR_CELLS);
  return `${what} [${'='.repeat(full)}${' '.repeat(BAR_CELLS - full)}] ${Math.round(100 * share)} %`;
}

/** Whole or not at all: a full disk leaves the file that was there. */
function writeWhole(terminal: Terminal, file: string, bytes: Uint8Array): void {
  const draft = `${file}.${process.pid}.part`;
  try {
    writeFileSync(draft, bytes);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw failed(terminal, `cannot write ${safeText(file)}: ${code ?? 'unknown'}`);
  }
}

function bytesOf(terminal: Terminal, file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : (code ?? 'unknown');
    throw failed(terminal, `cannot read ${safeText(file)}: ${reason}`);
  }
}

const METRICS = ['apgr', 'cpt50', 'cpt80', 'aiq'] as const;

function render({ report, pair, zeroAiq }: RouterEvaluation): string[] {
  const { n, metrics, baselines } = report;
  const shown = (value: number | null): string => (value === null ? '–' : value.toFixed(4));
  const row = (name: string, values: RouterMetrics): string[] => [
    name,
    ...METRICS.map((metric) => shown(values[metric])),
  ];
  const rows = [
    row('bourse', metrics),
    ...Object.entries(baselines).map(([name, values]) => row(name, values)),
    row('zero router', { apgr: null, cpt50: null, cpt80: null, aiq: zeroAiq }),
  ];
  const columns = ['', ...METRICS].map((title, i) => ({
    title,
    align: i === 0 ? ('left' as const) : ('right' as const),
  }));
  const [weak, strong] = pair.map(safeText);
  return [
    `router: ${plural(n, 'prompt')}, ${weak} against ${strong}`,
    ...renderTable(columns, rows),
  ];
}
