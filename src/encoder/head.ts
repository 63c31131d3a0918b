import type { Classification, LogEstimate } from '../contract/index.ts';
import { classificationOf } from './classification.ts';
import { DenseLayers } from './dense-layers.ts';
import { headSchema } from './head-metadata.ts';
import type { HeadMetadata } from './head-metadata.ts';
import { readMetadata } from './model-metadata.ts';
import { NgramWeights } from './ngram-weights.ts';
import { TensorFile } from './safetensors.ts';
import type { StaticEncoder } from './static-encoder.ts';
import { segmentEdges, strideEdges } from './text-parts.ts';
import type { SegmentRule } from './text-parts.ts';
import { writeTextStats } from './text-stats.ts';
import { WindowSums } from './window-sums.ts';

/** A text as heads read it; `embedding` is computed when first asked for. */
export interface ReadText {
  readonly text: string;
  ids(): Int32Array;
  embedding(): Float32Array;
}

/** A small classifier over the static encoder: sentence vector, hashed n-grams, statistics. */
export class Head {
  readonly metadata: HeadMetadata;
  readonly #outputs: number;
  readonly #dense: DenseLayers | null;
  readonly #ngrams: NgramWeights | null;
  readonly #bias: Float32Array | null;
  readonly #sums: WindowSums | null;
  readonly #vectorSize: number;

  constructor(file: string, bytes: Uint8Array, encoder: StaticEncoder) {
    const tensors = new TensorFile(file, bytes);
    const metadata = readMetadata(tensors, headSchema);
    if (metadata.encoder !== encoder.name) {
      throw tensors.fault(`it was trained on ${metadata.encoder}, and here is ${encoder.name}`);
    }
    this.metadata = metadata;
    const { embedding, ngrams, stats } = metadata.features;
    this.#vectorSize = embedding ? encoder.dimensions : 0;
    const inputs = this.#vectorSize + stats.length;
    this.#outputs = outputsOf(metadata);
    const sizes = [inputs, ...metadata.hidden, this.#outputs];
    this.#dense = inputs === 0 ? null : new DenseLayers(tensors, sizes, encoder.memory);
    this.#ngrams = ngrams === null ? null : new NgramWeights(tensors, ngrams, this.#outputs);
    this.#bias = tensors.has('bias') ? tensors.floats('bias', [this.#outputs]) : null;
    const { window } = metadata;
    this.#sums =
      window === null || !embedding
        ? null
        : new WindowSums(encoder, Math.max(2, window.tokens / window.stride));
    if (this.#dense === null && this.#ngrams === null) throw tensors.fault('it reads no feature');
  }

  classify(read: ReadText): Classification {
    return classificationOf(this.metadata, this.logits(read));
  }

  estimate(read: ReadText): LogEstimate {
    const { calibration, logDeviation } = this.metadata;
    const logits = this.logits(read);
    const deviation = logits.length === 2 ? Math.exp(logits[1]!) : logDeviation!;
    const spread = calibration.kind === 'temperature' ? calibration.temperature : 1;
    return { logMean: logits[0]!, logDeviation: deviation * spread };
  }

  /** Before calibration; of several windows and segments, those whose last logit is largest. */
  logits(read: ReadText): Float64Array {
    const { features, window } = this.metadata;
    const input = this.#dense?.input.view;
    if (features.stats.length > 0) {
      writeTextStats(read.text, features.stats, input!, this.#vectorSize);
    }
    const ids = this.#vectorSize > 0 || this.#ngrams !== null ? read.ids() : NO_IDS;
    const isSliding = window !== null && ids.length > window.tokens;
    const best = isSliding
      ? this.#scan(ids, strideEdges(ids.length, window.stride), window.tokens / window.stride)
      : this.#scoreWhole(read, ids);
    return window === null || window.segments === null
      ? best
      : this.#scanSegments(ids, window.segments, best);
  }

  #scoreWhole(read: ReadText, ids: Int32Array): Float64Array {
    if (this.#vectorSize > 0) this.#dense!.input.view.set(read.embedding());
    this.#ngrams?.slide(ids, 0, ids.length);
    const logits = this.#score();
    this.#ngrams?.clear(ids);
    return logits;
  }

  #scanSegments(ids: Int32Array, rule: SegmentRule, whole: Float64Array): Float64Array {
    const edges = segmentEdges(ids, rule);
    let best = whole;
    if (edges.length > 2) best = this.#larger(best, this.#scan(ids, edges, 1));
    if (edges.length > 3) best = this.#larger(best, this.#scan(ids, edges, 2));
    return best;
  }

  /** Scores every run of `count` neighbouring parts. */
  #scan(ids: Int32Array, edges: readonly number[], count: number): Float64Array {
    this.#sums?.start(ids, edges);
    let best: Float64Array | null = null;
    for (let first = 0; first + count < edges.length; first++) {
      const end = first + count;
      if (this.#sums !== null) this.#dense!.input.view.set(this.#sums.vector(first, end));
      this.#ngrams?.slide(ids, edges[first]!, edges[end]!);
      const logits = this.#score();
      best = best === null ? logits : this.#larger(best, logits);
    }
    this.#ngrams?.clear(ids);
    return best!;
  }

  #larger(a: Float64Array, b: Float64Array): Float64Array {
    const last = this.#outputs - 1;
    return b[last]! > a[last]! ? b : a;
  }

  #score(): Float64Array {
    const logits = new Float64Array(this.#outputs);
    if (this.#dense !== null) logits.set(this.#dense.run());
    this.#ngrams?.addTo(logits);
    if (this.#bias !== null) for (let i = 0; i < logits.length; i++) logits[i]! += this.#bias[i]!;
    return logits;
  }
}

const NO_IDS = new Int32Array(0);

/** A value has two outputs, mean and logarithm of the deviation, unless the file states the latter. */
function outputsOf({ output, labels, logDeviation }: HeadMetadata): number {
  if (output === 'softmax') return labels.length;
  return output === 'value' && logDeviation === undefined ? 2 : 1;
}
