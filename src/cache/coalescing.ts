import type { Clock, Timer } from '../kernel/index.ts';
import type { CacheEntry, CacheLead, CachePeers, CacheReach } from '../contract/index.ts';
import { Flights, WAIT_MS_MAX } from './flights.ts';
import type { Landed } from './flights.ts';
import type { RequestKey } from './request-key.ts';

type Leads = Pick<CachePeers, 'isAlone' | 'lead'>;

const ALONE: Leads = {
  isAlone: () => true,
  lead: async () => ({ kind: 'lead', release: async () => {} }),
};

/** A request that leads is sent to a model within this time, or another one leads. */
const DEPARTURE_MS = 1_000;

export interface Departure {
  readonly key: RequestKey;
  readonly id: string;
  readonly reach: CacheReach;
  /** Monotonic: it has waited already; null: it waits for half a minute. */
  readonly untilMs: number | null;
  /** What is stored by now. */
  readonly find: () => CacheEntry | null;
}

interface Departing {
  readonly lead: CacheLead | null;
  readonly timer: Timer;
}

/** Of requests that are the same at the same time, one goes to a model; the others wait for its answer. */
export class Coalescing {
  readonly #clock: Clock;
  readonly #port: Leads;
  readonly #flights: Flights;
  /** By decision: those that lead and have not been sent yet, then what those hold that have. */
  readonly #departing = new Map<string, Departing>();
  readonly #leads = new Map<string, CacheLead>();

  /** `port`: unset where there is nobody else. */
  constructor(clock: Clock, port: Leads = ALONE) {
    this.#clock = clock;
    this.#port = port;
    this.#flights = new Flights(clock);
  }

  /** The answer of the same request of this worker that is under way; null where there is none to wait for. */
  join(key: RequestKey): Promise<Landed> | null {
    return this.#flights.join(key);
  }

  /** Nobody else is there: there is nothing to wait for before a request departs. */
  isAlone(reach: CacheReach): boolean {
    return this.#port.isAlone(reach);
  }

  /** The request is about to go to a model. Null: it may; else the answer of the one that went. */
  async depart(departure: Departure): Promise<CacheEntry | null> {
    const { key, id, reach, find } = departure;
    const untilMs = departure.untilMs ?? this.#clock.monotonicMs() + WAIT_MS_MAX;
    while (this.#clock.monotonicMs() < untilMs) {
      const entry = find();
      if (entry !== null) {
        this.#flights.land(key, id, entry);
        return entry;
      }
      if (!this.#flights.lead(key, id)) {
        const flight = this.#flights.join(key);
        const landed = flight === null ? 'private' : await this.#within(untilMs, flight);
        if (landed === 'private') return null;
        if (landed !== null) return landed;
        continue;
      }
      const lead = await this.#port.lead(key.bytes, reach);
      if (lead.kind === 'lead') {
        // What ended while it was asked who leads has been heard by then.
        const stored = find();
        if (stored === null) {
          this.#hold(departure, lead);
        } else {
          this.#flights.land(key, id, stored);
          release(lead, stored);
        }
        return stored;
      }
      if ((await this.#within(untilMs, lead.ended)) === 'private') {
        this.#flights.land(key, id, 'private');
        return null;
      }
    }
    this.#hold(departure, null);
    return null;
  }

  /** It goes. */
  lead(key: RequestKey, id: string): void {
    this.#flights.lead(key, id);
    const departing = this.#departing.get(id);
    if (departing === undefined) return;
    this.#clock.cancel(departing.timer);
    this.#departing.delete(id);
    if (departing.lead !== null) this.#leads.set(id, departing.lead);
  }

  /**
   * The request of `id` has ended: with an answer for all; with one that is for nobody else, and then they all
   * go to a model; or with none, and then the next one does.
   */
  land(key: RequestKey, id: string, landed: Landed): void {
    this.#flights.land(key, id, landed);
    const lead = this.#leads.get(id);
    if (lead === undefined) return;
    this.#leads.delete(id);
    release(lead, landed);
  }

  #hold({ key, id }: Departure, lead: CacheLead | null): void {
    const timer = this.#clock.after(DEPARTURE_MS, () => {
      this.#departing.delete(id);
      this.#flights.land(key, id, null);
      if (lead !== null) release(lead, null);
    });
    this.#departing.set(id, { lead, timer });
  }

  #within<T>(untilMs: number, promise: Promise<T>): Promise<T | null> {
    return new Promise((resolve) => {
      const leftMs = Math.max(0, untilMs - this.#clock.monotonicMs());
      const timer = this.#clock.after(leftMs, () => resolve(null));
      const settle = (value: T): void => {
        this.#clock.cancel(timer);
        resolve(value);
      };
      void promise.then(settle);
    });
  }
}

function release(lead: CacheLead, landed: Landed): void {
  if (lead.kind === 'lead') void lead.release(landed === 'private' ? 'private' : 'over');
}
