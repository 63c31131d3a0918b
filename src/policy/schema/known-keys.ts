import { z } from 'zod';
import type { Path } from '../document/place.ts';

/** The keys that the schema knows at a path; of a union, those of every branch. */
export function knownKeys(schema: z.core.$ZodType, path: Path): readonly string[] {
  const [head, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Readonly<Record<string, z.core.$ZodType>>;
    if (head === undefined) return Object.keys(shape);
    const member = shape[head];
    return member === undefined ? [] : knownKeys(member, rest);
  }
  if (schema instanceof z.ZodUnion) {
    return schema.options.flatMap((option) => knownKeys(option, path));
  }
  if (schema instanceof z.ZodPipe) return knownKeys(schema.in, path);
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional
  ) {
    return knownKeys(schema.unwrap(), path);
  }
  if (head === undefined) return [];
  if (schema instanceof z.ZodArray) return knownKeys(schema.element, rest);
  if (schema instanceof z.ZodRecord) return knownKeys(schema.valueType, rest);
  return [];
}
