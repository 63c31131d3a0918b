import { fitCurve, curveAt } from './accuracy-curve.ts';
import type { AccuracyCurve, CurvePrior } from './accuracy-curve.ts';
import { amountAt } from './amount-line.ts';
import type { AmountLine } from './amount-line.ts';
import { addShape, scaleShape, writeDense } from './feature-rows.ts';
import type { SentenceEncoder, ShapeScale } from './feature-rows.ts';
import { SHAPE_FEATURES } from './prompt-shape.ts';
import { promptText, withoutTemplate } from './prompt-text.ts';
import { gramUnit } from './ridge.ts';
import type { SubjectMeans } from './subject-means.ts';
import { GRAM_BUCKETS, GramReader } from './text-grams.ts';

/** Mean and standard deviation of what is believed. */
export interface Belief {
  readonly mean: number;
  readonly deviation: number;
}

/** What is foretold of one model on one prompt; null where the table said nothing of it. */
export interface Forecast {
  /** P(correct). */
  readonly accuracy: Belief;
  readonly costUsd: Belief | null;
  readonly outputTokens: Belief | null;
}

/** A prompt as the model reads it, for any number of forecasts. */
export interface PromptItem {
  readonly logUnits: number;
  readonly values: Float32Array;
}

export interface RoutedModel {
  readonly id: string;
  readonly curve: AccuracyCurve;
  readonly cost: AmountLine | null;
  readonly output: AmountLine | null;
  /** Means over the training rows that know the model. */
  readonly meanCorrect: number;
  readonly meanCostUsd: number | null;
}

/** The map from features to items, at eight bits per output. */
export interface QuantisedMap {
  readonly size: number;
  /** `buckets × size`; the worth of each bucket is in it. */
  readonly grams: Int8Array;
  readonly gramScales: Float32Array;
  /** `width × size`. */
  readonly dense: Float32Array;
  readonly offset: Float32Array;
}

export interface QualityParts {
  /** The encoder that it was trained on. */
  readonly encoder: string;
  readonly templates: readonly string[];
  readonly shape: ShapeScale;
  readonly map: QuantisedMap;
  readonly prior: CurvePrior;
  readonly models: readonly RoutedModel[];
  readonly subjects: SubjectMeans;
}

/** One outcome of a model on a prompt, 0–1. */
export interface PlacedOutcome {
  readonly item: PromptItem;
  readonly correct: number;
}

/** Output is counted in characters in tables; a token is about this many. */
const CHARACTERS_PER_TOKEN = 4;

/** Foretells what each model of a table makes of a prompt. */
export class QualityModel {
  readonly parts: QualityParts;
  readonly #encoder: SentenceEncoder;
  readonly #reader = new GramReader();
  readonly #byId: ReadonlyMap<string, RoutedModel>;

  /** Throws `RangeError` where the encoder is not the one of the training. */
  constructor(parts: QualityParts, encoder: SentenceEncoder) {
    if (parts.encoder !== encoder.name) {
      throw new RangeError(`it was trained on ${parts.encoder}, and here is ${encoder.name}`);
    }
    this.parts = parts;
    this.#encoder = encoder;
    this.#byId = new Map(parts.models.map((model) => [model.id, model]));
  }

  get models(): readonly RoutedModel[] {
    return this.parts.models;
  }

  find(id: string): RoutedModel | null {
    return this.#byId.get(id) ?? null;
  }

  /** With `embedding`, the vector of the whole prompt, nothing is embedded unless a template is cut off. */
  read(prompt: string, embedding?: Float32Array): PromptItem {
    const { map, shape, templates } = this.parts;
    const whole = promptText(prompt);
    const text = withoutTemplate(whole, templates);
    const isWhole = embedding !== undefined && text === prompt;
    const vector = isWhole ? embedding : this.#encoder.embedOne(text);
    const dense = new Float32Array(vector.length + SHAPE_FEATURES.length);
    writeDense(text, vector, dense, 0);
    scaleShape(dense, vector.length, shape);
    const values = map.offset.slice();
    this.#addGrams(text, values);
    for (let j = 0; j < dense.length; j++) {
      const from = j * map.size;
      for (let k = 0; k < map.size; k++) values[k]! += dense[j]! * map.dense[from + k]!;
    }
    const item = new Float32Array(map.size + SHAPE_FEATURES.length);
    item.set(values);
    addShape(dense, vector.length, item, map.size);
    return { logUnits: Math.log1p(whole.length), values: item };
  }

  forecast({ curve, cost, output }: RoutedModel, item: PromptItem): Forecast {
    const amount = (line: AmountLine | null): Belief | null =>
      line === null ? null : amountAt(line, item.logUnits, item.values);
    const characters = amount(output);
    return {
      accuracy: curveAt(curve, item.values),
      costUsd: amount(cost),
      outputTokens:
        characters === null
          ? null
          : {
              mean: characters.mean / CHARACTERS_PER_TOKEN,
              deviation: characters.deviation / CHARACTERS_PER_TOKEN,
            },
    };
  }

  /** The curve of a model that the table lacks, from what it made of some prompts; of none, the population's. */
  place(outcomes: readonly PlacedOutcome[]): AccuracyCurve {
    const size = this.parts.map.size + SHAPE_FEATURES.length;
    const items = new Float32Array(outcomes.length * size);
    outcomes.forEach(({ item }, i) => items.set(item.values, i * size));
    const correct = outcomes.map((outcome) => outcome.correct);
    return fitCurve({ items, size, rows: outcomes.map((_, i) => i), correct }, this.parts.prior);
  }

  #addGrams(text: string, values: Float32Array): void {
    const { size, grams, gramScales } = this.parts.map;
    const found = this.#reader.read(text);
    const sums = new Int32Array(size);
    for (let i = 0; i < found.length; i++) {
      const from = found[i]! * size;
      for (let k = 0; k < size; k++) sums[k]! += grams[from + k]!;
    }
    const unit = gramUnit(found.length);
    for (let k = 0; k < size; k++) values[k]! += unit * gramScales[k]! * sums[k]!;
  }
}

const STEPS_MAX = 127;

/** Takes the worths into the map, and brings the grams' part to eight bits. */
export function quantise(
  { outputs, weights }: { readonly outputs: number; readonly weights: Float32Array },
  worths: Float32Array,
  offset: Float32Array,
): QuantisedMap {
  const grams = new Int8Array(GRAM_BUCKETS * outputs);
  const gramScales = new Float32Array(outputs);
  for (let k = 0; k < outputs; k++) {
    let most = 0;
    for (let b = 0; b < GRAM_BUCKETS; b++) {
      most = Math.max(most, Math.abs(weights[b * outputs + k]! * worths[b]!));
    }
    gramScales[k] = most === 0 ? 1 : most / STEPS_MAX;
    for (let b = 0; b < GRAM_BUCKETS; b++) {
      grams[b * outputs + k] = Math.round(
        (weights[b * outputs + k]! * worths[b]!) / gramScales[k]!,
      );
    }
  }
  return { size: outputs, grams, gramScales, dense: weights.slice(GRAM_BUCKETS * outputs), offset };
}
