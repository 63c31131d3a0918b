/**
 * Evaluate: how good the shipped models are on labelled data, by the functions that the signals use.
 *
 * In: records, models, a stopwatch. Out: one report. Never: reads files, prints.
 */
import { evaluateComplexity } from './tasks/complexity.ts';
import { evaluateCompression } from './tasks/compression.ts';
import { evaluateDomain } from './tasks/domain.ts';
import type { EvaluationInput, EvaluationReport, EvaluationTask, Measured } from './evaluation.ts';
import { evaluateGuard } from './tasks/guard.ts';
import { evaluateIntent } from './tasks/intent.ts';
import { evaluateLanguage } from './tasks/language.ts';
import { evaluateLength } from './tasks/length.ts';
import { evaluatePii } from './tasks/pii.ts';
import { quantile } from './statistics.ts';
import { evaluateSts } from './tasks/sts.ts';
import { evaluateTools } from './tasks/tools.ts';

export { EvaluationProblem, Stopwatch } from './evaluation.ts';
export type { EvaluationInput, EvaluationReport, EvaluationTask, Speed } from './evaluation.ts';
export { crossValidateIntents } from './cross-validate.ts';
export type { CrossValidation, IntentText } from './cross-validate.ts';
export { evaluateCache } from './cache/cache-report.ts';
export type { CacheMetrics, CacheReport } from './cache/cache-report.ts';
export { RecordProblem, parseRecords, textOf } from './records.ts';
export { parseOutcomes } from './router/outcome-records.ts';
export { evaluateRouter } from './router/router-report.ts';
export type { RouterEvaluation, RouterMetrics, RouterReport } from './router/router-report.ts';
export { openRouter, trainRouter } from './router/train-router.ts';
export type { DataRecord } from './records.ts';

const TASKS: Readonly<Record<EvaluationTask, (input: EvaluationInput) => Promise<Measured>>> = {
  sts: evaluateSts,
  domain: evaluateDomain,
  intent: evaluateIntent,
  complexity: evaluateComplexity,
  guard: evaluateGuard,
  pii: evaluatePii,
  language: evaluateLanguage,
  tools: evaluateTools,
  length: evaluateLength,
  compression: evaluateCompression,
};

/** Rejects with `EvaluationProblem` or `RecordProblem` where the data does not fit the task. */
export async function evaluate(
  task: EvaluationTask,
  input: EvaluationInput,
): Promise<EvaluationReport> {
  const { n, encoder, metrics, baselines } = await TASKS[task](input);
  const { micros } = input.stopwatch;
  const microsPerItem = { p50: quantile(micros, 0.5), p99: quantile(micros, 0.99) };
  return { task, n, encoder, metrics, baselines, microsPerItem };
}
