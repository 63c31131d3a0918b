import { contextTokensOf, outgrown, refuseHopeless } from './llama-parts.ts';
import type { LlamaParts } from './llama-parts.ts';
import type { Llama, LlamaEmbeddingContext } from './llama-port.ts';
import { LocalAskError } from './local-model.ts';
import type { LocalEmbedder, LocalVectors } from './local-model.ts';
import { unitVector } from './unit-vector.ts';

/** Opens a model whose contexts read texts and say no more than where they lie. */
export async function openLlamaEmbedder(parts: LlamaParts): Promise<LocalEmbedder> {
  const contextTokens = contextTokensOf(parts);
  const { llama, model, spec } = parts;
  const contexts: LlamaEmbeddingContext[] = [];
  for (let i = 0; i < spec.slots; i++) {
    contexts.push(
      await model.createEmbeddingContext({
        contextSize: contextTokens,
        // Models that read in both directions take a text in one batch.
        batchSize: contextTokens,
        // As many as the machine has.
        threads: spec.threads ?? 0,
      }),
    );
  }
  return new LlamaEmbedder(llama, contexts, contextTokens);
}

class LlamaEmbedder implements LocalEmbedder {
  readonly task = 'embedding';
  readonly slots: number;
  readonly contextTokens: number;
  readonly #llama: Llama;
  /** Those that are free. */
  readonly #contexts: LlamaEmbeddingContext[];

  constructor(llama: Llama, contexts: LlamaEmbeddingContext[], contextTokens: number) {
    this.#llama = llama;
    this.#contexts = contexts;
    this.slots = contexts.length;
    this.contextTokens = contextTokens;
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<LocalVectors> {
    const context = this.#contexts.pop();
    if (context === undefined) throw new Error('no context is free');
    try {
      // Before any is read: a batch is answered whole or not at all.
      const promptTokens = texts.reduce(
        (sum, text, i) => sum + this.#lengthOf(context, text, i),
        0,
      );
      const vectors: Float32Array[] = [];
      for (const text of texts) {
        signal.throwIfAborted();
        const { vector } = await context.getEmbeddingFor(text);
        vectors.push(unitVector(vector));
      }
      return { vectors, promptTokens };
    } finally {
      this.#contexts.push(context);
    }
  }

  #lengthOf(context: LlamaEmbeddingContext, text: string, i: number): number {
    refuseHopeless(text.length, this.contextTokens, `input.${i}`);
    const tokens = context.calculateInputLength(text);
    if (tokens < this.contextTokens) return tokens;
    throw new LocalAskError(`input.${i}: it has ${tokens} tokens, ${outgrown(this.contextTokens)}`);
  }

  close(): Promise<void> {
    return this.#llama.dispose();
  }
}
