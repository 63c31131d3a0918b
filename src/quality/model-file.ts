import { z } from 'zod';
import { TensorFile, parseMetadata } from '../encoder/index.ts';
import type { AmountLine } from './amount-line.ts';
import type { SentenceEncoder } from './feature-rows.ts';
import { SHAPE_FEATURES } from './prompt-shape.ts';
import { QualityModel } from './quality-model.ts';
import type { QualityParts, RoutedModel } from './quality-model.ts';
import { GRAM_BUCKETS } from './text-grams.ts';
import { packTensors } from './tensor-writer.ts';
import type { NamedTensor } from './tensor-writer.ts';

const metadataSchema = z.object({
  kind: z.literal('router'),
  version: z.literal(1),
  encoder: z.string().min(1),
  buckets: z.literal(GRAM_BUCKETS),
  shape: z.array(z.string()).refine((names) => names.join() === SHAPE_FEATURES.join(), {
    message: 'it reads other features of a prompt than this version: train it anew',
  }),
  /** Numbers per item. */
  size: z.int().min(1).max(1024),
  models: z.array(z.string()).min(1).max(10_000),
  labels: z.array(z.string()),
  templates: z.array(z.string()),
});

/** What stands where an amount is not known. */
const UNKNOWN = -1;

/** A safetensors file with the metadata `bourse`. */
export function writeQualityModel(parts: QualityParts): Uint8Array {
  const { map, models, prior, shape, subjects } = parts;
  const { size } = map;
  const itemSize = size + SHAPE_FEATURES.length;
  const width = itemSize + 1;
  const count = models.length;
  const floats = (
    name: string,
    sizes: readonly number[],
    values: ArrayLike<number>,
  ): NamedTensor => ({
    name,
    shape: sizes,
    values: Float32Array.from(values),
  });
  const rows = (name: string, row: number, of: (model: RoutedModel) => ArrayLike<number>) =>
    floats(
      name,
      [count, row],
      models.flatMap((model) => Array.from(of(model))),
    );
  const metadata = {
    kind: 'router',
    version: 1,
    encoder: parts.encoder,
    buckets: GRAM_BUCKETS,
    shape: SHAPE_FEATURES,
    size,
    models: models.map(({ id }) => id),
    labels: subjects.labels,
    templates: parts.templates,
  };
  return packTensors({ bourse: JSON.stringify(metadata) }, [
    floats('shape_scale', [2, shape.centre.length], [...shape.centre, ...shape.scale]),
    floats('dense', [map.dense.length / size, size], map.dense),
    floats('offset', [size], map.offset),
    floats('gram_scales', [size], map.gramScales),
    floats('prior', [2, width], [...prior.mean, ...prior.variance]),
    rows('curves', width, ({ curve }) => curve.weights),
    rows('covariances', (width * (width + 1)) / 2, ({ curve }) =>
      lowerHalf(curve.covariance, width),
    ),
    rows('cost', itemSize + 3, ({ cost }) => lineRow(cost, itemSize)),
    rows('output', itemSize + 3, ({ output }) => lineRow(output, itemSize)),
    rows('means', 2, ({ meanCorrect, meanCostUsd }) => [meanCorrect, meanCostUsd ?? UNKNOWN]),
    floats('subjects', [subjects.labels.length, count], subjects.means),
    { name: 'grams', shape: [GRAM_BUCKETS, size], values: map.grams },
  ]);
}

/** Throws `BRS_MODEL_FILE` where the bytes are no such model, or one of another encoder. */
export function readQualityModel(
  file: string,
  bytes: Uint8Array,
  encoder: SentenceEncoder,
): QualityModel {
  const tensors = new TensorFile(file, bytes);
  const text = tensors.metadata.get('bourse');
  if (text === undefined) throw tensors.fault('it has no metadata "bourse"');
  const metadata = parseMetadata(text, metadataSchema, (reason) => tensors.fault(reason));
  const { size, labels, templates } = metadata;
  if (metadata.encoder !== encoder.name) {
    throw tensors.fault(`it was trained on ${metadata.encoder}, and here is ${encoder.name}`);
  }
  const count = metadata.models.length;
  const itemSize = size + SHAPE_FEATURES.length;
  const width = itemSize + 1;
  const halves = (name: string, row: number): [Float32Array, Float32Array] => {
    const values = tensors.floats(name, [2, row]);
    return [values.slice(0, row), values.slice(row)];
  };
  const [centre, scale] = halves('shape_scale', SHAPE_FEATURES.length);
  const [priorMean, priorVariance] = halves('prior', width);
  if (priorVariance.some((variance) => !(variance > 0))) {
    throw tensors.fault('"prior" holds a variance that is not above zero');
  }
  return new QualityModel(
    {
      encoder: metadata.encoder,
      templates,
      shape: { centre, scale },
      map: {
        size,
        grams: tensors.int8('grams', [GRAM_BUCKETS, size]),
        gramScales: tensors.floats('gram_scales', [size]),
        dense: tensors.floats('dense', [encoder.dimensions + SHAPE_FEATURES.length, size]),
        offset: tensors.floats('offset', [size]),
      },
      prior: { mean: Float64Array.from(priorMean), variance: Float64Array.from(priorVariance) },
      models: readModels(tensors, metadata.models, itemSize),
      subjects: { labels, means: tensors.floats('subjects', [labels.length, count]) },
    },
    encoder,
  );
}

function readModels(tensors: TensorFile, ids: readonly string[], size: number): RoutedModel[] {
  const width = size + 1;
  const half = (width * (width + 1)) / 2;
  const table = (name: string, row: number): ((m: number) => Float64Array) => {
    const values = tensors.floats(name, [ids.length, row]);
    return (m) => Float64Array.from(values.subarray(m * row, (m + 1) * row));
  };
  const curves = table('curves', width);
  const covariances = table('covariances', half);
  const cost = table('cost', size + 3);
  const output = table('output', size + 3);
  const means = table('means', 2);
  return ids.map((id, m) => {
    const [meanCorrect, meanCostUsd] = means(m) as unknown as [number, number];
    return {
      id,
      curve: { weights: curves(m), covariance: wholeOf(covariances(m), width) },
      cost: lineOf(cost(m)),
      output: lineOf(output(m)),
      meanCorrect,
      meanCostUsd: meanCostUsd < 0 ? null : meanCostUsd,
    };
  });
}

function lowerHalf(matrix: Float64Array, width: number): number[] {
  const half: number[] = [];
  for (let i = 0; i < width; i++) for (let j = 0; j <= i; j++) half.push(matrix[i * width + j]!);
  return half;
}

function wholeOf(half: Float64Array, width: number): Float64Array {
  const matrix = new Float64Array(width * width);
  let at = 0;
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      matrix[i * width + j] = half[at]!;
      matrix[j * width + i] = half[at++]!;
    }
  }
  return matrix;
}

/** The deviation, then the weights. */
function lineRow(line: AmountLine | null, size: number): number[] {
  if (line === null) return [UNKNOWN, ...Array.from({ length: size + 2 }, () => 0)];
  return [line.logDeviation, ...line.weights];
}

function lineOf(row: Float64Array): AmountLine | null {
  const logDeviation = row[0]!;
  return logDeviation < 0 ? null : { logDeviation, weights: row.slice(1) };
}
