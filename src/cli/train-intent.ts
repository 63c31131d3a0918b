import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import {
  EvaluationProblem,
  RecordProblem,
  crossValidateIntents,
  parseRecords,
  textOf,
} from '../evaluate/index.ts';
import type { CrossValidation, IntentText } from '../evaluate/index.ts';
import { failed } from './ask-server.ts';
import { openModels } from './evaluate.ts';
import { plural } from './plural.ts';
import { readData } from './read-data.ts';
import { safeText } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface TrainIntentFlags {
  readonly out?: string;
  readonly json?: boolean;
}

const OUT_OF_SCOPE = 'oos';

/** Judges labelled texts by cross-validation, and writes them as intents for a policy. */
export async function trainIntent(
  terminal: Terminal,
  file: string,
  flags: TrainIntentFlags,
): Promise<void> {
  try {
    const records = parseRecords(file, readData(terminal, file));
    const { encoder } = (await openModels(terminal)).fast();
    const texts = records.map((record) => {
      const text = textOf(record, 'text');
      return { text, label: textOf(record, 'label'), vector: encoder.embedOne(text) };
    });
    const result = crossValidateIntents(texts);
    if (flags.json) terminal.print(JSON.stringify(result));
    else for (const line of render(result)) terminal.print(line);
    if (flags.out === undefined) return;
    writeDefinitions(terminal, flags.out, definitionsOf(texts, result));
  } catch (error) {
    if (error instanceof RecordProblem || error instanceof EvaluationProblem) {
      throw failed(terminal, error.message);
    }
    throw error;
  }
}

function render({ intents, examples, folds, metrics, inScopeMin }: CrossValidation): string[] {
  const percent = (value: number | null | undefined): string =>
    value === null || value === undefined ? '–' : `${(100 * value).toFixed(1)} %`;
  const lines = [
    `${plural(intents, 'intent')}, ${plural(examples, 'example')}; held out in ${folds} folds:`,
    `  accuracy            ${percent(metrics['accuracy'])}`,
    `  calibration error   ${percent(metrics['ece'])}`,
  ];
  if (metrics['oosRecall'] !== undefined) {
    lines.push(`  out of scope found  ${percent(metrics['oosRecall'])}, losing 5 % of the others`);
  }
  return [...lines, `  in scope from a chance of ${inScopeMin.toFixed(3)} on`];
}

/** The part of a policy that defines the intents. */
function definitionsOf(texts: readonly IntentText[], { inScopeMin }: CrossValidation): string {
  const own = texts.filter(({ label }) => label !== OUT_OF_SCOPE);
  const intents = [...Map.groupBy(own, ({ label }) => label)].map(([name, examples]) => ({
    name,
    examples: examples.map(({ text }) => text),
  }));
  return (
    `# Written by "bourse train intent". In scope from a chance of ${inScopeMin.toFixed(3)} on.\n` +
    stringify({ signals: { intents } }, { lineWidth: 0 })
  );
}

function writeDefinitions(terminal: Terminal, file: string, content: string): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw failed(terminal, `cannot write ${safeText(file)}: ${code ?? 'unknown'}`);
  }
  terminal.printError(`wrote ${safeText(file)}`);
}
