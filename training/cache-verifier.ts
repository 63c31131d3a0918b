/**
 * Fits what every matcher of the cache begins with, and writes it to src/match/shipped-prior.ts:
 *
 *     node training/cache-verifier.ts [--data ../shared/data]
 *
 * Pairs of training utterances of BANKING77 and CLINC150: of one intent, and of others that are near;
 * and utterances beside themselves with one thing changed that changes the answer (a number, a name, a
 * weekday, a negation, a direction, the order), or one that does not (politeness, a contraction, a
 * typing error, the case). Logistic regression by Newton's method, with a penalty on the weights.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { createFastModels } from '../src/encoder/index.ts';
import { createRng } from '../src/kernel/index.ts';
import { PAIR_FEATURES, readPair } from '../src/match/pair-features.ts';
import { readPhrase } from '../src/match/phrase.ts';
import { createWordMeanings } from '../src/match/word-meanings.ts';
import { openModelFiles } from '../src/pool/models/model-files.ts';
import { CHANGES, HARMLESS } from './cache-changes.ts';

interface Utterance {
  readonly text: string;
  readonly label: string;
}

interface Example {
  readonly features: Float64Array;
  readonly isSame: boolean;
  readonly weight: number;
}

const at = process.argv.indexOf('--data');
const folder = at < 0 ? '../shared/data' : process.argv[at + 1];
const rng = createRng(11);
const { encoder } = createFastModels(openModelFiles());
const meanings = createWordMeanings(encoder);
const PER_TEXT = 2;
const PENALTY = 30;
/** Features that mean the same in every kind of text; the rest are left to what a deployment learns itself. */
const TRAINED: ReadonlySet<string> = new Set(
  `bias cosine cosineHigh stemOverlap numbersDiffer numbersMissing namesDiffer namesMissing negationDiffers
  questionDiffers opposed rivalled orderSwapped contentMissedBoth isNothingMissed`.split(/\s+/),
);

const read = (name: string): Utterance[] =>
  gunzipSync(readFileSync(`${folder}/intent/${name}`))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Utterance);

const pick = <T>(list: readonly T[]): T => list[Math.floor(rng.next() * list.length)];

function featuresOf(a: string, b: string): Float64Array {
  const va = encoder.embedOne(a);
  const vb = encoder.embedOne(b);
  let cosine = 0;
  for (let i = 0; i < va.length; i++) cosine += va[i] * vb[i];
  const out = new Float64Array(PAIR_FEATURES.length);
  readPair(readPhrase(a, meanings), readPhrase(b, meanings), cosine, out);
  PAIR_FEATURES.forEach((name, i) => {
    if (!TRAINED.has(name)) out[i] = 0;
  });
  return out;
}

/** The nearest of a sample of other utterances: those that a cache would take for the same. */
function nearestOf(
  text: string,
  others: readonly Utterance[],
  count: number,
): readonly Utterance[] {
  const own = encoder.embedOne(text);
  const scored = others.map((other) => {
    const vector = encoder.embedOne(other.text);
    let cosine = 0;
    for (let i = 0; i < own.length; i++) cosine += own[i] * vector[i];
    return { other, cosine };
  });
  return scored
    .toSorted((x, y) => y.cosine - x.cosine)
    .slice(0, count)
    .map(({ other }) => other);
}

function examplesOf(utterances: readonly Utterance[]): Example[] {
  const examples: Example[] = [];
  const texts = utterances.filter(() => rng.next() < 4000 / utterances.length);
  for (const { text, label } of texts) {
    const sample = Array.from({ length: 250 }, () => pick(utterances));
    const others = sample.filter((other) => other.label !== label);
    for (const near of nearestOf(text, others, PER_TEXT)) {
      examples.push({ features: featuresOf(text, near.text), isSame: false, weight: 1 });
    }
    const same = utterances.filter((other) => other.label === label && other.text !== text);
    const sampled = Array.from({ length: 12 }, () => pick(same));
    for (const near of nearestOf(text, sampled, 1)) {
      examples.push({ features: featuresOf(text, near.text), isSame: true, weight: 0.5 });
    }
    for (const change of CHANGES) {
      const changed = change(text, rng);
      if (changed === null || changed === text) continue;
      examples.push({ features: featuresOf(text, changed), isSame: false, weight: 1 });
    }
    for (const change of HARMLESS) {
      const changed = change(text, rng);
      if (changed === null || changed === text) continue;
      examples.push({ features: featuresOf(text, changed), isSame: true, weight: 0.7 });
    }
  }
  return examples;
}

/** Newton's method: `w ← w + (XᵀDX + λI)⁻¹ (Xᵀ(y − p) − λw)`. */
function fit(examples: readonly Example[]): Float64Array {
  const size = PAIR_FEATURES.length;
  const weights = new Float64Array(size);
  for (let step = 0; step < 12; step++) {
    const rows = Array.from({ length: size }, () => new Float64Array(size + 1));
    for (const { features, isSame, weight } of examples) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += weights[i] * features[i];
      const chance = 1 / (1 + Math.exp(-sum));
      const error = weight * ((isSame ? 1 : 0) - chance);
      const variance = weight * chance * (1 - chance);
      for (let i = 0; i < size; i++) {
        const row = rows[i];
        row[size] += error * features[i];
        for (let j = 0; j < size; j++) row[j] += variance * features[i] * features[j];
      }
    }
    for (let i = 0; i < size; i++) {
      rows[i][i] += PENALTY;
      rows[i][size] -= PENALTY * weights[i];
    }
    solve(rows).forEach((change, i) => {
      weights[i] += change;
    });
  }
  return weights;
}

function solve(rows: Float64Array[]): number[] {
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    for (let row = column + 1; row < size; row++) {
      const factor = rows[row][column] / rows[column][column];
      for (let k = column; k <= size; k++) rows[row][k] -= factor * rows[column][k];
    }
  }
  const result = Array.from({ length: size }, () => 0);
  for (let column = size - 1; column >= 0; column--) {
    let rest = rows[column][size];
    for (let k = column + 1; k < size; k++) rest -= rows[column][k] * result[k];
    result[column] = rest / rows[column][column];
  }
  return result;
}

const examples = [
  ...examplesOf(read('BANKING77_train.jsonl.gz')),
  ...examplesOf(read('CLINC150_train.jsonl.gz')),
];
const weights = fit(examples);
let right = 0;
for (const { features, isSame } of examples) {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i] * features[i];
  if (sum > 0 === isSame) right++;
}
process.stdout.write(`${examples.length} pairs, ${(right / examples.length).toFixed(4)} right\n`);

const lines = PAIR_FEATURES.map((name, i) => `  ${name}: ${weights[i].toFixed(3)},`).join('\n');
writeFileSync(
  new URL('../src/match/shipped-prior.ts', import.meta.url),
  `import type { MatcherPrior } from './matcher.ts';
import { PAIR_FEATURES } from './pair-features.ts';

/** Written by training/cache-verifier.ts: log-odds by feature. models/cache-verifier.md says what they were learned from. */
const WEIGHTS: Readonly<Record<(typeof PAIR_FEATURES)[number], number>> = {
${lines}
};

/** What every matcher begins with. */
export const SHIPPED_PRIOR: MatcherPrior = {
  weights: Float64Array.from(PAIR_FEATURES, (name) => WEIGHTS[name]),
  seen: 1,
};
`,
);
