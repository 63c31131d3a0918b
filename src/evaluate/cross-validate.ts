import { createIntentIndex } from '../encoder/index.ts';
import type { IntentAnswer } from '../encoder/index.ts';
import { EvaluationProblem } from './evaluation.ts';
import type { Metrics } from './evaluation.ts';
import { quantile } from './statistics.ts';
import { OUT_OF_SCOPE, intentMetrics } from './tasks/intent.ts';

export interface IntentText {
  readonly text: string;
  readonly label: string;
  readonly vector: Float32Array;
}

export interface CrossValidation {
  readonly intents: number;
  readonly examples: number;
  readonly folds: number;
  /** Of texts that the index had not seen. */
  readonly metrics: Metrics;
  /** Chance of being in scope below which a text is out of it, so that 5 % of the own texts are lost. */
  readonly inScopeMin: number;
}

const FOLDS = 5;
const IN_SCOPE_LOSS = 0.05;

/**
 * Learns from four fifths of each intent's texts and judges the rest, five times. Texts labelled
 * `oos` are judged and never learned from. Throws `EvaluationProblem` where an intent has one text alone.
 */
export function crossValidateIntents(texts: readonly IntentText[]): CrossValidation {
  const outside = texts.filter(({ label }) => label === OUT_OF_SCOPE);
  const byLabel = Map.groupBy(
    texts.filter(({ label }) => label !== OUT_OF_SCOPE),
    ({ label }) => label,
  );
  const lonely = [...byLabel].find(([, own]) => own.length < 2);
  if (byLabel.size === 0) throw new EvaluationProblem('the file has no text with an intent');
  if (lonely !== undefined) {
    throw new EvaluationProblem(`the intent "${lonely[0]}" has one text: give it two or more`);
  }
  const folds = Math.min(FOLDS, Math.min(...[...byLabel.values()].map(({ length }) => length)));
  const judged: IntentText[] = [];
  const answers: IntentAnswer[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const isHeld = (_: IntentText, i: number): boolean => i % folds === fold;
    const groups = [...byLabel.values()];
    const index = createIntentIndex(
      groups.flatMap((own) => own.filter((text, i) => !isHeld(text, i))),
    );
    const held = [...groups.flatMap((own) => own.filter(isHeld)), ...outside.filter(isHeld)];
    judged.push(...held);
    answers.push(...held.map(({ text, vector }) => index.classify(text, vector)));
  }
  const own = answers.filter((_, i) => judged[i]!.label !== OUT_OF_SCOPE);
  return {
    intents: byLabel.size,
    examples: own.length,
    folds,
    metrics: intentMetrics(judged, answers),
    inScopeMin: quantile(
      own.map(({ inScope }) => inScope),
      IN_SCOPE_LOSS,
    ),
  };
}
