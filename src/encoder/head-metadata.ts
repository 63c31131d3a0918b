import { z } from 'zod';
import { calibrationSchema } from './calibration.ts';
import { jointSchema } from './joint-answer.ts';
import { TEXT_STATS } from './text-stats.ts';

const size = z.int().min(1);

export const headSchema = z
  .looseObject({
    kind: z.literal('head'),
    version: z.literal(1),
    task: z.string().min(1),
    /** The name of the static encoder that it was trained on. */
    encoder: z.string().min(1),
    labels: z.array(z.string()).min(1),
    features: z.object({
      embedding: z.boolean(),
      ngrams: z
        .object({ orders: z.array(size.max(16)).min(1), buckets: size.max(2 ** 24) })
        .nullable()
        .default(null),
      stats: z.array(z.enum(TEXT_STATS as [string, ...string[]])).default([]),
    }),
    hidden: z.array(size.max(65_536)).max(8).default([]),
    output: z.enum(['softmax', 'sigmoid', 'value']),
    calibration: calibrationSchema.default({ kind: 'temperature', temperature: 1 }),
    /** Of a sigmoid: the probability from which on the second label is said. */
    threshold: z.number().nullable().default(null),
    /** Where a deeper classifier is worth asking: of the confidence, of a sigmoid of the probability. */
    band: z.tuple([z.number(), z.number()]).nullable().default(null),
    /** How its answer and a deep model's become one; unset: the deep answer stands alone. */
    joint: jointSchema.nullable().default(null),
    window: z
      .object({
        tokens: size,
        stride: size,
        aggregate: z.literal('max'),
        /** Beside the windows, each segment and each two neighbours are scored. */
        segments: z
          .object({ ends: z.array(z.int().min(0)), least: size, most: size })
          .nullable()
          .default(null),
      })
      .refine(({ tokens, stride }) => tokens % stride === 0, 'stride must divide tokens')
      .nullable()
      .default(null),
    /** Of a value with one output: its deviation. */
    logDeviation: z.number().positive().optional(),
  })
  .refine(({ output, labels }) => output !== 'sigmoid' || labels.length === 2, {
    message: 'a sigmoid has two labels',
    path: ['labels'],
  });

export type HeadMetadata = z.infer<typeof headSchema>;
