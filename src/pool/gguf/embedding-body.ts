import { z } from 'zod';
import { readBody } from './ask-body.ts';

/** As many as OpenAI takes. */
const TEXTS_MAX = 2_048;

const text = z
  .string('must be a text: token numbers of another model mean nothing to this one')
  .min(1, 'must not be empty');

const bodySchema = z.object({
  model: z.string().default('local'),
  input: z.preprocess(
    (given) => (typeof given === 'string' ? [given] : given),
    z.array(text, 'must be a text or a list of texts').min(1).max(TEXTS_MAX),
  ),
  dimensions: z.int().positive().nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});

export interface EmbeddingRequest {
  /** As the answer names it. */
  readonly model: string;
  readonly texts: readonly string[];
  /** Null: as many as the model has. */
  readonly dimensions: number | null;
  readonly isBase64: boolean;
}

/** Reads an embeddings request. Throws `LocalAskError`, which names the place. */
export function readEmbeddingRequest(bytes: Buffer): EmbeddingRequest {
  const body = readBody(bytes, bodySchema);
  return {
    model: body.model,
    texts: body.input,
    dimensions: body.dimensions ?? null,
    isBase64: body.encoding_format === 'base64',
  };
}
