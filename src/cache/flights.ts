import type { Clock } from '../kernel/index.ts';
import type { CacheEntry } from '../contract/index.ts';
import type { RequestKey } from './request-key.ts';

/**
 * What came of a request that others wait for: its answer; `private`: it has one that is not for others, and
 * so will theirs be; null: none, and who hears it asks a model itself.
 */
export type Landed = CacheEntry | 'private' | null;

type Landing = (landed: Landed) => void;

interface Flight {
  readonly key: RequestKey;
  /** The request that is being answered; null: one was sent on and has not begun yet. */
  leader: string | null;
  readonly waiting: Landing[];
}

/** Nobody waits longer for another request's answer. */
export const WAIT_MS_MAX = 30_000;
/** A request that was sent on takes the lead within this time, or those behind it are sent on too. */
const HANDOVER_MS = 1_000;
const WAITING_MAX = 1_024;

/** Requests that are the same while the first of them is being answered: the rest wait for that answer. */
export class Flights {
  readonly #clock: Clock;
  /** By scope, then by hash: two requests of one hash, which a client can make, are never of two scopes. */
  readonly #scopes = new Map<string, Map<number, Flight>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The answer of the same request that is under way; null where there is none to wait for. */
  join(key: RequestKey): Promise<Landed> | null {
    const flight = this.#of(key);
    if (flight === null || flight.waiting.length >= WAITING_MAX) return null;
    return new Promise((resolve) => {
      const land: Landing = (landed) => {
        this.#clock.cancel(timer);
        resolve(landed);
      };
      const timer = this.#clock.after(WAIT_MS_MAX, () => {
        const place = flight.waiting.indexOf(land);
        if (place >= 0) flight.waiting.splice(place, 1);
        resolve(null);
      });
      flight.waiting.push(land);
    });
  }

  /** The request goes to a model. False: another one that is the same has gone, or nothing can be said. */
  lead(key: RequestKey, id: string): boolean {
    const flight = this.#of(key);
    if (flight !== null) return (flight.leader ??= id) === id;
    const flights = this.#flightsOf(key);
    if (flights.has(key.hash)) return false;
    flights.set(key.hash, { key, leader: id, waiting: [] });
    return true;
  }

  /** The request of `id` has ended. With no answer the next one goes to a model, and the rest wait for that one. */
  land(key: RequestKey, id: string, landed: Landed): void {
    const flight = this.#of(key);
    if (flight === null || flight.leader !== id) return;
    const flights = this.#flightsOf(key);
    if (landed !== null || flight.waiting.length === 0) {
      flights.delete(key.hash);
      for (const land of flight.waiting) land(landed);
      return;
    }
    flight.leader = null;
    flight.waiting.shift()!(null);
    this.#clock.after(HANDOVER_MS, () => {
      if (flight.leader !== null || flights.get(key.hash) !== flight) return;
      flights.delete(key.hash);
      for (const land of flight.waiting) land(null);
    });
  }

  #flightsOf({ scope }: RequestKey): Map<number, Flight> {
    let flights = this.#scopes.get(scope);
    if (flights === undefined) {
      flights = new Map();
      this.#scopes.set(scope, flights);
    }
    return flights;
  }

  #of({ scope, hash, bytes }: RequestKey): Flight | null {
    const flight = this.#scopes.get(scope)?.get(hash);
    return flight !== undefined && flight.key.bytes.equals(bytes) ? flight : null;
  }
}
