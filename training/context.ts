/** Makes `models/context.safetensors` and its card: `node training/context.ts`. The data folder is `../shared/data`, or `BOURSE_DATA`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { shippedUnderstanding } from '../src/app-understanding.ts';
import { createRng } from '../src/kernel/index.ts';
import { packTensors } from '../src/quality/tensor-writer.ts';
import { gistOf } from '../src/signals/understanding/index.ts';

const SIZE = 14;
const TEXTS_PER_SOURCE = 1500;
const ROUNDS = 80;

/** All of them may train what ships. Each counts alike. */
const SOURCES = [
  { file: 'domain/mmlu_pro.jsonl.gz', field: 'text', licence: 'Apache-2.0' },
  { file: 'tools/metatool.jsonl.gz', field: 'Query', licence: 'MIT' },
  { file: 'intent/CLINC150_train.jsonl.gz', field: 'text', licence: 'CC BY 3.0' },
  { file: 'intent/BANKING77_train.jsonl.gz', field: 'text', licence: 'CC BY 4.0' },
  {
    file: 'guard/jailbreak_train.jsonl.gz',
    field: 'text',
    licence: 'Apache-2.0, MIT; benign only',
  },
] as const;

const { encoder } = shippedUnderstanding('off').fast();
const width = encoder.dimensions;
const parts = SOURCES.map(({ file, field }) => textsOf(file, field).map(vectorOf));
const mean = new Float64Array(width);
each((vector, weight) => {
  for (let a = 0; a < width; a++) mean[a] += weight * vector[a];
});
const covariance = new Float64Array(width * width);
each((vector, weight) => {
  for (let a = 0; a < width; a++) {
    const own = weight * (vector[a] - mean[a]);
    for (let b = 0; b < width; b++) covariance[a * width + b] += own * (vector[b] - mean[b]);
  }
});
const { axes, variances } = leadingAxes();
let whole = 0;
for (let a = 0; a < width; a++) whole += covariance[a * width + a];
const share = variances.reduce((sum, one) => sum + one, 0) / whole;

const scaled = new Float32Array(SIZE * width);
const offset = new Float32Array(SIZE);
axes.forEach((axis, k) => {
  for (let a = 0; a < width; a++) {
    scaled[k * width + a] = axis[a] / Math.sqrt(variances[k]);
    offset[k] -= scaled[k * width + a] * mean[a];
  }
});
const metadata = {
  kind: 'projection',
  version: 1,
  encoder: encoder.name,
  dimensions: width,
  size: SIZE,
};
const bytes = packTensors({ bourse: JSON.stringify(metadata) }, [
  { name: 'axes', shape: [SIZE, width], values: scaled },
  { name: 'offset', shape: [SIZE], values: offset },
]);
writeFileSync(new URL('../models/context.safetensors', import.meta.url), bytes);
writeFileSync(new URL('../models/context.md', import.meta.url), card());
process.exit();

function textsOf(file: string, field: string): string[] {
  const folder = process.env['BOURSE_DATA'];
  const place =
    folder === undefined
      ? new URL(`../../shared/data/${file}`, import.meta.url)
      : `${folder}/${file}`;
  const rows = gunzipSync(readFileSync(place)).toString('utf8').trim().split('\n');
  const kept = rows
    .map((row) => JSON.parse(row) as Record<string, unknown>)
    .filter((row) => !file.startsWith('guard/') || row['label'] === 0);
  const stride = Math.max(1, Math.floor(kept.length / TEXTS_PER_SOURCE));
  return kept.filter((_, i) => i % stride === 0).map((row) => String(row[field]));
}

function vectorOf(text: string): Float32Array {
  return encoder.embedOne(gistOf(text));
}

/** Every vector, with a weight that makes its source count as much as any other; weights sum to one. */
function each(visit: (vector: Float32Array, weight: number) => void): void {
  for (const part of parts)
    for (const vector of part) visit(vector, 1 / part.length / parts.length);
}

/** The leading eigenvectors by orthogonal iteration, largest variance first. */
function leadingAxes(): { readonly axes: Float64Array[]; readonly variances: number[] } {
  const rng = createRng(1);
  let axes = Array.from({ length: SIZE }, () =>
    Float64Array.from({ length: width }, () => rng.next() - 0.5),
  );
  let variances: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    axes = axes.map(timesCovariance);
    variances = axes.map((axis, k) => {
      for (let j = 0; j < k; j++) subtract(axis, axes[j], dot(axis, axes[j]));
      const length = Math.sqrt(dot(axis, axis));
      for (let a = 0; a < width; a++) axis[a] /= length;
      return length;
    });
  }
  // The sign is a matter of chance: the largest number is positive.
  for (const axis of axes) {
    const most = axis.reduce(
      (found, value) => (Math.abs(value) > Math.abs(found) ? value : found),
      0,
    );
    if (most < 0) axis.forEach((value, a) => (axis[a] = -value));
  }
  return { axes, variances };
}

function timesCovariance(axis: Float64Array): Float64Array {
  const product = new Float64Array(width);
  for (let a = 0; a < width; a++) {
    for (let b = 0; b < width; b++) product[a] += covariance[a * width + b] * axis[b];
  }
  return product;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function subtract(a: Float64Array, b: Float64Array, times: number): void {
  for (let i = 0; i < a.length; i++) a[i] -= times * b[i];
}

function card(): string {
  const rows = SOURCES.map(
    ({ file, licence }, i) =>
      `| ${file.replace('.jsonl.gz', '')} | ${licence} | ${parts[i].length} texts |`,
  );
  return `# context

The ${SIZE} directions in which sentence vectors of \`${encoder.name}\` differ most, over requests of many kinds, each brought to unit variance.
What is learned of a model from one request counts for those that are near it in these directions.

Size: ${bytes.length.toLocaleString('en-US')} bytes. Licence: as the project.

## Made by

    node training/context.ts

## Data

| source | licence | use |
|---|---|---|
${rows.join('\n')}

## How

Principal components of the vectors' covariance, in which each source counts alike; no label and no outcome is read. They hold
${Math.round(100 * share)} % of the variance. What they are worth: \`bench/learning/README.md\`.
`;
}
