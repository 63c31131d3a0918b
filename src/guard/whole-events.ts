import { boundaryAcross, lastBoundary } from '../wire/index.ts';

/** Collects chunks of an event stream into whole events. The tap in front limits how large one gets. */
export class WholeEvents {
  #held: Buffer[] = [];

  /** The whole events that this chunk ends; null: none yet. */
  take(chunk: Buffer): Buffer | null {
    if (chunk.length === 0) return null;
    let end = lastBoundary(chunk);
    if (this.#held.length === 0) {
      if (end < chunk.length) this.#held.push(chunk.subarray(end));
      if (end === 0) return null;
      return end === chunk.length ? chunk : chunk.subarray(0, end);
    }
    if (end === 0) end = boundaryAcross(this.#held.at(-1)!, chunk);
    if (end === 0) {
      this.#held.push(chunk);
      return null;
    }
    const bytes = Buffer.concat([...this.#held, chunk.subarray(0, end)]);
    this.#held = end < chunk.length ? [chunk.subarray(end)] : [];
    return bytes;
  }

  /** What is left when the stream ends; null: nothing. */
  rest(): Buffer | null {
    if (this.#held.length === 0) return null;
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    return bytes;
  }
}
