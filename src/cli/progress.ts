/** A command is not long before. */
const PATIENCE_MS = 1000;
const EVERY_MS = 200;

interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Writes a line over and over, after a second and not too often; nothing where nobody watches. */
export function createProgress(stream: Stream, nowMs: () => number): (line: string | null) => void {
  if (stream.isTTY !== true) return () => {};
  const startedMs = nowMs();
  let shownMs = Number.NEGATIVE_INFINITY;
  let isShown = false;
  return (line) => {
    if (line === null) {
      if (isShown) stream.write('\r\u001b[K');
      isShown = false;
      return;
    }
    const now = nowMs();
    if (now - startedMs < PATIENCE_MS || now - shownMs < EVERY_MS) return;
    shownMs = now;
    isShown = true;
    stream.write(`\r\u001b[K${line}`);
  };
}
