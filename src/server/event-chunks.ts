import type { ServerResponse } from 'node:http';

/** Up to this size a chunk is copied into one string with its frame. */
const JOINED_BYTES_MAX = 16 * 1024;
const LINE_END = '\r\n';
const LAST_CHUNK = '0\r\n\r\n';

/**
 * Writes the body of a chunked answer. Node hands the length, the chunk and two line ends to the socket
 * one by one, as a gathered write of four pieces; one short string is a plain write, which is cheaper.
 */
export class EventChunks {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** False where the client does not keep up. */
  write(chunk: Buffer): boolean {
    const { length } = chunk;
    if (length === 0) return true;
    const response = this.#response;
    const size = length.toString(16) + LINE_END;
    if (length <= JOINED_BYTES_MAX) {
      return response.write(size + chunk.toString('latin1') + LINE_END, 'latin1');
    }
    response.write(size, 'latin1');
    response.write(chunk);
    return response.write(LINE_END, 'latin1');
  }

  end(last: Buffer | null): void {
    if (last !== null) this.write(last);
    this.#response.end(LAST_CHUNK, 'latin1');
  }
}

/**
 * Takes the framing over from node, once the head is written; null where the answer is not chunked,
 * since the client speaks HTTP/1.0.
 */
export function openChunks(response: ServerResponse): EventChunks | null {
  if (!response.chunkedEncoding) return null;
  response.chunkedEncoding = false;
  return new EventChunks(response);
}
