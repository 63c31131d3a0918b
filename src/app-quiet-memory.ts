import { performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often the thread is looked at. */
const LOOK_MS = 10_000;
/** A thread that was busy for less of the time is quiet: a pause keeps hardly anybody waiting. */
const QUIET_RATIO = 0.02;
/** After a collection, so many looks pass before the next: what a trickle of requests makes grow again is left to it. */
const LOOKS_BETWEEN = 60;
/** Young space below this is not worth a collection. */
const YOUNG_BYTES_KEPT = 8 * 1024 * 1024;

/** What is looked at, and what is done; a test hands in its own. */
export interface ThreadMemory {
  /** The share of the time since the last call in which the thread was busy, 0–1. */
  readonly busyRatio: () => number;
  /** Bytes that the system holds for young objects. */
  readonly youngBytes: () => number;
  readonly collect: () => void;
}

/**
 * Gives the space for young objects back when the thread is quiet. Loading the modules, or a burst of
 * requests, makes V8 grow it to 32 MB, and a thread that then allocates little would hold them for ever:
 * only a full collection shrinks it, and nothing makes V8 begin one. It takes some 40 ms of a quiet moment.
 * Returns how to stop.
 */
export function collectWhenQuiet(memory: ThreadMemory = createThreadMemory()): () => void {
  const timer = setInterval(quietLook(memory), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** One look, at each call. */
export function quietLook({ busyRatio, youngBytes, collect }: ThreadMemory): () => void {
  let rest = 0;
  return () => {
    const isQuiet = busyRatio() < QUIET_RATIO;
    if (rest-- > 0 || !isQuiet || youngBytes() <= YOUNG_BYTES_KEPT) return;
    rest = LOOKS_BETWEEN;
    collect();
  };
}

export function createThreadMemory(): ThreadMemory {
  let last = performance.eventLoopUtilization();
  return {
    busyRatio() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
    youngBytes: () =>
      getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
        ?.physical_space_size ?? 0,
    collect() {
      // The collector is a function of contexts that are made under this flag; this one is dropped again.
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as (options: { type: 'major' }) => void;
      setFlagsFromString('--no-expose-gc');
      collect({ type: 'major' });
    },
  };
}
