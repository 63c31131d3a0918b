import type { AnswerError } from './answer-error.ts';
import type { GenerationPorts } from './generation.ts';
import type { SequenceResult } from './engine-model.ts';
import type { SimulatedSpec } from './engine-spec.ts';
import type { EmbeddingBody } from './request-body.ts';
import { badRequest, sendJson } from './answer-error.ts';
import { EMBEDDING_DIMENSIONS, embedText } from './embedding.ts';
import { promptBlocks } from './prompt-blocks.ts';
import { inputsOf } from './request-body.ts';
import { textIds } from './token-ids.ts';

/** Answers an embeddings request; returns what is wrong with it instead where something is. */
export function runEmbedding(
  body: EmbeddingBody,
  spec: SimulatedSpec,
  ports: GenerationPorts,
): AnswerError | null {
  const { dimensions } = body;
  if (typeof dimensions === 'number' && dimensions !== EMBEDDING_DIMENSIONS) {
    return badRequest(`This model has ${EMBEDDING_DIMENSIONS} dimensions.`, 'dimensions');
  }
  const inputs = inputsOf(body.input).map((input) => ({
    ids: typeof input === 'string' ? textIds(input) : input,
    text: typeof input === 'string' ? input : input.join(' '),
  }));
  for (const { ids } of inputs) {
    if (ids.length === 0) return badRequest('An input is empty.', 'input');
    if (ids.length > spec.contextWindowTokens) {
      return badRequest(`An input is longer than ${spec.contextWindowTokens} tokens.`, 'input');
    }
  }
  const promptTokens = inputs.reduce((sum, input) => sum + input.ids.length, 0);
  let pending = inputs.length;
  const { engine, metrics, response } = ports;
  const onEnd = (result: SequenceResult): void => {
    metrics.observe(result, result.reason === 'done' ? 'stop' : 'abort');
    if (--pending > 0 || result.reason !== 'done') return;
    sendJson(response, {
      object: 'list',
      model: spec.model,
      data: inputs.map(({ text }, index) => ({
        object: 'embedding',
        index,
        embedding: encode(embedText(text), body.encoding_format === 'base64'),
      })),
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
      bourse_sim: { simulated: true },
    });
  };
  const handles = inputs.map(({ ids }) => {
    const prompt = promptBlocks(ids, spec.engine.blockSize, 0);
    return engine.submit({ prompt, outputTokens: 0, onToken: () => undefined, onEnd });
  });
  response.once('close', () => {
    for (const handle of handles) handle.cancel();
  });
  return null;
}

const encode = (vector: Float32Array, isBase64: boolean): string | number[] =>
  isBase64
    ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
    : [...vector];
