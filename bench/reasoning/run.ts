/** Thinking saved by `reasoning: auto`. `npm run bench:reasoning -- [--save]`; see README.md beside this file. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Effort } from '../../src/contract/index.ts';
import { DEMO_FLEET, probabilityRight } from '../../src/simulate/index.ts';
import { DEFAULT_SCALE } from '../../src/policy/injection/effort.ts';
import type { EffortScale } from '../../src/policy/injection/effort.ts';
import { createDecider } from './decide.ts';
import { fitDifficulties, readQuestions } from './difficulty.ts';
import type { Question } from './difficulty.ts';
import { FAMILIES } from './families.ts';
import type { Family } from './families.ts';
import { EFFORTS, runFleet } from './fleet.ts';
import type { Results } from './fleet.ts';
import { accuracyOfMixing, effortOn, scales, spend } from './spending.ts';
import { spendKnowingDifficulty, spendWithCheck, spendWithForesight } from './spending.ts';
import type { Spending } from './spending.ts';

const BASELINE = new URL('./baseline.json', import.meta.url);
const FOLDS = new URL('./folds.json', import.meta.url);
/** What an answer without thinking is right in: as often as the strongest model of the data. */
const STRONGEST = 'gemini-1.5-pro-002';
/** From log-odds to the simulator's scale: its slope, and where the demo's models come near their published scores. */
const SLOPE = 5;
const MEAN_DIFFICULTY = 0.6;
/** `AnswerSpec.thinking.gain`: small, as expected, large. */
const GAINS = [0.05, 0.1, 0.2, 0.3];
const EXPECTED_GAIN = 0.2;
const TOKENS_TARGET = 0.3;
const LOSS_TARGET = 0.01;
const GRID = 0.025;
const CURVE: readonly EffortScale[] = [
  { low: 0, medium: 0.15, high: 0.5 },
  { low: 0.1, medium: 0.2, high: 0.65 },
  { low: 0.25, medium: 0.5, high: 0.75 },
  { low: 0.15, medium: 0.3, high: 0.9 },
  { low: 0.15, medium: 0.6, high: 1 },
  { low: 0.45, medium: 0.8, high: 1 },
];

interface Part {
  readonly prompts: readonly string[];
  readonly difficulties: readonly number[];
  /** What the exchange read, under the scale that ships. */
  readonly read: readonly number[];
  readonly efforts: readonly Effort[];
}

async function partOf(
  questions: readonly Question[],
  truth: Float64Array,
  places: readonly number[],
): Promise<Part> {
  const decide = await createDecider();
  const prompts = places.map((place) => questions[place]!.prompt);
  const decided = [];
  for (const prompt of prompts) decided.push(await decide(prompt));
  return {
    prompts,
    difficulties: places.map((place) => onScale(truth[place]!)),
    read: decided.map(({ difficulty }) => difficulty),
    efforts: decided.map(({ effort }) => effort),
  };
}

const onScale = (logOdds: number): number =>
  Math.min(1, Math.max(0, MEAN_DIFFICULTY + logOdds / SLOPE));

/** The ability at which a model that does not think is right in this share of the questions. */
function abilityFor(accuracy: number, difficulties: readonly number[]): number {
  let [low, high] = [-1, 3];
  for (let i = 0; i < 50; i++) {
    const ability = (low + high) / 2;
    const reached = mean(difficulties.map((d) => rightAt(ability, d)));
    if (reached < accuracy) low = ability;
    else high = ability;
  }
  return low;
}

const bare = DEMO_FLEET.at(1)!.answers!;
const rightAt = (ability: number, difficulty: number): number =>
  probabilityRight({ ...bare, ability, abilityByDomain: {} }, 'general', difficulty);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function resultsOf(part: Part, family: Family, world: { ability: number; gain: number }) {
  const { ability, gain } = world;
  const thinking = { family: family.model.reasoning!, gain };
  const answers = { ...bare, ability, abilityByDomain: {}, thinking };
  return runFleet({ ...DEMO_FLEET[1]!, model: 'thinker', answers }, family, part.difficulties);
}

