import type { ServerResponse } from 'node:http';
import { validateHeaderName, validateHeaderValue } from './node-http.ts';

/** Set by this server: what the director hands over for them would contradict the framing. */
const FRAMING = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'date',
]);

/** Where an answer's head goes. */
export interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null where it is not known: the answer is chunked. */
  readonly contentLength: number | null;
  readonly isClosing: boolean;
}

/** Writes the head. A header that HTTP cannot carry is left out rather than failing the answer. */
export function writeHead(response: ServerResponse, head: Head): void {
  const lines: string[] = [];
  for (const name in head.headers) {
    if (!FRAMING.has(name)) lines.push(name, head.headers[name]!);
  }
  if (head.contentLength !== null) lines.push('content-length', String(head.contentLength));
  if (head.isClosing) lines.push('connection', 'close');
  try {
    response.writeHead(head.status, lines);
  } catch {
    response.writeHead(head.status, onlyValid(lines));
  }
}

function onlyValid(lines: readonly string[]): string[] {
  const valid: string[] = [];
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i]!;
    const value = lines[i + 1]!;
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      valid.push(name, value);
    } catch {
      continue;
    }
  }
  return valid;
}
