import { z } from 'zod';
import type { CacheNews } from '../../contract/index.ts';

/** Text that every server takes: without NUL, and valid UTF-8. */
export const plain = (text: string): string => text.replaceAll('\u0000', '').toWellFormed();

const bytes = z.base64().transform((text) => Uint8Array.from(Buffer.from(text, 'base64')));

/** Numbers of `width` bytes each, as they lie in memory (little-endian). */
const numbers = (width: number) =>
  bytes.refine((value) => value.length % width === 0, 'is cut').transform((value) => value.buffer);

const count = z.number().min(0);
const answer = z.object({
  text: z.string(),
  finishReason: z.string(),
  model: z.string(),
  instance: z.string(),
  promptTokens: count,
  outputTokens: count,
  costPicoUsd: count,
  ttftMs: count.nullable(),
  totalMs: count,
  accuracy: z.number().nullable(),
});
const entry = z
  .object({
    id: z.string(),
    tenant: z.string().nullable(),
    scope: z.string(),
    route: z.string(),
    key: bytes,
    contextBytes: z.int().min(0),
    question: z.string(),
    vector: numbers(4)
      .transform((buffer) => new Float32Array(buffer))
      .nullable(),
    answer,
    tags: z.array(z.string()),
    storedAtMs: z.number(),
    expiresAtMs: z.number(),
  })
  .refine(({ key, contextBytes }) => contextBytes <= key.length, 'its context is longer than it');
const compared = z.object({
  scope: z.string(),
  rule: z.string(),
  semantic: z.object({ maxErrorRate: z.number(), exploreRatio: z.number() }),
  dense: numbers(8).transform((buffer) => new Float64Array(buffer)),
  buckets: numbers(4).transform((buffer) => new Int32Array(buffer)),
  isSame: z.boolean(),
  isExplored: z.boolean(),
});
const selector = z.object({
  tenant: z.string().optional(),
  tag: z.string().optional(),
  route: z.string().optional(),
  model: z.string().optional(),
});
const record = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stored'), entry }),
  z.object({ kind: z.literal('removed'), ids: z.array(z.string()) }),
  z.object({ kind: z.literal('rejected'), decision: z.string() }),
  z.object({ kind: z.literal('forgotten'), selector }),
  z.object({ kind: z.literal('compared'), compared }),
]);

/** One piece of news as JSON; arrays of numbers are base64. */
export function encodeRecord(news: CacheNews): string {
  return JSON.stringify(news, (_name, value: unknown) =>
    ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
      : value,
  );
}

/** Null where it is damaged, or of a version that this program does not know. */
export function decodeRecord(text: string): CacheNews | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const read = record.safeParse(json);
  return read.success ? (read.data as CacheNews) : null;
}
