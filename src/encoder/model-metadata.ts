import { z } from 'zod';
import type { TensorFile } from './safetensors.ts';

/** The metadata that a model file of ours carries as JSON under the key `bourse`. */
export function readMetadata<T>(tensors: TensorFile, schema: z.ZodType<T>): T {
  const text = tensors.metadata.get('bourse');
  if (text === undefined) throw tensors.fault('it has no metadata "bourse"');
  return parseMetadata(text, schema, (reason) => tensors.fault(reason));
}

export function parseMetadata<T>(
  text: string,
  schema: z.ZodType<T>,
  fail: (reason: string) => Error,
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail('its metadata is not valid JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw fail(`its metadata at "${issue.path.join('.')}": ${issue.message}`);
}

/** How a model's word pieces are made. */
export const WORD_PIECE_SHAPE = {
  kind: z.literal('wordpiece'),
  lowercase: z.literal(true),
  stripAccents: z.literal(true),
  continuation: z.string().min(1),
  unknown: z.string().min(1),
  maxWordCharacters: z.int().min(1).max(1000),
};
