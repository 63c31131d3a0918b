import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { failed } from './ask-server.ts';
import { safeText } from './table.ts';
import type { Terminal } from './terminal.ts';

/** One line of a file of requests: a client's body, or a request as `tests` of a policy have it. */
export interface RequestLine {
  /** From 1. */
  readonly line: number;
  /** As JSON gives it; undefined where the line is none. */
  readonly value: unknown;
  /** What is wrong with the line; null where it is JSON. */
  readonly problem: string | null;
}

/** Longer lines are not read: one request is no larger. */
const LINE_CHARACTERS_MAX = 32 * 1024 * 1024;
const TOO_LONG = 'the line is longer than 32 MiB';

/**
 * The lines of a JSON Lines file, plain or gzip, as they are asked for: a log of any length is read in
 * little memory. Empty lines are left out. Ends the command where the file cannot be read.
 */
export async function* readRequests(
  terminal: Terminal,
  file: string,
): AsyncGenerator<RequestLine, void, undefined> {
  const source = createReadStream(file);
  try {
    let line = 0;
    for await (const row of linesOf(await unpacked(source))) {
      line++;
      if (row === null) yield { line, value: undefined, problem: TOO_LONG };
      else if (row.trim() !== '') yield readLine(row, line);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : (code ?? message);
    throw failed(terminal, `cannot read ${safeText(file)}: ${safeText(reason)}`);
  } finally {
    source.destroy();
  }
}

/** Decided by the first bytes: a log's name says little. */
async function unpacked(source: Readable): Promise<Readable> {
  const first = await firstChunk(source);
  if (first === null) return source;
  source.unshift(first);
  if (first[0] !== 0x1f || first[1] !== 0x8b) return source;
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
}

async function firstChunk(source: Readable): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    source.once('error', reject);
    source.once('end', () => resolve(null));
    source.once('readable', () => {
      source.off('error', reject);
      resolve(source.read() as Buffer | null);
    });
  });
}

/** Null stands for a line that is too long, of which nothing is kept. */
async function* linesOf(text: Readable): AsyncGenerator<string | null, void, undefined> {
  text.setEncoding('utf8');
  let pieces: string[] = [];
  let length = 0;
  const take = (last: string): string | null => {
    const isTooLong = length + last.length > LINE_CHARACTERS_MAX;
    const line = isTooLong ? null : `${pieces.join('')}${last}`;
    pieces = [];
    length = 0;
    return line;
  };
  for await (const chunk of text as AsyncIterable<string>) {
    const [first = '', ...more] = chunk.split('\n');
    let open = first;
    for (const next of more) {
      yield take(open);
      open = next;
    }
    length += open.length;
    if (length <= LINE_CHARACTERS_MAX) pieces.push(open);
    else pieces = [];
  }
  if (length > 0) yield take('');
}

function readLine(row: string, line: number): RequestLine {
  try {
    const value: unknown = JSON.parse(line === 1 ? row.replace(/^\ufeff/, '') : row);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isObject) return { line, value, problem: null };
    return { line, value: undefined, problem: 'must be one JSON object per line' };
  } catch {
    return { line, value: undefined, problem: 'is no JSON: each line must be one JSON object' };
  }
}
