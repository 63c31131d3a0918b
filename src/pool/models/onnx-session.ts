import { fault } from '../../kernel/index.ts';
import type { SequenceOutputs, TokenSession } from '../../encoder/index.ts';

/** What of `onnxruntime-node` is used: it is optional, and so are its types. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(path: string, options: Readonly<Record<string, unknown>>): Promise<OnnxGraph>;
  };
  readonly Tensor: new (type: 'int64', data: BigInt64Array, shape: readonly number[]) => OnnxTensor;
}

interface OnnxTensor {
  readonly data: unknown;
  readonly dims: readonly number[];
}

export interface OnnxGraph {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
}

export interface OnnxSessionOptions {
  readonly padId: number;
  /** Sequences that are run together, padded to the longest. */
  readonly batchMax: number;
  readonly queueMax: number;
  /** A sequence that waited longer is dropped: whoever asked has gone. */
  readonly waitMsMax: number;
  readonly nowMs: () => number;
}

interface Waiting {
  readonly ids: Int32Array;
  readonly sinceMs: number;
  readonly resolve: (outputs: SequenceOutputs) => void;
  readonly reject: (error: unknown) => void;
}

const KNOWN_INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'];

/** Runs one graph: what waits when a run ends goes into the next one together. */
export class OnnxSession implements TokenSession {
  readonly #runtime: OnnxRuntime;
  readonly #graph: OnnxGraph;
  readonly #options: OnnxSessionOptions;
  readonly #waiting: Waiting[] = [];
  #isRunning = false;

  constructor(runtime: OnnxRuntime, graph: OnnxGraph, options: OnnxSessionOptions) {
    const foreign = graph.inputNames.find((name) => !KNOWN_INPUTS.includes(name));
    if (foreign !== undefined) throw new RangeError(`it needs the input "${foreign}"`);
    this.#runtime = runtime;
    this.#graph = graph;
    this.#options = options;
  }

  run(ids: Int32Array): Promise<SequenceOutputs> {
    if (this.#waiting.length >= this.#options.queueMax) {
      return Promise.reject(fault('BRS_OVERLOADED', { seconds: 1 }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ids, sinceMs: this.#options.nowMs(), resolve, reject });
      if (!this.#isRunning) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      // Messages that have arrived meanwhile may join the batch.
      await new Promise(setImmediate);
      const batch = this.#waiting
        .splice(0, this.#options.batchMax)
        .filter((one) => this.#isAwaited(one));
      if (batch.length > 0) await this.#runBatch(batch);
    }
    this.#isRunning = false;
  }

  #isAwaited({ sinceMs, reject }: Waiting): boolean {
    if (this.#options.nowMs() - sinceMs <= this.#options.waitMsMax) return true;
    reject(fault('BRS_OVERLOADED', { seconds: 1 }));
    return false;
  }

  async #runBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const length = batch.reduce((most, { ids }) => Math.max(most, ids.length), 1);
      const outputs = await this.#graph.run(this.#feeds(batch, length));
      batch.forEach(({ ids, resolve }, i) => resolve(cut(outputs, batch.length, i, ids.length)));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  #feeds(batch: readonly Waiting[], length: number): Record<string, OnnxTensor> {
    const size = batch.length * length;
    const data: Record<string, BigInt64Array> = {
      input_ids: new BigInt64Array(size).fill(BigInt(this.#options.padId)),
      attention_mask: new BigInt64Array(size),
      token_type_ids: new BigInt64Array(size),
    };
    batch.forEach(({ ids }, row) => {
      for (let i = 0; i < ids.length; i++) data['input_ids']![row * length + i] = BigInt(ids[i]!);
      data['attention_mask']!.fill(1n, row * length, row * length + ids.length);
    });
    const shape = [batch.length, length];
    return Object.fromEntries(
      this.#graph.inputNames.map((name) => [
        name,
        new this.#runtime.Tensor('int64', data[name]!, shape),
      ]),
    );
  }
}

/** The outputs of one sequence of a batch; of those with a row per token, without the padding. */
function cut(
  outputs: Readonly<Record<string, OnnxTensor>>,
  sequences: number,
  at: number,
  tokens: number,
): SequenceOutputs {
  const own = new Map<string, Float32Array>();
  for (const [name, { data, dims }] of Object.entries(outputs)) {
    if (!(data instanceof Float32Array) || dims[0] !== sequences) continue;
    const size = data.length / sequences;
    const isPerToken = dims.length === 3;
    const kept = isPerToken ? (size / dims[1]!) * tokens : size;
    own.set(name, data.slice(at * size, at * size + kept));
  }
  return own;
}
