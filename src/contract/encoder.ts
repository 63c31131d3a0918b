import type { MaybeAsync } from '../kernel/index.ts';

/** Extension point: turns texts into vectors of unit length. */
export interface Encoder {
  readonly apiVersion: 1;
  /** Names the vector space: vectors of encoders with different names are never compared. */
  readonly name: string;
  readonly dimensions: number;
  /**
   * Row-major, one vector of `dimensions` per text; the zero vector where the text has no known token.
   * A text longer than the model's window is read in overlapping windows and averaged, never cut.
   */
  embed(texts: readonly string[]): MaybeAsync<Float32Array>;
}

/** What a classifier says of one text. */
export interface Classification {
  readonly label: string;
  /** Calibrated chance that `label` is right, 0–1. */
  readonly confidence: number;
  /** Calibrated probability per label, in the order of the classifier's `labels`. */
  readonly probabilities: readonly number[];
  /** The confidence lies in the band in which the trainer found a deeper classifier worth its time. */
  readonly isDoubtful: boolean;
}

export interface Classifier {
  readonly labels: readonly string[];
  /** Of a two-label classifier: the probability of the second label from which on it is said. */
  readonly threshold: number | null;
  classify(text: string): MaybeAsync<Classification>;
}

/** An estimate of a quantity, such as output tokens: mean and deviation are of its natural logarithm. */
export interface LogEstimate {
  readonly logMean: number;
  readonly logDeviation: number;
}

/** A piece of a text: UTF-16 offsets, `end` exclusive. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
  readonly type: string;
  /** Calibrated, 0–1. */
  readonly confidence: number;
}

export interface SpanTagger {
  readonly types: readonly string[];
  /** In order of `start`, without overlap. */
  tag(text: string): MaybeAsync<readonly TextSpan[]>;
}

export type HeadTask =
  | 'domain'
  | 'complexity'
  | 'reasoning'
  | 'attack'
  | 'output-length'
  | 'feedback'
  | 'fact-check';

/** One text, read once: whoever asks shares its tokens, its vector and its classifications. */
export interface FastText {
  readonly text: string;
  /** Word pieces that the encoder knows; not the tokens of any served model. */
  readonly tokenCount: number;
  embedding(): Float32Array;
  /** Throws `BRS_MODEL_FILE` where no head of the task ships. */
  classify(task: Exclude<HeadTask, 'output-length'>): Classification;
  outputLength(): LogEstimate;
}

/** Brings vectors of the fast encoder to a few numbers of about unit variance. */
export interface VectorProjection {
  readonly size: number;
  /** Writes `size` numbers from `at` on. */
  write(vector: Float32Array, out: Float32Array, at: number): void;
}

/** The models that answer in microseconds, on the event loop. */
export interface FastModels {
  readonly encoder: Encoder & {
    embedOne(text: string): Float32Array;
    /** The same before it is brought to unit length, which tells how much it weighs; unset: nobody knows. */
    sumOne?(text: string): Float32Array;
  };
  /** Unset: there is none, and nothing is learned from neighbours. */
  readonly projection?: VectorProjection;
  readonly pii: Omit<SpanTagger, 'tag'> & { tag(text: string): readonly TextSpan[] };
  labels(task: HeadTask): readonly string[];
  threshold(task: HeadTask): number | null;
  /**
   * Where a deeper classifier is worth asking: an interval of the confidence, or, of a two-label head,
   * of the second label's probability. Null: nowhere.
   */
  band(task: HeadTask): readonly [number, number] | null;
  read(text: string): FastText;
}

/** The transformer, off the event loop. A task that it has no head for is absent. */
export interface DeepModels {
  readonly encoder: Encoder;
  readonly classifiers: ReadonlyMap<HeadTask, Classifier>;
  readonly pii: SpanTagger | null;
}

/** Runs whole-text scans of long texts off the event loop, by the fast models. */
export interface LongScans {
  /** Texts from this many characters on go to the thread. */
  readonly charactersMin: number;
  classify(task: 'attack', text: string): Promise<Classification>;
  tag(text: string): Promise<readonly TextSpan[]>;
}

/** Models that the operator brought: where there is one, it alone answers. */
export interface OwnModels {
  readonly encoder: Encoder | null;
  readonly classifiers: ReadonlyMap<HeadTask, Classifier>;
  readonly pii: SpanTagger | null;
}

/** What signals understand requests with. Members load when first asked for. */
export interface Understanding {
  fast(): FastModels;
  /** Null where it is not installed or not wanted, with the reason in `deepReason`. */
  deep(): DeepModels | null;
  deepReason(): string | null;
  readonly own: OwnModels;
  scans(): LongScans | null;
}
