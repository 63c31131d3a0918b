import type { Clock } from '../kernel/index.ts';
import type {
  BourseEvent,
  Engine,
  FlowController,
  ResponseSink,
  Upstream,
  UpstreamCall,
} from '../contract/index.ts';
import { openConnection } from './connection.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeOwner } from './exchange.ts';
import { KeyRotation } from './key-rotation.ts';
import { Pool } from './undici.ts';

const HEADER_BYTES_MAX = 32 * 1024;
/** Below the five seconds after which uvicorn and node close an idle connection. */
const KEEP_ALIVE_MS = 4_000;
const UNUSED_POOL_MS = 60_000;

export interface UpstreamOptions {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Connections per origin; further requests wait for one. */
  readonly connections?: number;
  /** For the headers of instances with several keys; unset: they use the first alone. */
  readonly engines?: readonly Engine[];
  readonly onEvent?: (event: BourseEvent) => void;
}

/** All that goes to one origin: a pool of connections, and how many answers are awaited. */
class Origin implements ExchangeOwner {
  readonly basePath: string;
  readonly #pool: Pool;
  readonly #clock: Clock;
  #pending = 0;
  /** When the last awaited answer was over. */
  #usedMs = 0;

  constructor(url: string, options: UpstreamOptions) {
    const parsed = new URL(url);
    this.basePath = parsed.pathname === '/' ? '' : parsed.pathname.replace(/\/$/, '');
    this.#clock = options.clock;
    this.#pool = new Pool(parsed.origin, {
      connections: options.connections ?? 1024,
      factory: openConnection,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: options.connectTimeoutMs },
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEADER_BYTES_MAX,
    });
  }

  send(call: UpstreamCall, sink: ResponseSink): FlowController {
    const exchange = new Exchange(call, sink, this);
    this.#pending++;
    this.#pool.dispatch(
      {
        path: this.basePath === '' ? call.path : this.basePath + call.path,
        method: 'POST',
        headers: call.headers as Record<string, string>,
        body: call.body,
      },
      exchange,
    );
    return exchange;
  }

  over(): void {
    this.#pending--;
    if (this.#pending === 0) this.#usedMs = this.#clock.monotonicMs();
  }

  isUnused(nowMs: number): boolean {
    return this.#pending === 0 && nowMs - this.#usedMs > UNUSED_POOL_MS;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/**
 * The way out of the process. It sets no deadline of its own but that of the connection: those of
 * an answer are the attempts' to keep. Origins that nobody calls any more are closed when another
 * one is opened, so that instances which come and go leave nothing behind.
 */
export function createUpstream(options: UpstreamOptions): Upstream & { close(): Promise<void> } {
  const origins = new Map<string, Origin>();

  function open(url: string): Origin {
    const nowMs = options.clock.monotonicMs();
    for (const [other, origin] of origins) {
      if (!origin.isUnused(nowMs)) continue;
      origins.delete(other);
      void origin.close();
    }
    const origin = new Origin(url, options);
    origins.set(url, origin);
    return origin;
  }

  const send = (call: UpstreamCall, sink: ResponseSink): FlowController => {
    const url = call.instance.url;
    return (origins.get(url) ?? open(url)).send(call, sink);
  };
  const { clock, engines, onEvent } = options;
  const rotation =
    engines === undefined
      ? null
      : new KeyRotation({ clock, engines, ...(onEvent !== undefined && { onEvent }) });

  return {
    dispatch: (call, sink) =>
      call.instance.moreApiKeys === undefined || rotation === null
        ? send(call, sink)
        : rotation.send(call, sink, send),
    async close() {
      const all = [...origins.values()];
      origins.clear();
      await Promise.all(all.map((origin) => origin.close()));
    },
  };
}
