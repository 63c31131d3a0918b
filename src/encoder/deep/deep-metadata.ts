import { z } from 'zod';
import { calibrationSchema } from '../calibration.ts';
import { WORD_PIECE_SHAPE } from '../model-metadata.ts';

const windowSchema = z
  .object({
    /** Tokens of the text, without the special ones around them. */
    tokens: z.int().min(2),
    stride: z.int().min(1),
    aggregate: z.enum(['mean', 'max', 'centre']),
  })
  .refine(({ tokens, stride }) => stride <= tokens, 'stride must not exceed tokens');

const headSchema = z.looseObject({
  /** The output of the graph; unset: the name of the head. */
  from: z.string().optional(),
  labels: z.array(z.string()).min(1),
  output: z.enum(['softmax', 'sigmoid', 'tags']),
  window: windowSchema,
  calibration: calibrationSchema.default({ kind: 'temperature', temperature: 1 }),
  threshold: z.number().nullable().default(null),
  band: z.tuple([z.number(), z.number()]).nullable().default(null),
});

const sentenceSchema = z.looseObject({
  output: z.string(),
  /** `rows`: one vector per token, to be averaged; `first`: the one of the first token. */
  pooling: z.enum(['none', 'rows', 'first']).default('none'),
  window: windowSchema,
});

/** The description beside `deep-encoder.onnx`, and that made for any other ONNX model. */
export const deepSchema = z.looseObject({
  kind: z.literal('deep-encoder'),
  version: z.literal(1),
  name: z.string().min(1),
  model: z.string().min(1),
  dimensions: z.int().min(1),
  maxTokens: z.int().min(4),
  tokenizer: z.looseObject({
    ...WORD_PIECE_SHAPE,
    start: z.string().min(1),
    end: z.string().min(1),
    vocabulary: z.string().min(1),
  }),
  sentence: sentenceSchema.nullable().default(null),
  heads: z.record(z.string(), headSchema).default({}),
});

export type DeepMetadata = z.infer<typeof deepSchema>;
export type DeepHead = z.infer<typeof headSchema>;
export type DeepSentence = z.infer<typeof sentenceSchema>;
export type DeepWindow = z.infer<typeof windowSchema>;
