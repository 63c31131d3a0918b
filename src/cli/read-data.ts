import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { failed } from './ask-server.ts';
import type { Terminal } from './terminal.ts';

/** The text of a file, unpacked where it is gzip; ends the command where it cannot be read. */
export function readData(terminal: Terminal, file: string): string {
  const bytes = read(terminal, file);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  try {
    return (isGzip ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    throw failed(terminal, `cannot unpack ${file}: ${(error as Error).message}`);
  }
}

function read(terminal: Terminal, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : (code ?? 'unknown');
    throw failed(terminal, `cannot read ${file}: ${reason}`);
  }
}
