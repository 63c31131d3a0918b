import type { Clock } from '../kernel/index.ts';
import type {
  BourseEvent,
  Engine,
  FlowController,
  Instance,
  ResponseSink,
  UpstreamCall,
} from '../contract/index.ts';
import { readRetryAfter } from '../wire/index.ts';

/** How long a key is left alone that was refused, or rate-limited without a word of when to come back. */
const REFUSED_MS = 600_000;
const LIMITED_MS = 15_000;
/** Each further time doubles it, up to this. */
const COOLDOWN_MS_MAX = 3_600_000;

/** One key of an instance. */
interface KeyState {
  readonly headers: Readonly<Record<string, string>>;
  /** Monotonic time from which it may be used again. */
  freeAtMs: number;
  /** How long it was left alone last; 0 where it has served since. */
  cooledForMs: number;
}

export interface KeyRotationOptions {
  readonly clock: Clock;
  readonly engines: readonly Engine[];
  readonly onEvent?: (event: BourseEvent) => void;
}

type Send = (call: UpstreamCall, sink: ResponseSink) => FlowController;

/**
 * The keys of instances that have several. One is used until its provider refuses or rate-limits it;
 * then it is left alone for a while and the same request goes out with the next, which the attempt does
 * not hear of. What the last free key is told is the instance's answer.
 */
export class KeyRotation {
  readonly #options: KeyRotationOptions;
  readonly #keys = new WeakMap<Instance, readonly KeyState[]>();

  constructor(options: KeyRotationOptions) {
    this.#options = options;
  }

  /** Sends the call with a free key; the next ones stand behind it. */
  send(call: UpstreamCall, sink: ResponseSink, send: Send): FlowController {
    return new RotatedExchange(this, call, sink, send);
  }

  /** The call with the key that is free, or will be soonest; null where every other one has been tried. */
  next(call: UpstreamCall, tried: ReadonlySet<KeyState>): readonly [UpstreamCall, KeyState] | null {
    const nowMs = this.#options.clock.monotonicMs();
    const keys = this.#keysOf(call.instance);
    let best: KeyState | null = null;
    for (const key of keys) {
      if (tried.has(key) || (tried.size > 0 && key.freeAtMs > nowMs)) continue;
      if (key.freeAtMs <= nowMs) {
        best = key;
        break;
      }
      if (best === null || key.freeAtMs < best.freeAtMs) best = key;
    }
    if (best === null) return null;
    return [{ ...call, headers: { ...call.headers, ...best.headers } }, best];
  }

  /** Whether the answer speaks against the key, which is then left alone. */
  isAgainst(
    instance: Instance,
    key: KeyState,
    status: number,
    headers: Readonly<Record<string, string>>,
  ): boolean {
    // A 403 can be what a provider thinks of one client's words: it must not cost everybody the key.
    const isRefused = status === 401 || status === 402;
    if (!isRefused && status !== 429) {
      if (status < 400) key.cooledForMs = 0;
      return false;
    }
    const askedMs = isRefused ? null : readRetryAfter(headers);
    const least = isRefused ? REFUSED_MS : LIMITED_MS;
    const forMs = askedMs ?? Math.min(COOLDOWN_MS_MAX, Math.max(least, key.cooledForMs * 2));
    key.cooledForMs = forMs;
    key.freeAtMs = this.#options.clock.monotonicMs() + forMs;
    const place = this.#keysOf(instance).indexOf(key) + 1;
    const because = isRefused ? 'refused' : 'rate-limited';
    this.#options.onEvent?.({ kind: 'key-rested', instance: instance.id, place, because, forMs });
    return true;
  }

  /**
   * What the instance asks for when the last of its keys does: to be left alone until one of them may be
   * used again. As the server gave it where it does not ask.
   */
  headersOf(
    instance: Instance,
    headers: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>> {
    if (readRetryAfter(headers) === null) return headers;
    const nowMs = this.#options.clock.monotonicMs();
    let restMs = Infinity;
    for (const { freeAtMs } of this.#keysOf(instance)) {
      restMs = Math.min(restMs, Math.max(0, freeAtMs - nowMs));
    }
    return { ...headers, 'retry-after-ms': String(Math.ceil(restMs)) };
  }

  #keysOf(instance: Instance): readonly KeyState[] {
    let keys = this.#keys.get(instance);
    if (keys === undefined) {
      const engine = this.#options.engines.find(({ kind }) => kind === instance.engine);
      keys = [instance.apiKey, ...(instance.moreApiKeys ?? [])].map((apiKey) => ({
        headers: engine?.headers({ ...instance, apiKey }) ?? {},
        freeAtMs: 0,
        cooledForMs: 0,
      }));
      this.#keys.set(instance, keys);
    }
    return keys;
  }
}

/** One request, with one key after the other until one is heard. */
class RotatedExchange implements FlowController {
  readonly #rotation: KeyRotation;
  readonly #call: UpstreamCall;
  readonly #sink: ResponseSink;
  readonly #send: Send;
  readonly #tried = new Set<KeyState>();
  #flow: FlowController | null = null;
  #isOver = false;

  constructor(rotation: KeyRotation, call: UpstreamCall, sink: ResponseSink, send: Send) {
    this.#rotation = rotation;
    this.#call = call;
    this.#sink = sink;
    this.#send = send;
    this.#go();
  }

  /** A key that was refused has cost nothing, but who knows. */
  get isSent(): boolean {
    return this.#tried.size > 1 || this.#flow?.isSent === true;
  }

  pause(): void {
    this.#flow?.pause();
  }

  resume(): void {
    this.#flow?.resume();
  }

  abort(): void {
    this.#isOver = true;
    this.#flow?.abort();
  }

  /** False where no key is left. */
  #go(): boolean {
    const next = this.#rotation.next(this.#call, this.#tried);
    if (next === null || this.#isOver) return false;
    const [call, key] = next;
    this.#tried.add(key);
    this.#flow = this.#send(call, this.#listener(key));
    return true;
  }

  #listener(key: KeyState): ResponseSink {
    const sink = this.#sink;
    let isDropped = false;
    return {
      onStart: (status, given, flow) => {
        const { instance } = this.#call;
        let headers = given;
        if (this.#rotation.isAgainst(instance, key, status, given)) {
          isDropped = this.#go();
          if (isDropped) {
            flow.abort();
            return;
          }
          headers = this.#rotation.headersOf(instance, given);
        }
        this.#flow = flow;
        sink.onStart(status, headers, flow);
      },
      onData: (chunk) => isDropped || sink.onData(chunk),
      onEnd: () => {
        if (!isDropped) sink.onEnd();
      },
      onError: (error) => {
        if (!isDropped) sink.onError(error);
      },
    };
  }
}
