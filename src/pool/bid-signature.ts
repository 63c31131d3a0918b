import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signature is for: an answer never passes for a question, nor the other way round. */
export type SignedKind = 'bid-request' | 'bid-answer';

/** What is signed besides the body. */
export interface BidStamp {
  /** Of the question; its answer repeats it. */
  readonly id: string;
  /** Wall time, in whole milliseconds, of whoever signs. */
  readonly atMs: number;
}

/** Clocks of two hosts may be apart by so much, and no message is heard that is older. */
export const STAMP_AGE_MAX_MS = 30_000;

/** `sha256=` and the HMAC-SHA256, in hexadecimal, of kind, time, id and body, each on a line. */
export function signatureOf(
  secret: string,
  kind: SignedKind,
  { id, atMs }: BidStamp,
  body: string | Buffer,
): string {
  const mac = createHmac('sha256', secret);
  mac.update(`${kind}\n${atMs}\n${id}\n`);
  return `sha256=${mac.update(body).digest('hex')}`;
}

/** Compared in constant time. */
export function isSameSignature(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}
