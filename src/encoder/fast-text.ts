import type { Classification, FastText, HeadTask, LogEstimate } from '../contract/index.ts';
import type { ReadText } from './head.ts';
import type { StaticEncoder } from './static-encoder.ts';

export type ClassifiedTask = Exclude<HeadTask, 'output-length'>;

/** What answers for a text; the fast models are one. */
export interface TextReader {
  readonly encoder: StaticEncoder;
  classify(task: ClassifiedTask, read: ReadText): Classification;
  outputLength(read: ReadText): LogEstimate;
}

/** Tokens, vector and each answer are computed when first asked for, and once. */
export class SharedText implements FastText, ReadText {
  readonly text: string;
  readonly #reader: TextReader;
  readonly #answers = new Map<ClassifiedTask, Classification>();
  #ids: Int32Array | null = null;
  #vector: Float32Array | null = null;
  #length: LogEstimate | null = null;

  constructor(text: string, reader: TextReader) {
    this.text = text;
    this.#reader = reader;
  }

  get tokenCount(): number {
    return this.ids().length;
  }

  ids(): Int32Array {
    this.#ids ??= this.#reader.encoder.words.encode(this.text);
    return this.#ids;
  }

  embedding(): Float32Array {
    this.#vector ??= this.#reader.encoder.embedTokens(this.ids());
    return this.#vector;
  }

  classify(task: ClassifiedTask): Classification {
    let answer = this.#answers.get(task);
    if (answer === undefined) {
      answer = this.#reader.classify(task, this);
      this.#answers.set(task, answer);
    }
    return answer;
  }

  outputLength(): LogEstimate {
    this.#length ??= this.#reader.outputLength(this);
    return this.#length;
  }
}