const autoOf = (part: Part, results: readonly Results[], scale: EffortScale): Spending =>
  spend(results, (i) => effortOn(scale, part.read[i]!));

/** The most accurate scale that keeps to the tokens, and the cheapest one that keeps to the loss. */
function chooseScales(part: Part, results: readonly Results[]) {
  const high = spend(results, () => 'high');
  let bySaving: readonly [EffortScale, Spending] | null = null;
  let byLoss: readonly [EffortScale, Spending] | null = null;
  for (const scale of scales(GRID)) {
    const spent = autoOf(part, results, scale);
    const isCheap = spent.tokens <= TOKENS_TARGET * high.tokens;
    if (isCheap && spent.accuracy > (bySaving?.[1].accuracy ?? 0)) bySaving = [scale, spent];
    const isGood = spent.accuracy >= high.accuracy - LOSS_TARGET;
    if (isGood && spent.tokens < (byLoss?.[1].tokens ?? Infinity)) byLoss = [scale, spent];
  }
  return { bySaving: bySaving![0], byLoss: byLoss![0] };
}

interface Row {
  readonly name: string;
  /** Of always-high. */
  readonly tokens: number;
  readonly accuracy: number;
  /** Points less than always-high. */
  readonly lostPoints: number;
  /** Points more than a random mixture of fixed efforts for as many tokens. */
  readonly overMixing: number;
}

function rowOf(name: string, results: readonly Results[], spent: Spending): Row {
  const high = spend(results, () => 'high');
  const mixing = accuracyOfMixing(results, spent.tokens);
  return {
    name,
    tokens: round(spent.tokens / high.tokens),
    accuracy: round(spent.accuracy),
    lostPoints: round(100 * (high.accuracy - spent.accuracy)),
    overMixing: round(100 * (spent.accuracy - mixing)),
  };
}

/** The same number of questions per effort, but in the order of the prompt's length. */
function byLength(part: Part, scale: EffortScale): (question: number) => Effort {
  const rank = (values: readonly number[]): number[] =>
    values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const hardest = rank(part.read);
  const longest = rank(part.prompts.map((prompt) => prompt.length));
  const efforts: Effort[] = [];
  for (const [place, question] of longest.entries()) {
    efforts[question] = effortOn(scale, part.read[hardest[place]!]!);
  }
  return (question) => efforts[question]!;
}

function cheapestKnowing(results: readonly Results[]): Spending {
  const high = spend(results, () => 'high');
  let [low, top] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const price = (low + top) / 2;
    const { accuracy } = spendKnowingDifficulty(results, price);
    if (accuracy >= high.accuracy - LOSS_TARGET) low = price;
    else top = price;
  }
  return spendKnowingDifficulty(results, low);
}

const nameOf = ({ low, medium, high }: EffortScale): string => `${low}/${medium}/${high}`;

function tableOf(part: Part, results: readonly Results[], chosen: ReturnType<typeof chooseScales>) {
  return [
    ...EFFORTS.map((effort) =>
      rowOf(
        `always ${effort}`,
        results,
        spend(results, () => effort),
      ),
    ),
    rowOf(
      `auto, as it ships ${nameOf(DEFAULT_SCALE)}`,
      results,
      spend(results, (i) => part.efforts[i]!),
    ),
    ...CURVE.map((scale) => rowOf(`auto ${nameOf(scale)}`, results, autoOf(part, results, scale))),
    ...[chosen.bySaving, chosen.byLoss].flatMap((scale, i) => {
      const aim = i === 0 ? 'for 30 % of the tokens' : 'for 1 point lost';
      return [
        rowOf(`auto, chosen ${aim} ${nameOf(scale)}`, results, autoOf(part, results, scale)),
        rowOf(`  by length, as many each`, results, spend(results, byLength(part, scale))),
      ];
    }),
    rowOf('knows the difficulty, 1 point lost', results, cheapestKnowing(results)),
    rowOf('off first, what is wrong again at high', results, spendWithCheck(results)),
    rowOf('knows which efforts will be right', results, spendWithForesight(results)),
  ];
}

