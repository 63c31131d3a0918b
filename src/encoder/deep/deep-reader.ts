import type { Classification, TextSpan } from '../../contract/index.ts';
import { confidenceOf } from '../calibration.ts';
import { classificationOf } from '../classification.ts';
import type { DeepHead, DeepSentence, DeepWindow } from './deep-metadata.ts';
import { spansOfTags } from './tag-spans.ts';
import type { DeepTokeniser, DeepTokens, SequenceOutputs, TokenSession } from './token-session.ts';
import { centresOf, windowsOver } from './token-windows.ts';
import type { TokenWindow } from './token-windows.ts';

/** Texts whose windows' outputs are kept: several heads are asked about one text in a row. */
const TEXTS_KEPT = 8;

interface KnownText {
  readonly tokens: DeepTokens;
  readonly outputs: Map<string, Promise<SequenceOutputs>>;
}

interface Part {
  readonly window: TokenWindow;
  readonly values: Float32Array;
}

/** Reads whole texts with a transformer, by overlapping windows where they are longer than it sees. */
export class DeepReader {
  readonly #tokeniser: DeepTokeniser;
  readonly #session: TokenSession;
  readonly #known = new Map<string, KnownText>();

  constructor(tokeniser: DeepTokeniser, session: TokenSession) {
    this.#tokeniser = tokeniser;
    this.#session = session;
  }

  /** The mean of the windows' vectors by their lengths, at unit length; null where the text has no token. */
  async embed(sentence: DeepSentence, text: string): Promise<Float32Array | null> {
    const known = this.#read(text);
    if (known.tokens.ids.length === 0) return null;
    const parts = await this.#parts(known, sentence.output, sentence.window);
    const special = this.#tokeniser.before.length + this.#tokeniser.after.length;
    const vectors = parts.map(({ window, values }) => ({
      window,
      values: unit(pooled(sentence, values, window.end - window.start + special)),
    }));
    return unit(weightedMean(vectors));
  }

  async classify(name: string, head: DeepHead, text: string): Promise<Classification> {
    const parts = await this.#parts(this.#read(text), head.from ?? name, head.window);
    const logits = head.window.aggregate === 'max' ? largest(parts) : weightedMean(parts);
    return classificationOf(head, logits);
  }

  async tag(name: string, head: DeepHead, text: string): Promise<readonly TextSpan[]> {
    const known = this.#read(text);
    const parts = await this.#parts(known, head.from ?? name, head.window);
    const width = head.labels.length;
    const logits = new Float32Array(known.tokens.ids.length * width);
    const skipped = this.#tokeniser.before.length;
    const centres = centresOf(parts.map(({ window }) => window));
    parts.forEach(({ window, values }, i) => {
      const { start, end } = centres[i]!;
      const from = start - window.start + skipped;
      logits.set(values.subarray(from * width, (from + end - start) * width), start * width);
    });
    return spansOfTags(known.tokens, logits, head.labels).map((span) => ({
      ...span,
      confidence: confidenceOf(head.calibration, span.confidence),
    }));
  }

  #read(text: string): KnownText {
    let known = this.#known.get(text);
    if (known === undefined) {
      known = { tokens: this.#tokeniser.encode(text), outputs: new Map() };
      const oldest = this.#known.keys().next();
      if (this.#known.size === TEXTS_KEPT && !oldest.done) this.#known.delete(oldest.value);
      this.#known.set(text, known);
    }
    return known;
  }

  #parts(known: KnownText, output: string, { tokens, stride }: DeepWindow): Promise<Part[]> {
    return Promise.all(
      windowsOver(known.tokens.ids.length, tokens, stride).map(async (window) => {
        const outputs = await this.#run(known, window);
        const values = outputs.get(output);
        if (values === undefined) throw new Error(`the model has no output "${output}"`);
        return { window, values };
      }),
    );
  }

  /** One run serves all heads; one that failed may be tried again. */
  #run({ tokens, outputs }: KnownText, { start, end }: TokenWindow): Promise<SequenceOutputs> {
    const key = `${start}-${end}`;
    let output = outputs.get(key);
    if (output === undefined) {
      const { before, after } = this.#tokeniser;
      const ids = Int32Array.from([...before, ...tokens.ids.subarray(start, end), ...after]);
      output = this.#session.run(ids);
      outputs.set(key, output);
      output.catch(() => outputs.delete(key));
    }
    return output;
  }
}

function pooled({ pooling }: DeepSentence, values: Float32Array, rows: number): Float32Array {
  if (pooling === 'none') return values;
  const width = values.length / rows;
  if (pooling === 'first') return values.slice(0, width);
  const sum = new Float32Array(width);
  for (let i = 0; i < values.length; i++) sum[i % width]! += values[i]!;
  return sum;
}

function weightedMean(parts: readonly Part[]): Float32Array {
  if (parts.length === 1) return parts[0]!.values;
  const mean = new Float32Array(parts[0]!.values.length);
  let weights = 0;
  for (const { window, values } of parts) {
    const weight = window.end - window.start;
    weights += weight;
    for (let i = 0; i < mean.length; i++) mean[i]! += weight * values[i]!;
  }
  for (let i = 0; i < mean.length; i++) mean[i]! /= weights;
  return mean;
}

/** The window whose last logit is largest. */
const largest = (parts: readonly Part[]): Float32Array =>
  parts.reduce((best, part) => (part.values.at(-1)! > best.values.at(-1)! ? part : best)).values;

function unit(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return squares > 0 ? vector.map((value) => value / Math.sqrt(squares)) : vector;
}
