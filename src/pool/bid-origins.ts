import { Pool } from './undici.ts';

/** Below the five seconds after which servers close an idle connection. */
const KEEP_ALIVE_MS = 4_000;
/** An answer that is late is still awaited so long, for the sake of its connection. */
const ABANDONED_MS = 1_000;
const ENDPOINTS_MAX = 1_024;

/** Connections to one endpoint, and the questions that it has not answered. */
export interface BidOrigin {
  readonly pool: Pool;
  readonly path: string;
  outstanding: number;
}

/** The endpoints that bidders are asked at. Those without a question are closed where there are too many. */
export class BidOrigins {
  readonly #byUrl = new Map<string, BidOrigin>();
  readonly #connections: () => number;

  constructor(connections: () => number) {
    this.#connections = connections;
  }

  of(url: string): BidOrigin {
    const known = this.#byUrl.get(url);
    if (known !== undefined) return known;
    this.#makeRoom();
    const { origin, pathname } = new URL(url);
    const pool = new Pool(origin, {
      connections: this.#connections(),
      pipelining: 1,
      allowH2: false,
      connect: { timeout: ABANDONED_MS },
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: ABANDONED_MS,
      bodyTimeout: ABANDONED_MS,
    });
    const opened = { pool, path: pathname, outstanding: 0 };
    this.#byUrl.set(url, opened);
    return opened;
  }

  async close(): Promise<void> {
    const all = [...this.#byUrl.values()];
    this.#byUrl.clear();
    await Promise.all(all.map(({ pool }) => pool.destroy()));
  }

  #makeRoom(): void {
    for (const [url, { pool, outstanding }] of this.#byUrl) {
      if (this.#byUrl.size < ENDPOINTS_MAX) return;
      if (outstanding > 0) continue;
      this.#byUrl.delete(url);
      void pool.destroy();
    }
  }
}