function print(title: string, rows: readonly Row[]): void {
  console.log(`\n${title.padEnd(62)}tokens  right  lost  over mixing`);
  for (const { name, tokens, accuracy, lostPoints, overMixing } of rows) {
    const cells = [`${(100 * tokens).toFixed(1)} %`, (100 * accuracy).toFixed(1)];
    cells.push(lostPoints.toFixed(2), overMixing.toFixed(2));
    console.log(name.padEnd(60) + cells.map((cell) => cell.padStart(8)).join(''));
  }
}

function round(value: number): number {
  return Number(value.toFixed(4));
}

/** How well the difficulty tells who is right, of a model that the fit has not seen. */
function calibrationOf(questions: readonly Question[], models: readonly string[]) {
  const others = models.filter((model) => model !== STRONGEST);
  const { difficulties } = fitDifficulties(questions, others);
  const all = [...difficulties].map(onScale);
  const ability = abilityFor(shareRight(questions), all);
  return [0, 0.2, 0.4, 0.6, 0.8].map((from, band) => {
    const places = all.flatMap((d, i) => (d >= from && (d < from + 0.2 || band === 4) ? [i] : []));
    const answered = places.filter((i) => (questions[i]!.correct[STRONGEST] ?? null) !== null);
    return {
      from,
      questions: answered.length,
      predicted: round(mean(answered.map((i) => rightAt(ability, all[i]!)))),
      right: round(mean(answered.map((i) => questions[i]!.correct[STRONGEST]!))),
    };
  });
}

const shareRight = (questions: readonly Question[]): number =>
  mean(questions.flatMap(({ correct }) => correct[STRONGEST] ?? []));

const questions = readQuestions();
const models = Object.keys(questions[0]!.correct);
const folds = JSON.parse(readFileSync(FOLDS, 'utf8')) as {
  choosing: number[];
  reporting: number[];
};
const truth = fitDifficulties(questions, models).difficulties;
const choosing = await partOf(questions, truth, folds.choosing);
const reporting = await partOf(questions, truth, folds.reporting);
const ability = abilityFor(shareRight(questions), choosing.difficulties);

const calibration = calibrationOf(questions, models);
console.log(`Difficulty against ${STRONGEST}, which it was not fitted on:`);
for (const { from, questions: n, predicted, right } of calibration) {
  console.log(`  from ${from}: ${n} questions, predicted ${predicted}, right ${right}`);
}
const byGain = GAINS.map((gain) => {
  const family = FAMILIES[0]!;
  const chosen = chooseScales(choosing, resultsOf(choosing, family, { ability, gain }));
  const results = resultsOf(reporting, family, { ability, gain });
  const rows = tableOf(reporting, results, chosen);
  print(`gain ${gain}${gain === EXPECTED_GAIN ? ' (expected)' : ''}, ${family.name}`, rows);
  return { gain, family: family.name, rows };
});
const byFamily = FAMILIES.slice(1).map((family) => {
  const world = { ability, gain: EXPECTED_GAIN };
  const chosen = chooseScales(choosing, resultsOf(choosing, family, world));
  const rows = tableOf(reporting, resultsOf(reporting, family, world), chosen);
  print(`gain ${EXPECTED_GAIN}, ${family.name}`, rows);
  return { gain: EXPECTED_GAIN, family: family.name, rows };
});

if (process.argv.includes('--save')) {
  const counts = { choosing: choosing.prompts.length, reporting: reporting.prompts.length };
  const saved = {
    questions: counts,
    ability: round(ability),
    calibration,
    tables: [...byGain, ...byFamily],
  };
  writeFileSync(BASELINE, `${JSON.stringify(saved, null, 1)}\n`);
}
process.exit();
