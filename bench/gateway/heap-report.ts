/**
 * Loaded into a server under test, in each of its threads: appends what the thread's heap holds to
 * BENCH_HEAP_FILE, a JSON line each time.
 */
import { appendFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

/** One look at a thread, in bytes. */
export interface HeapLine {
  readonly thread: number;
  readonly atMs: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
}

const file = process.env['BENCH_HEAP_FILE'];
if (file !== undefined) {
  const report = (): void => {
    const { heapUsed: heapBytes, external: externalBytes } = process.memoryUsage();
    const line: HeapLine = { thread: threadId, atMs: Date.now(), heapBytes, externalBytes };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  setInterval(report, 1_000).unref();
}
