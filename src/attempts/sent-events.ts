import type { Surface } from '../contract/index.ts';
import { StreamSplice } from '../wire/index.ts';

/** More than this of a stream is read, and kept as text. */
const KEPT_BYTES_MAX = 256 * 1024;

/**
 * The events of a stream that have gone on, for the case that it breaks off. They are kept as they
 * came: nothing is read while all goes well, but of an answer too long to be kept so.
 */
export class SentEvents {
  readonly #surface: Surface;
  #splice: StreamSplice | null = null;
  #events: Buffer[] = [];
  #bytes = 0;

  constructor(surface: Surface) {
    this.#surface = surface;
  }

  add(events: Buffer): void {
    this.#events.push(events);
    this.#bytes += events.length;
    if (this.#bytes > KEPT_BYTES_MAX) this.read();
  }

  /** What they say. */
  read(): StreamSplice {
    const splice = (this.#splice ??= new StreamSplice(this.#surface));
    for (const events of this.#events) splice.push(events);
    this.#events = [];
    this.#bytes = 0;
    return splice;
  }
}
