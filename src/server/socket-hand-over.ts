import type { Clock, Timer } from '../kernel/index.ts';

/** A connection that was accepted here and is served elsewhere: nothing of it is read here. */
export interface HandedSocket {
  /** Closes the copy of this process. */
  destroy(): unknown;
}

/**
 * Sends a socket with its number to a worker, and leaves the copy here open. Where it cannot be sent,
 * or is lost on the way, the seat's `leave` follows.
 */
export type Give<S> = (number: number, socket: S) => void;

/** A worker's place among those that sockets are given to. */
export interface Seat {
  /** The worker has the socket of this number, of which nothing was read before, and so many open in all. */
  took(number: number, connections: number): void;
  /** So many are open. */
  holds(connections: number): void;
  /** Its line is read to the end: what it has not said to have, it never had. */
  leave(): void;
}

/** How long a connection waits for a free worker, or for the worker to take it. */
export const HAND_OVER_MS = 10_000;
const LOOK_MS = 1_000;

interface Waiting<S> {
  readonly socket: S;
  readonly dueMs: number;
}

interface Place<S> {
  readonly give: Give<S>;
  connections: number;
  /** Sent, and not yet taken. */
  given: Waiting<S> | null;
  number: number;
  /** It has not taken what it was given in time: it gets nothing until it says something. */
  isSilent: boolean;
}

/**
 * Hands accepted sockets to workers, so that somebody who can close it holds each of them at any time:
 * the copy here stays open until the worker says that it has the socket, and what a worker leaves
 * untaken when it ends goes to another one. A worker is given one at a time, the one with the fewest
 * connections first. While no worker is free sockets wait in order, and are closed after `HAND_OVER_MS`.
 */
export class SocketHandOver<S extends HandedSocket> {
  readonly #clock: Clock;
  readonly #places: Place<S>[] = [];
  #waiting: Waiting<S>[] = [];
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(socket: S): void {
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    this.#waiting.push({ socket, dueMs: this.#clock.monotonicMs() + HAND_OVER_MS });
    this.#pump();
  }

  join(give: Give<S>): Seat {
    const place: Place<S> = { give, connections: 0, given: null, number: 0, isSilent: false };
    this.#places.push(place);
    this.#pump();
    return {
      took: (number, connections) => {
        if (place.given !== null && number === place.number) {
          place.given.socket.destroy();
          place.given = null;
        }
        this.#hear(place, connections);
      },
      holds: (connections) => {
        if (place.given === null) this.#hear(place, connections);
      },
      leave: () => this.#leave(place),
    };
  }

  /** What waits is closed, and nothing more is handed over. */
  close(): void {
    this.#isClosed = true;
    for (const { socket } of this.#waiting) socket.destroy();
    this.#waiting = [];
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
  }

  #hear(place: Place<S>, connections: number): void {
    place.connections = connections;
    place.isSilent = false;
    this.#pump();
  }

  #leave(place: Place<S>): void {
    const at = this.#places.indexOf(place);
    if (at < 0) return;
    this.#places.splice(at, 1);
    const { given } = place;
    if (given === null) return;
    place.given = null;
    if (this.#isClosed) given.socket.destroy();
    else this.#waiting.unshift(given);
    this.#pump();
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      const place = this.#freest();
      if (place === null) break;
      const given = this.#waiting.shift()!;
      place.given = given;
      place.connections++;
      place.give(++place.number, given.socket);
    }
    this.#watch();
  }

  #freest(): Place<S> | null {
    let best: Place<S> | null = null;
    for (const place of this.#places) {
      if (place.given !== null || place.isSilent) continue;
      if (best === null || place.connections < best.connections) best = place;
    }
    return best;
  }

  #watch(): void {
    if (this.#timer !== null || this.#isClosed) return;
    if (this.#waiting.length === 0 && this.#places.every(({ given }) => given === null)) return;
    this.#timer = this.#clock.after(LOOK_MS, () => {
      this.#timer = null;
      this.#closeOverdue(this.#clock.monotonicMs());
      this.#watch();
    });
  }

  #closeOverdue(nowMs: number): void {
    for (const place of this.#places) {
      if (place.given === null || place.given.dueMs > nowMs) continue;
      place.given.socket.destroy();
      place.given = null;
      place.isSilent = true;
    }
    this.#waiting = this.#waiting.filter(({ socket, dueMs }) => {
      if (dueMs > nowMs) return true;
      socket.destroy();
      return false;
    });
  }
}
