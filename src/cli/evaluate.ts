import {
  EvaluationProblem,
  RecordProblem,
  Stopwatch,
  evaluate,
  parseRecords,
} from '../evaluate/index.ts';
import type { DataRecord, EvaluationReport, EvaluationTask, Speed } from '../evaluate/index.ts';
import type { Understanding } from '../contract/index.ts';
import { failed } from './ask-server.ts';
import { plural } from './plural.ts';
import { readData } from './read-data.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface EvaluateFlags {
  readonly data: string;
  readonly support?: string;
  readonly encoder: Speed;
  readonly json?: boolean;
}

/** Longer runs say how far they are, this often. */
const PROGRESS_MS = 5000;
/** A line of plain text that is as long as this is a record of its own. */
const PLAIN_TEXT_CHARACTERS = 64_000;

/** Scores the shipped models on a file of labelled records. */
export async function evaluateTask(
  terminal: Terminal,
  task: EvaluationTask,
  flags: EvaluateFlags,
): Promise<void> {
  try {
    const records = recordsOf(terminal, flags.data, task);
    const support = flags.support === undefined ? null : recordsOf(terminal, flags.support, task);
    const understanding = await openModels(terminal);
    const stopwatch = new Stopwatch(() => performance.now(), progress(terminal, task));
    const input = { records, support, speed: flags.encoder, understanding, stopwatch };
    const report = await evaluate(task, input);
    explainEncoder(terminal, flags.encoder, report, understanding);
    if (flags.json) terminal.print(JSON.stringify(report));
    else for (const line of render(report)) terminal.print(line);
  } catch (error) {
    if (error instanceof RecordProblem || error instanceof EvaluationProblem) {
      throw failed(terminal, error.message);
    }
    throw error;
  }
}

export async function openModels(terminal: Terminal): Promise<Understanding> {
  const { shippedUnderstanding } = await terminal.loadModels();
  return shippedUnderstanding();
}

function recordsOf(terminal: Terminal, file: string, task: EvaluationTask): readonly DataRecord[] {
  const content = readData(terminal, file);
  const isPlain = task === 'compression' && /\.txt(?:\.gz)?$/.test(file);
  return isPlain ? plainRecords(file, content) : parseRecords(file, content);
}

/** A plain text as records of some length. */
function plainRecords(file: string, content: string): readonly DataRecord[] {
  const records: DataRecord[] = [];
  for (let at = 0; at < content.length; at += PLAIN_TEXT_CHARACTERS) {
    const text = content.slice(at, at + PLAIN_TEXT_CHARACTERS);
    records.push({ file, line: records.length + 1, source: '', fields: { text } });
  }
  return records;
}

function progress(terminal: Terminal, task: string): (done: number, total: number) => void {
  let next = performance.now() + PROGRESS_MS;
  return (done, total) => {
    if (performance.now() < next) return;
    next = performance.now() + PROGRESS_MS;
    terminal.printError(`${task}: ${done} of ${plural(total, 'record')}`);
  };
}

function explainEncoder(
  terminal: Terminal,
  wanted: Speed,
  report: EvaluationReport,
  understanding: Understanding,
): void {
  if (wanted === report.encoder) return;
  const reason = understanding.deep() === null ? understanding.deepReason() : null;
  terminal.printError(
    reason === null
      ? `--encoder ${wanted}: ${report.task} has one speed, ${report.encoder}.`
      : `--encoder ${wanted}: answered by the ${report.encoder} encoder alone: ${reason}`,
  );
}

function render({
  task,
  n,
  encoder,
  metrics,
  baselines,
  microsPerItem,
}: EvaluationReport): string[] {
  const names = Object.keys(metrics);
  const rows = [
    ['bourse', ...names.map((name) => shown(metrics[name]))],
    ...Object.entries(baselines).map(([name, values]) => [
      name,
      ...names.map((metric) => shown(values[metric])),
    ]),
  ];
  const columns = ['', ...names].map((title, i) => ({
    title,
    align: i === 0 ? ('left' as const) : ('right' as const),
  }));
  const { p50, p99 } = microsPerItem;
  return [
    `${task}: ${plural(n, 'item')}, ${encoder} encoder, ${p50.toFixed(1)} µs per item (p99 ${p99.toFixed(1)} µs)`,
    ...renderTable(columns, rows),
  ];
}

const shown = (value: number | null | undefined): string =>
  value === undefined || value === null ? '–' : value.toFixed(4);
