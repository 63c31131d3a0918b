/** A power of two. */
const SLOTS = 1024;

/**
 * Remembers runs of a text's tokens, so that a run which says the same as one before is not scored
 * again. Which runs are remembered is a matter of speed alone: a repeat is compared token by token.
 */
export class SeenRuns {
  /** Start and end of the latest run of each slot; an end of 0 where there is none. */
  readonly #runs = new Int32Array(2 * SLOTS);

  clear(): void {
    this.#runs.fill(0);
  }

  /** Whether a remembered run has the same tokens as `[start, end)`, which is remembered from now on. */
  isRepeat(ids: Int32Array, start: number, end: number): boolean {
    const slot = 2 * (signOf(ids, start, end) & (SLOTS - 1));
    const seen = this.#runs[slot]!;
    if (this.#runs[slot + 1]! - seen === end - start && isSame(ids, seen, start, end)) return true;
    this.#runs[slot] = start;
    this.#runs[slot + 1] = end;
    return false;
  }
}

/** A hash of a few of the tokens. */
function signOf(ids: Int32Array, start: number, end: number): number {
  let hash = end - start;
  const step = Math.max(1, (end - start) >> 3);
  for (let at = start; at < end; at += step)
    hash = Math.imul(hash ^ ids[at]!, 0x9e3779b1) ^ (hash >>> 15);
  return hash ^ (hash >>> 12);
}

function isSame(ids: Int32Array, seen: number, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (ids[i] !== ids[seen + i - start]) return false;
  return true;
}
