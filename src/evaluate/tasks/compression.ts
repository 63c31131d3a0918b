import type { FastModels, HeadTask } from '../../contract/index.ts';
import { Fault } from '../../kernel/index.ts';
import { compressForSignals } from '../../text/index.ts';
import { EvaluationProblem } from '../evaluation.ts';
import type { EvaluationInput, Measured, Metrics } from '../evaluation.ts';
import { textOf } from '../records.ts';
import { mean } from '../statistics.ts';

/** What the signals keep of a long text. */
const BUDGET_TOKENS = 2000;
const CHARACTERS_PER_TOKEN = 4;
/** Records shorter than this many characters are put together until they are a long text. */
const LONG = 4 * BUDGET_TOKENS * CHARACTERS_PER_TOKEN;

type ClassifiedTask = Exclude<HeadTask, 'output-length'>;
/** Heads that read the gist of a text. */
const TASKS: readonly ClassifiedTask[] = ['domain', 'complexity', 'reasoning', 'fact-check'];

/**
 * Texts of any shape: how often the fast heads say of the compressed text what they say of the whole,
 * read as what is longer than a model's window is: in windows of the same length, probabilities averaged.
 * `agreementInOnePass` is against the whole read at once, where the length itself changes what a head says.
 * `millisPerItem` is the time of compression alone.
 */
export async function evaluateCompression(input: EvaluationInput): Promise<Measured> {
  const { records, stopwatch } = input;
  const fast = input.understanding.fast();
  const tasks = TASKS.filter((task) => isThere(fast, task));
  if (tasks.length === 0) throw new EvaluationProblem('compression needs a head that ships');
  const texts = longTexts(
    records.map((record) =>
      textOf(record, 'text', 'prompt', 'full_text', 'source', 'user_query', 'Query'),
    ),
  );
  const whole = texts.map((text) => labelsByWindows(fast, tasks, text));
  const atOnce = texts.map((text) => labelsOf(fast, tasks, text));
  const shorter = await stopwatch.each(texts, (text) => compressForSignals(text, BUDGET_TOKENS));
  const characters = BUDGET_TOKENS * CHARACTERS_PER_TOKEN;
  const agreement = (others: readonly string[]): Metrics => {
    const equal = others.map((text, i) =>
      labelsOf(fast, tasks, text).map((label, task) => label === whole[i]![task]),
    );
    const byTask = tasks.map((_, task) => mean(equal.map((one) => Number(one[task]))));
    const named = tasks.map((task, i) => [`agreement:${task}`, byTask[i]!] as const);
    return { agreement: mean(byTask), ...Object.fromEntries(named) };
  };
  return {
    n: texts.length,
    encoder: 'static',
    metrics: {
      ...agreement(shorter.map(({ text }) => text)),
      agreementInOnePass: mean(
        shorter.map(({ text }, i) =>
          mean(
            labelsOf(fast, tasks, text).map((label, task) => Number(label === atOnce[i]![task])),
          ),
        ),
      ),
      millisPerItem: mean(stopwatch.micros) / 1000,
      keptRatio: mean(shorter.map(({ keptRatio }) => keptRatio)),
    },
    baselines: {
      head: agreement(texts.map((text) => text.slice(0, characters))),
      headAndTail: agreement(
        texts.map((text) =>
          text.length <= characters
            ? text
            : `${text.slice(0, characters / 2)}\n${text.slice(-characters / 2)}`,
        ),
      ),
    },
  };
}

function isThere(fast: FastModels, task: ClassifiedTask): boolean {
  try {
    fast.labels(task);
    return true;
  } catch (error) {
    if (Fault.isInstance(error) && error.code === 'BRS_MODEL_FILE') return false;
    throw error;
  }
}

function labelsOf(fast: FastModels, tasks: readonly ClassifiedTask[], text: string): string[] {
  const read = fast.read(text);
  return tasks.map((task) => read.classify(task).label);
}

function labelsByWindows(
  fast: FastModels,
  tasks: readonly ClassifiedTask[],
  text: string,
): string[] {
  const sums = tasks.map((task) => new Float64Array(fast.labels(task).length));
  const length = BUDGET_TOKENS * CHARACTERS_PER_TOKEN;
  for (let at = 0; at < text.length; at += length) {
    const read = fast.read(text.slice(at, at + length));
    tasks.forEach((task, k) => {
      read.classify(task).probabilities.forEach((p, i) => (sums[k]![i] = sums[k]![i]! + p));
    });
  }
  return tasks.map((task, k) => {
    const [no, yes] = fast.labels(task);
    const threshold = fast.threshold(task);
    const sum = sums[k]!;
    if (threshold !== null) return sum[1]! / (sum[0]! + sum[1]!) >= threshold ? yes! : no!;
    return fast.labels(task)[sum.indexOf(Math.max(...sum))]!;
  });
}

/** Long texts as they are; short ones put together in their order, a blank line between. */
function longTexts(texts: readonly string[]): string[] {
  const long: string[] = [];
  let parts: string[] = [];
  let length = 0;
  for (const text of texts) {
    if (text.length >= LONG) {
      long.push(text);
      continue;
    }
    parts.push(text);
    length += text.length;
    if (length < LONG) continue;
    long.push(parts.join('\n\n'));
    [parts, length] = [[], 0];
  }
  if (long.length === 0 || length > LONG / 2) long.push(parts.join('\n\n'));
  return long;
}
