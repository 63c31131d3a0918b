import type { Classification, LogEstimate } from '../contract/index.ts';
import { classificationOf } from './classification.ts';
import { DenseLayers } from './dense-layers.ts';
import { headSchema } from './head-metadata.ts';
import type { HeadMetadata } from './head-metadata.ts';
import { readMetadata } from './model-metadata.ts';
import { NgramWeights } from './ngram-weights.ts';
import { PartSums, joinedEdges } from './part-sums.ts';
import { TensorFile } from './safetensors.ts';
import { SeenRuns } from './seen-runs.ts';
import type { StaticEncoder } from './static-encoder.ts';
import { segmentEdges, strideEdges } from './text-parts.ts';
import { writeReadStats } from './text-stats.ts';
import { WindowSums } from './window-sums.ts';

/** A text as heads read it; `embedding` is computed when first asked for. */
export interface ReadText {
  readonly text: string;
  ids(): Int32Array;
  embedding(): Float32Array;
}

type Window = NonNullable<HeadMetadata['window']>;

/** Runs of neighbouring parts of a text: at each place one of every count. */
interface Scan {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly sums: WindowSums | null;
  /** The part at which the next runs begin. */
  first: number;
}

/** A small classifier over the static encoder: sentence vector, hashed n-grams, statistics. */
export class Head {
  readonly metadata: HeadMetadata;
  readonly #outputs: number;
  readonly #dense: DenseLayers | null;
  readonly #ngrams: NgramWeights | null;
  readonly #bias: Float32Array | null;
  readonly #partSums: PartSums | null;
  readonly #windowSums: WindowSums | null;
  readonly #segmentSums: WindowSums | null;
  readonly #vectorSize: number;
  readonly #seen: SeenRuns | null;
  /** What `#score` gives, used again by the next call. */
  readonly #logits: Float64Array;

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
    this.#logits = new Float64Array(this.#outputs);
    this.#seen = window === null ? null : new SeenRuns();
    const parts = window !== null && embedding ? new PartSums(encoder) : null;
    this.#partSums = parts;
    this.#windowSums = parts && new WindowSums(parts, window!.tokens / window!.stride);
    this.#segmentSums = parts && window!.segments ? new WindowSums(parts, 2) : null;
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
      writeReadStats(read, features.stats, input!, this.#vectorSize);
    }
    const ids = this.#vectorSize > 0 || this.#ngrams !== null ? read.ids() : NO_IDS;
    const best = new Float64Array(this.#outputs).fill(Number.NEGATIVE_INFINITY);
    this.#seen?.clear();
    const scans = window === null ? [] : this.#scansOf(ids, window);
    if (window === null || ids.length <= window.tokens) this.#scoreWhole(read, ids, best);
    for (let until = TURN_TOKENS; scans.length > 0; until += TURN_TOKENS) {
      for (const scan of scans) this.#scanTurn(ids, scan, until, best);
      if (until >= ids.length) break;
    }
    this.#ngrams?.forget();
    return best;
  }

  /** Windows, and each segment with each two neighbours; what is the whole text is left out. */
  #scansOf(ids: Int32Array, { tokens, stride, segments }: Window): Scan[] {
    const scans: Scan[] = [];
    if (ids.length > tokens) {
      const count = tokens / stride;
      scans.push({
        edges: strideEdges(ids.length, stride),
        counts: [count],
        sums: this.#windowSums,
        first: 0,
      });
    }
    const edges = segments === null ? [] : segmentEdges(ids, segments);
    if (edges.length > 2) {
      const counts = edges.length > 3 ? [1, 2] : [1];
      scans.push({ edges, counts, sums: this.#segmentSums, first: 0 });
    }
    const parts = scans.reduce<readonly number[]>((all, scan) => joinedEdges(all, scan.edges), []);
    this.#partSums?.start(ids, parts);
    for (const scan of scans) scan.sums?.start(scan.edges, parts);
    return scans;
  }

  #scoreWhole(read: ReadText, ids: Int32Array, best: Float64Array): void {
    if (this.#vectorSize > 0) this.#dense!.input.view.set(read.embedding());
    this.#score(ids, 0, ids.length, best);
  }

  /** Scores the runs that begin before the token `until`, each unless the same tokens were scored before. */
  #scanTurn(ids: Int32Array, scan: Scan, until: number, best: Float64Array): void {
    const { edges, counts, sums } = scan;
    for (; scan.first + counts[0]! < edges.length; scan.first++) {
      const { first } = scan;
      const start = edges[first]!;
      if (start >= until) return;
      for (let i = 0; i < counts.length; i++) {
        const end = first + counts[i]!;
        if (end >= edges.length || this.#seen!.isRepeat(ids, start, edges[end]!)) continue;
        sums?.write(first, end, this.#dense!.input.place);
        this.#score(ids, start, edges[end]!, best);
      }
    }
  }

  /** Scores the tokens from `start` to before `end`; the better of that and `best` is then in `best`. */
  #score(ids: Int32Array, start: number, end: number, best: Float64Array): void {
    const logits = this.#logits.fill(0);
    if (this.#dense !== null) logits.set(this.#dense.run());
    if (this.#ngrams !== null) {
      this.#ngrams.read(ids, start, end);
      this.#ngrams.addTo(logits);
    }
    if (this.#bias !== null) for (let i = 0; i < logits.length; i++) logits[i]! += this.#bias[i]!;
    const last = logits.length - 1;
    if (!(logits[last]! <= best[last]!)) best.set(logits);
  }
}

/** Windows and segments are scored by turns of so many tokens, whose rows the second cache holds. */
const TURN_TOKENS = 2048;
const NO_IDS = new Int32Array(0);

/** A value has two outputs, mean and logarithm of the deviation, unless the file states the latter. */
function outputsOf({ output, labels, logDeviation }: HeadMetadata): number {
  if (output === 'softmax') return labels.length;
  return output === 'value' && logDeviation === undefined ? 2 : 1;
}
