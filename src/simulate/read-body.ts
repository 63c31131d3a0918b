import type { IncomingMessage } from 'node:http';
import type { AnswerError } from './answer-error.ts';
import { badRequest } from './answer-error.ts';

const BODY_BYTES_MAX = 32 * 1024 * 1024;
const tooLarge: AnswerError = {
  status: 413,
  type: 'RequestEntityTooLargeError',
  message: `The body is larger than ${BODY_BYTES_MAX} bytes.`,
  param: null,
};

type ReadBody =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: AnswerError };

/** Reads a JSON body. Rejects only when the connection breaks. */
export async function readBody(request: IncomingMessage): Promise<ReadBody> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // The rest is read and dropped, so that the client gets to read the answer.
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (bytes > BODY_BYTES_MAX) return { kind: 'error', error: tooLarge };
  try {
    return { kind: 'json', value: JSON.parse(Buffer.concat(chunks).toString()) };
  } catch {
    return { kind: 'error', error: badRequest('The body is not valid JSON.') };
  }
}
