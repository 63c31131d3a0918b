import { z } from 'zod';

/** A name that may stand in headers, metrics and paths. */
export const identifier = z
  .string()
  .regex(
    /^[A-Za-z0-9@_][A-Za-z0-9@._:/+-]{0,127}$/,
    'must be a name of letters, digits and . _ : / + - @, at most 128 characters',
  );

export const sha256 = z
  .string()
  .regex(
    /^[0-9a-fA-F]{64}$/,
    'must be the SHA-256 of the key in hexadecimal: printf %s KEY | sha256sum',
  );

export const milliseconds = z.int().min(1).max(86_400_000);
export const seconds = z.number().min(0).max(86_400);
export const ratio = z.number().min(0).max(1);
export const notNegative = z.number().min(0);
export const positive = z.number().gt(0);
export const count = z.int().min(1);

/** Text that a program reads: no control characters, so that it cannot break a header or a log. */
export const plainText = z
  .string()
  .min(1)
  .max(1024)
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not contain control characters');

export const labelName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/, 'must be a name of letters, digits and . _ / -');

/** A label's value. Numbers and true or false are taken as they are written. */
export const labelValue = z
  .union([plainText, z.number(), z.boolean()], { error: 'must be a text, a number, true or false' })
  .transform(String);

/** One value, or a list of them. */
export function oneOrMany<T extends z.ZodType>(item: T, expected: string) {
  return z
    .union([z.array(item).min(1), item], { error: `must be ${expected}, or a list of them` })
    .transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value]) as z.output<T>[]);
}
