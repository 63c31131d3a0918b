import type { Clock, InstanceId, MaybeAsync, Timer } from '../kernel/index.ts';
import { isPromise } from '../kernel/index.ts';
import { isRefusal } from '../contract/index.ts';
import type {
  Bid,
  Decision,
  FlowRelay,
  LocalLoad,
  QueueRule,
  Recovery,
} from '../contract/index.ts';

/** With so little work before it a request goes out: on its way, the instance must not run dry. */
const LEAD_MS = 30;
/** Those who wait are looked at again after so long at most, and no sooner than this. */
const LOOK_MS_MAX = 50;
const LOOK_MS_MIN = 2;
/** So many that find no place, and those behind them are not looked at. */
const MISSES_MAX = 16;
/** More are not held: they go out as if there were no queue. */
const HELD_MAX = 10_000;

/** Asks the market again, as things stand. */
export type AskAgain = (decision: Decision) => MaybeAsync<Decision>;

/** What is known of the client that waits. */
type Waiting = Pick<FlowRelay, 'isAborted'>;

interface Held {
  readonly decision: Decision;
  readonly again: AskAgain;
  /** Monotonic: the place in the queue. */
  readonly key: number;
  readonly untilMs: number;
  readonly flow: Waiting | undefined;
  readonly release: (decision: MaybeAsync<Decision>) => void;
}

/**
 * Requests whose winner has work before it wait here and not there, so that nothing is lost by choosing late: who goes next, and where,
 * is decided when a place is about to be free. Where shorter prompts go first, a request counts as come `patience` times its own prefill
 * time later than it has: none that comes after that passes it.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #load: LocalLoad;
  readonly #reserved: ReservedLoad;
  readonly #held: Held[] = [];
  #timer: Timer | null = null;
  #isLooking = false;

  constructor(clock: Clock, load: LocalLoad) {
    this.#clock = clock;
    this.#load = load;
    this.#reserved = new ReservedLoad(load);
  }

  /** What quotes read: with those who go first, while those behind them are looked at. */
  get load(): LocalLoad {
    return this.#isLooking ? this.#reserved : this.#load;
  }

  /** The decision, or the one that stands when it is its turn. */
  take(decision: Decision, again: AskAgain, flow?: Waiting): MaybeAsync<Decision> {
    const rule = decision.mandate?.queue;
    if (rule === undefined) return decision;
    const winner = winnerOf(decision);
    if (winner === null || this.#held.length >= HELD_MAX) return decision;
    if (this.#held.length === 0 && isFree(winner)) return decision;
    return new Promise<Decision>((resolve) => {
      const { startedMs } = decision.workload;
      const untilMs = startedMs + rule.maxMs;
      const key = placeOf(rule, startedMs, winner);
      this.#insert({ decision, again, key, untilMs, flow, release: resolve });
      this.#look();
    });
  }

  #insert(held: Held): void {
    let at = this.#held.length;
    while (at > 0 && held.key < this.#held[at - 1]!.key) at--;
    this.#held.splice(at, 0, held);
  }

  /** Those whose clients have left wait for nothing, and must not stand in the way of others. */
  #letGo(): void {
    let kept = 0;
    for (const held of this.#held) {
      if (held.flow?.isAborted === true) held.release(held.decision);
      else this.#held[kept++] = held;
    }
    this.#held.length = kept;
  }

  /** In the order of the queue: who has a free place goes, who has none keeps one for those behind from counting on it. */
  #look(): void {
    this.#letGo();
    const nowMs = this.#clock.monotonicMs();
    let nextMs = LOOK_MS_MAX;
    this.#isLooking = true;
    try {
      for (let i = 0; i < this.#held.length && i < MISSES_MAX;) {
        const held = this.#held[i]!;
        const decision = ask(held);
        const winner = isPromise(decision) ? null : winnerOf(decision);
        if (winner === null || isFree(winner) || nowMs >= held.untilMs) {
          this.#held.splice(i, 1);
          held.release(decision);
        } else {
          nextMs = Math.min(nextMs, winner.backlogMs! - LEAD_MS);
          i++;
        }
        if (winner !== null) this.#reserved.add(winner);
      }
    } finally {
      this.#isLooking = false;
      this.#reserved.clear();
    }
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = null;
    if (this.#held.length === 0) return;
    this.#timer = this.#clock.after(Math.max(LOOK_MS_MIN, nextMs), () => {
      this.#timer = null;
      this.#look();
    });
  }
}

/** What throws is the request's own end, not that of those behind it. */
function ask({ decision, again }: Held): MaybeAsync<Decision> {
  try {
    return again(decision);
  } catch (error) {
    return Promise.reject(error);
  }
}

function winnerOf({ result }: Decision): Bid | null {
  return isRefusal(result) ? null : result.ranked[0]!;
}

const isFree = ({ backlogMs }: Bid): boolean => !((backlogMs ?? 0) > LEAD_MS);

function placeOf({ order, patience }: QueueRule, startedMs: number, winner: Bid): number {
  return order === 'arrival' ? startedMs : startedMs + patience * (winner.prefillMs ?? 0);
}

/** A worker's own load, with requests that are about to be added to it. */
class ReservedLoad implements LocalLoad {
  readonly #load: LocalLoad;
  readonly #requests = new Map<InstanceId, number>();
  readonly #tokens = new Map<InstanceId, number>();

  constructor(load: LocalLoad) {
    this.#load = load;
  }

  inFlight(instance: InstanceId): number {
    return this.#load.inFlight(instance) + (this.#requests.get(instance) ?? 0);
  }

  pendingTokens(instance: InstanceId): number {
    return this.#load.pendingTokens(instance) + (this.#tokens.get(instance) ?? 0);
  }

  isAvailable(instance: InstanceId): boolean {
    return this.#load.isAvailable(instance);
  }

  recovery(instance: InstanceId): Recovery {
    return this.#load.recovery?.(instance) ?? { afterMs: LOOK_MS_MAX, isLimited: false };
  }

  add({ instance: { id }, promptTokens, cachedTokens }: Bid): void {
    this.#requests.set(id, (this.#requests.get(id) ?? 0) + 1);
    this.#tokens.set(id, (this.#tokens.get(id) ?? 0) + promptTokens - cachedTokens);
  }

  clear(): void {
    this.#requests.clear();
    this.#tokens.clear();
  }
}
