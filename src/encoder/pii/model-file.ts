import { z } from 'zod';
import { readMetadata } from '../model-metadata.ts';
import { TensorFile } from '../safetensors.ts';
import { FEATURES_PER_PIECE } from './features.ts';
import { Lexicon } from './lexicon.ts';
import { LABELS_MAX, PackedWeights } from './packed-weights.ts';

const metadataSchema = z.object({
  kind: z.literal('pii'),
  version: z.literal(1),
  labels: z
    .array(z.string().regex(/^(O|[BI]-[A-Z_]+)$/))
    .min(1)
    .max(LABELS_MAX),
  rows: z
    .int()
    .min(1)
    .max(2 ** 22),
  features: z.literal(FEATURES_PER_PIECE),
  /** Sum of gate weights from which on a piece is weighed. */
  gateThreshold: z.int(),
  lexiconWords: z
    .int()
    .min(0)
    .max(2 ** 20),
  /** Added to the score of "no entity" when the best path is looked for, not to probabilities. */
  outsideBias: z.number(),
  /** Labels this far below the best one of a piece are not looked at; the second where "O" is the best. */
  margin: z.number().positive(),
  outsideMargin: z.number().positive(),
  /** Chance of a span by its own reckoning (x, rising) to its share that is right (y). */
  calibration: z.object({ x: z.array(z.number()).min(1), y: z.array(z.number()).min(1) }),
  /** The share of patterns that need no context that is right. */
  certainConfidence: z.record(z.string(), z.number().min(0).max(1)),
});

/** The tagger's weights, as `training/pii.py` writes them. */
export interface PiiModel {
  readonly labels: readonly string[];
  readonly rows: number;
  readonly outsideBias: number;
  readonly margin: number;
  readonly outsideMargin: number;
  readonly calibration: { readonly x: readonly number[]; readonly y: readonly number[] };
  readonly certainConfidence: ReadonlyMap<string, number>;
  readonly lexicon: Lexicon;
  /** Per row: how much its feature speaks for personal data, of whichever type. */
  readonly gate: Int8Array;
  readonly gateThreshold: number;
  /** Int8 [rows, labels], times `scales` per label. */
  readonly weights: PackedWeights;
  readonly scales: Float32Array;
  /** [labels + 1, labels]: score of the second label after the first; the last row begins a text. */
  readonly transitions: Float32Array;
}

export function readPiiModel(name: string, file: Uint8Array): PiiModel {
  const tensors = new TensorFile(name, file);
  const meta = readMetadata(tensors, metadataSchema);
  const labels = meta.labels.length;
  if (meta.labels[0] !== 'O') throw tensors.fault('its first label is not "O"');
  if (meta.calibration.x.length !== meta.calibration.y.length) {
    throw tensors.fault('its calibration has not as many x as y');
  }
  const hashes = tensors.uint32('lexicon_hashes', [meta.lexiconWords]);
  const bytes = tensors.uint8('lexicon_bits', [meta.lexiconWords, 2]);
  const bits = Uint16Array.from(hashes, (_, i) => bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
  return {
    labels: meta.labels,
    rows: meta.rows,
    outsideBias: meta.outsideBias,
    margin: meta.margin,
    outsideMargin: meta.outsideMargin,
    calibration: meta.calibration,
    certainConfidence: new Map(Object.entries(meta.certainConfidence)),
    lexicon: new Lexicon(hashes, bits),
    gate: tensors.int8('gate', [meta.rows]),
    gateThreshold: meta.gateThreshold,
    weights: new PackedWeights(tensors.int8('weights', [meta.rows, labels]), labels),
    scales: tensors.floats('scales', [labels]),
    transitions: tensors.floats('transitions', [labels + 1, labels]),
  };
}
