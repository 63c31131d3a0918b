import { gistOf } from '../../signals/index.ts';
import type { EvaluationInput, Measured } from '../evaluation.ts';
import { numbersOf, problemAt, textOf } from '../records.ts';
import type { DataRecord } from '../records.ts';
import { accuracyOf, mean, quantile } from '../statistics.ts';

const CHARACTERS_PER_TOKEN = 4;
/** The 90th percentile of a normal distribution, in deviations. */
const P90_DEVIATIONS = 1.2815516;

/**
 * `{prompt, out_chars}` by model, or `{user_query, chatgpt_response}`: the length of the answer in tokens, a
 * token being four characters, the median over models being the truth. The estimate is log-normal:
 * its median is held against the truth, and its 90th percentile should cover 90 %.
 */
export async function evaluateLength(input: EvaluationInput): Promise<Measured> {
  const { records, stopwatch } = input;
  const fast = input.understanding.fast();
  const texts = records.map((record) => textOf(record, 'prompt', 'user_query', 'text'));
  const truth = records.map(answerTokens);
  const found = await stopwatch.each(texts, (text) => fast.read(gistOf(text)).outputLength());
  const medians = found.map(({ logMean }) => Math.exp(logMean));
  const limits = found.map(({ logMean, logDeviation }) =>
    Math.exp(logMean + P90_DEVIATIONS * logDeviation),
  );
  const middle = quantile(truth, 0.5);
  const perCharacter =
    middle /
    quantile(
      texts.map(({ length }) => Math.max(1, length)),
      0.5,
    );
  return {
    n: texts.length,
    encoder: 'static',
    metrics: { mape: errorOf(medians, truth), p90Coverage: coverage(limits, truth) },
    baselines: {
      constant: {
        mape: errorOf(
          truth.map(() => middle),
          truth,
        ),
        p90Coverage: coverage(
          truth.map(() => quantile(truth, 0.9)),
          truth,
        ),
      },
      promptLength: {
        mape: errorOf(
          texts.map(({ length }) => length * perCharacter),
          truth,
        ),
      },
    },
  };
}

function answerTokens(record: DataRecord): number {
  const answer = record.fields['chatgpt_response'] ?? record.fields['response'];
  if (typeof answer === 'string') return Math.max(1, answer.length / CHARACTERS_PER_TOKEN);
  const lengths = numbersOf(record, 'out_chars', 'outchars')?.filter((length) => length > 0) ?? [];
  if (lengths.length > 0) return Math.max(1, quantile(lengths, 0.5) / CHARACTERS_PER_TOKEN);
  throw problemAt(record, 'out_chars', '"out_chars" by model, or "chatgpt_response", is needed');
}

/** Mean of |estimate − truth| / truth. */
const errorOf = (estimates: readonly number[], truth: readonly number[]): number =>
  mean(estimates.map((value, i) => Math.abs(value - truth[i]!) / truth[i]!));

const coverage = (limits: readonly number[], truth: readonly number[]): number =>
  accuracyOf(limits.map((limit, i) => truth[i]! <= limit));
