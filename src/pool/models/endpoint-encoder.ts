import { z } from 'zod';
import type { Encoder } from '../../contract/index.ts';
import { Fault, fault } from '../../kernel/index.ts';
import { Pool, request } from '../undici.ts';

export interface EndpointEncoderOptions {
  /** Base URL, with or without `/v1`; `/v1/embeddings` below it is asked. */
  readonly url: string;
  readonly model: string;
  readonly apiKey: string | null;
  readonly dimensions: number;
  readonly timeoutMs: number;
  /** Texts per request. */
  readonly batchMax?: number;
  /** Texts that may wait; more are refused with `BRS_OVERLOADED`. */
  readonly queueMax?: number;
}

const answerSchema = z.object({
  data: z.array(z.object({ index: z.int().min(0), embedding: z.array(z.number()) })),
});

const BATCH_MAX = 64;
const QUEUE_MAX = 4096;
const CONNECTIONS = 8;
/** JSON spends about this many bytes on a number of full precision. */
const BYTES_PER_NUMBER = 32;

interface Waiting {
  readonly text: string;
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An OpenAI-compatible embedding endpoint as encoder. Texts that are asked for in one turn of the
 * event loop share a request; the model is named in each and never changed. How the endpoint treats
 * texts beyond its own window is its own affair.
 */
export function openEndpointEncoder(
  options: EndpointEncoderOptions,
): Encoder & { close(): Promise<void> } {
  const endpoint = new Endpoint(options);
  const { dimensions } = options;
  return {
    apiVersion: 1,
    name: `${options.url} ${options.model}`,
    dimensions,
    async embed(texts) {
      const vectors = new Float32Array(texts.length * dimensions);
      const found = await Promise.all(texts.map((text) => endpoint.ask(text)));
      found.forEach((vector, i) => vectors.set(vector, i * dimensions));
      return vectors;
    },
    close: () => endpoint.close(),
  };
}

class Endpoint {
  readonly #options: EndpointEncoderOptions;
  readonly #pool: Pool;
  readonly #url: string;
  #waiting: Waiting[] = [];
  #unanswered = 0;

  constructor(options: EndpointEncoderOptions) {
    this.#options = options;
    const url = new URL(options.url);
    const base = url.pathname.replace(/\/$/, '').replace(/\/v1$/, '');
    this.#url = `${url.origin}${base}/v1/embeddings`;
    this.#pool = new Pool(url.origin, { connections: CONNECTIONS, allowH2: false });
  }

  /** A text without a visible character has no vector, and most endpoints refuse it. */
  ask(text: string): Promise<Float32Array> {
    const { dimensions, queueMax = QUEUE_MAX } = this.#options;
    if (text.trim() === '') return Promise.resolve(new Float32Array(dimensions));
    if (this.#unanswered >= queueMax) {
      return Promise.reject(fault('BRS_OVERLOADED', { seconds: 1 }));
    }
    this.#unanswered++;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#send());
    });
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const size = this.#options.batchMax ?? BATCH_MAX;
    for (let at = 0; at < waiting.length; at += size)
      void this.#settle(waiting.slice(at, at + size));
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const vectors = await this.#request(batch.map(({ text }) => text));
      batch.forEach(({ resolve }, i) => resolve(vectors[i]!));
    } catch (error) {
      const failure = Fault.isInstance(error) ? error : this.#fault(error);
      for (const { reject } of batch) reject(failure);
    } finally {
      this.#unanswered -= batch.length;
    }
  }

  async #request(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const { model, apiKey, timeoutMs, dimensions } = this.#options;
    const { statusCode, body } = await request(this.#url, {
      dispatcher: this.#pool,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({ model, input: texts, encoding_format: 'float' }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (statusCode !== 200) {
      body.on('error', () => {}).destroy();
      throw fault('BRS_UPSTREAM_STATUS', { instance: this.#instance(), status: statusCode });
    }
    const bytesMax = texts.length * dimensions * BYTES_PER_NUMBER + 65_536;
    return this.#vectors(parse(await readAtMost(body, bytesMax)), texts.length);
  }

  /** Unit vectors in the order of the texts, whatever the order of the answer. */
  #vectors(answer: unknown, count: number): readonly Float32Array[] {
    const parsed = answerSchema.safeParse(answer);
    if (!parsed.success) throw this.#unreadable('it is no list of embeddings');
    const vectors = Array.from({ length: count }, (): Float32Array | undefined => undefined);
    for (const { index, embedding } of parsed.data.data) {
      if (embedding.length !== this.#options.dimensions) {
        throw this.#unreadable(
          `its vectors have ${embedding.length} dimensions where ${this.#options.dimensions} are configured`,
        );
      }
      if (index < count) vectors[index] = unit(embedding);
    }
    if (vectors.includes(undefined)) throw this.#unreadable('it lacks an embedding');
    return vectors as Float32Array[];
  }

  #unreadable(reason: string): Fault {
    return fault('BRS_UPSTREAM_PROTOCOL', { instance: this.#instance(), reason });
  }

  /** What the operator wrote, without credentials or a query. */
  #instance(): string {
    const { host } = new URL(this.#options.url);
    return `${host} (embeddings)`;
  }

  /** What the transport says may name addresses and keys: it stays out of the message. */
  #fault(error: unknown): Fault {
    const instance = this.#instance();
    if (error instanceof Error && error.name === 'TimeoutError') {
      const seconds = this.#options.timeoutMs / 1000;
      return fault('BRS_UPSTREAM_TIMEOUT', { instance, seconds }, { cause: error });
    }
    return error instanceof SyntaxError
      ? fault('BRS_UPSTREAM_PROTOCOL', { instance, reason: 'it is not JSON' })
      : fault('BRS_UPSTREAM_CONNECT', { instance }, { cause: error });
  }
}

async function readAtMost(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytesMax) throw new SyntaxError('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const parse = (text: string): unknown => JSON.parse(text);

function unit(values: readonly number[]): Float32Array {
  let squares = 0;
  for (const value of values) squares += value * value;
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  return Float32Array.from(values, (value) => value * scale);
}
