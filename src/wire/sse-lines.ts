const CR = 0x0d;
const LF = 0x0a;
const isBreak = (byte: number | undefined): boolean => byte === LF || byte === CR;

/**
 * One past the last blank line of the chunk, which ends an event; 0 where there is none. A line ends
 * with LF, CR LF or CR (HTML standard, server-sent events).
 */
export function lastBoundary(chunk: Buffer): number {
  for (let at = chunk.length - 1; at > 0; at--) {
    const byte = chunk[at]!;
    if (byte > CR || !isBreak(byte)) continue;
    const before = chunk[at - 1];
    if (before === byte) return at + 1;
    if (byte === CR && before === LF) return at + 1;
    if (byte === LF && before === CR && at > 1 && isBreak(chunk[at - 2])) return at + 1;
  }
  return 0;
}

/** One past a blank line that begins in `held` and ends in `chunk`, as an offset into `chunk`; 0 where there is none. */
export function boundaryAcross(held: Buffer, chunk: Buffer): number {
  const last = held.at(-1);
  const first = chunk[0];
  if (!isBreak(last) || !isBreak(first) || (last === CR && first === LF)) return 0;
  return first === CR && chunk[1] === LF ? 2 : 1;
}

/** Where the line that begins at `from` ends, its line break excluded. */
export function lineEnd(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && !isBreak(bytes[at])) at++;
  return at;
}

/** One past the line break at `at`. */
export function skipLineEnd(bytes: Buffer, at: number, end: number): number {
  if (bytes[at] === CR && at + 1 < end && bytes[at + 1] === LF) return at + 2;
  return Math.min(end, at + 1);
}

/** One past the line break at `at` and the blank line after it; -1 where they are not there. */
export function endOfBlankLine(bytes: Buffer, at: number, end: number): number {
  if (at + 1 < end && bytes[at] === LF && bytes[at + 1] === LF) return at + 2;
  const isWindows = bytes[at] === CR && bytes[at + 1] === LF && bytes[at + 2] === CR;
  return isWindows && at + 3 < end && bytes[at + 3] === LF ? at + 4 : -1;
}

/** Whether a line that begins with `data:` begins at `at`. */
export const isData = (bytes: Buffer, at: number): boolean =>
  bytes[at] === 0x64 &&
  bytes[at + 1] === 0x61 &&
  bytes[at + 2] === 0x74 &&
  bytes[at + 3] === 0x61 &&
  bytes[at + 4] === 0x3a;

/** Hands on the data of each line in `bytes` up to `end`, until `read` says that it has enough. */
export function readPayloads(
  bytes: Buffer,
  end: number,
  read: (payload: string) => 'more' | 'enough',
): void {
  let at = 0;
  while (at < end) {
    const stop = lineEnd(bytes, at, end);
    const isOver =
      isData(bytes, at) && read(bytes.toString('utf8', at + 5, stop).trim()) === 'enough';
    if (isOver) return;
    at = skipLineEnd(bytes, stop, end);
  }
}
