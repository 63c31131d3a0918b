import type { Clock } from '../kernel/index.ts';
import type { CacheEntry } from '../contract/index.ts';
import type { RequestKey } from './request-key.ts';

/** Null: no answer came of it; who waited asks a model itself. */
type Landing = (entry: CacheEntry | null) => void;

interface Flight {
  readonly key: RequestKey;
  /** The request that is being answered; null: one was sent on and has not begun yet. */
  leader: string | null;
  readonly waiting: Landing[];
}

/** Nobody waits longer for another request's answer. */
const WAIT_MS_MAX = 30_000;
/** A request that was sent on takes the lead within this time, or those behind it are sent on too. */
const HANDOVER_MS = 1_000;
const WAITING_MAX = 1_024;

/** Requests that are the same while the first of them is being answered: the rest wait for that answer. */
export class Flights {
  readonly #clock: Clock;
  readonly #byHash = new Map<number, Flight>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The answer of the same request that is under way; null where there is none to wait for. */
  join(key: RequestKey): Promise<CacheEntry | null> | null {
    const flight = this.#of(key);
    if (flight === null || flight.waiting.length >= WAITING_MAX) return null;
    return new Promise((resolve) => {
      const land: Landing = (entry) => {
        this.#clock.cancel(timer);
        resolve(entry);
      };
      const timer = this.#clock.after(WAIT_MS_MAX, () => {
        const place = flight.waiting.indexOf(land);
        if (place >= 0) flight.waiting.splice(place, 1);
        resolve(null);
      });
      flight.waiting.push(land);
    });
  }

  /** The request goes to a model. */
  lead(key: RequestKey, id: string): void {
    const flight = this.#of(key);
    if (flight === null) {
      if (!this.#byHash.has(key.hash)) this.#byHash.set(key.hash, { key, leader: id, waiting: [] });
    } else {
      flight.leader ??= id;
    }
  }

  /** The request of `id` has ended: with an answer for all, or with none, and then the next one goes to a model. */
  land(key: RequestKey, id: string, entry: CacheEntry | null): void {
    const flight = this.#of(key);
    if (flight === null || flight.leader !== id) return;
    if (entry !== null || flight.waiting.length === 0) {
      this.#byHash.delete(key.hash);
      for (const land of flight.waiting) land(entry);
      return;
    }
    flight.leader = null;
    flight.waiting.shift()!(null);
    this.#clock.after(HANDOVER_MS, () => {
      if (flight.leader !== null || this.#byHash.get(key.hash) !== flight) return;
      this.#byHash.delete(key.hash);
      for (const land of flight.waiting) land(null);
    });
  }

  #of({ hash, bytes }: RequestKey): Flight | null {
    const flight = this.#byHash.get(hash);
    return flight !== undefined && flight.key.bytes.equals(bytes) ? flight : null;
  }
}
