import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const DATA =
  process.env['BOURSE_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** One question of MMLU-Pro, and who answered it right. */
export interface Question {
  readonly prompt: string;
  readonly category: string;
  readonly correct: Readonly<Record<string, 0 | 1 | null>>;
}

/** The rows of `router/mmlu_pro`, in their order. Throws where the data is not there. */
export function readQuestions(): readonly Question[] {
  const text = gunzipSync(readFileSync(join(DATA, 'router', 'mmlu_pro.jsonl.gz'))).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Question);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Standard deviation of the difficulties that the fit assumes before it sees an answer, in log-odds. */
const PRIOR = 1.5;
const ROUNDS = 40;

export interface Fit {
  /** One per question, in log-odds: 0 is their mean. */
  readonly difficulties: Float64Array;
  readonly abilities: ReadonlyMap<string, number>;
}

/**
 * The one-parameter logistic model (Rasch 1960): P(model m is right on q) = σ(ability_m − difficulty_q).
 * Alternating Newton steps; normal prior on the difficulties, so that a question that nobody or
 * everybody solves stays finite.
 */
export function fitDifficulties(questions: readonly Question[], models: readonly string[]): Fit {
  const difficulties = new Float64Array(questions.length);
  const abilities = new Float64Array(models.length);
  const answers = questions.map(({ correct }) => models.map((model) => correct[model] ?? null));
  for (let round = 0; round < ROUNDS; round++) {
    const abilitySlopes = new Float64Array(models.length);
    const abilityWeights = new Float64Array(models.length).fill(1e-9);
    for (const [q, row] of answers.entries()) {
      let slope = -difficulties[q]! / PRIOR ** 2;
      let weight = 1 / PRIOR ** 2;
      for (const [m, answer] of row.entries()) {
        if (answer === null) continue;
        const expected = sigmoid(abilities[m]! - difficulties[q]!);
        slope -= answer - expected;
        weight += expected * (1 - expected);
        abilitySlopes[m]! += answer - expected;
        abilityWeights[m]! += expected * (1 - expected);
      }
      difficulties[q]! += slope / weight;
    }
    for (const m of models.keys()) abilities[m]! += abilitySlopes[m]! / abilityWeights[m]!;
  }
  const mean = difficulties.reduce((sum, value) => sum + value, 0) / difficulties.length;
  return {
    difficulties: difficulties.map((value) => value - mean),
    abilities: new Map(models.map((model, m) => [model, abilities[m]! - mean])),
  };
}
