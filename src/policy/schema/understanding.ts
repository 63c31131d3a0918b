import { z } from 'zod';
import { count, plainText, ratio } from './scalars.ts';
import { baseUrl } from './url.ts';

const path = plainText.describe('A file, relative to the policy file.');

const onnxFiles = z.strictObject({
  onnx: path,
  tokenizer: path.optional().describe('Its tokenizer.json; unset: beside the model.'),
  maxTokens: count
    .optional()
    .describe('The window of the model; longer texts are read in overlapping windows.'),
});

const classifierSchema = onnxFiles
  .extend({
    labels: z
      .array(plainText)
      .min(2)
      .optional()
      .describe('Its labels in order; unset: those of config.json beside the model.'),
    threshold: ratio.optional().describe('Of two labels: where the second is said.'),
  })
  .describe('A classifier of yours, in ONNX. It answers alone.');

const encoderSchema = z.union(
  [
    onnxFiles,
    z.strictObject({
      url: baseUrl.describe('Base URL of an `/v1/embeddings` endpoint.'),
      model: plainText.describe('The model that it is asked for.'),
      apiKey: plainText.optional().describe('Sent as bearer token.'),
      dimensions: count.describe('Length of its vectors.'),
      timeoutMs: count.default(2000).describe('How long an answer may take.'),
    }),
  ],
  { error: 'must have onnx, or url with model and dimensions' },
);

export const understandingSchema = z
  .strictObject({
    deep: z
      .enum(['auto', 'off', 'required'])
      .default('auto')
      .describe(
        'The transformer that settles what the fast heads doubt. `auto`: where `onnxruntime-node` is installed; `required`: fails the start where it is not.',
      ),
    encoder: encoderSchema
      .optional()
      .describe('A sentence encoder of yours, for intents and similarities.'),
    classifiers: z
      .strictObject({
        domain: classifierSchema.optional(),
        complexity: classifierSchema.optional(),
        reasoning: classifierSchema.optional(),
        jailbreak: classifierSchema.optional(),
        feedback: classifierSchema.optional(),
        factCheck: classifierSchema.optional(),
        pii: classifierSchema.optional().describe('A token classifier with BIO labels.'),
      })
      .prefault({})
      .describe('Classifiers of yours in place of the shipped ones.'),
  })
  .prefault({})
  .describe('The models that read requests. What changes here takes effect at the next start.');

export type UnderstandingFile = z.output<typeof understandingSchema>;
