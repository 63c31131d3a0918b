import { createHash } from 'node:crypto';
import type { Clock } from '../kernel/index.ts';
import type { CacheEnd, CacheEntry, CacheLead, CachePeers, CacheReach } from '../contract/index.ts';
import type { NearestAsk } from '../contract/index.ts';
import { PendingCalls } from './pending-calls.ts';
import type { LeadStanding, ToKeeper, ToWorker } from './protocol.ts';

export interface CacheCallsPort {
  readonly clock: Clock;
  readonly post: (message: ToKeeper) => void;
  /** How many workers there are besides. */
  readonly peers: () => number;
}

/** A keeper that takes longer is not waited for. */
const ANSWER_MS_MAX = 240;
const GRACE_MS = 10;

/** A worker's questions to the keeper: which of those that ask the same leads, and what the store has. */
export class CacheCalls implements CachePeers {
  readonly #port: CacheCallsPort;
  readonly #calls = new Map<number, (standing: LeadStanding) => void>();
  readonly #following = new Map<number, (end: CacheEnd) => void>();
  readonly #near: PendingCalls<readonly CacheEntry[]>;
  #count = 0;
  #isLost = false;

  constructor(port: CacheCallsPort) {
    this.#port = port;
    this.#near = new PendingCalls(port.clock, ANSWER_MS_MAX);
  }

  isAlone(reach: CacheReach): boolean {
    return this.#isLost || (reach === 'host' && this.#port.peers() === 0);
  }

  lead(key: Uint8Array, reach: CacheReach): Promise<CacheLead> {
    const { clock, post } = this.#port;
    const call = this.#count++;
    const digest = createHash('sha256').update(key).digest('hex');
    return new Promise((resolve) => {
      const answer = (standing: LeadStanding): void => {
        clock.cancel(timer);
        this.#calls.delete(call);
        if (standing === 'follow') {
          const ended = new Promise<CacheEnd>((end) => this.#following.set(call, end));
          return resolve({ kind: 'follow', ended });
        }
        const release = async (end: CacheEnd): Promise<void> =>
          post({ kind: 'release', call, digest, end });
        resolve({ kind: 'lead', release });
      };
      // A worker that was busy for so long finds its timer due before it has looked at what came meanwhile.
      let timer = clock.after(ANSWER_MS_MAX, () => {
        timer = clock.after(GRACE_MS, () => answer('lead'));
      });
      this.#calls.set(call, answer);
      post({ kind: 'lead', ask: { call, digest, reach } });
    });
  }

  nearest(ask: NearestAsk): Promise<readonly CacheEntry[]> {
    return this.#near.ask((call) => this.#port.post({ kind: 'near', call, ask })).catch(() => []);
  }

  hear(message: Extract<ToWorker, { kind: 'lead' | 'near' }>): void {
    if (message.kind === 'near') this.#near.answer(message.call, message.entries);
    else this.#onStanding(message.call, message.standing);
  }

  #onStanding(call: number, standing: LeadStanding): void {
    if (standing === 'lead' || standing === 'follow') {
      this.#calls.get(call)?.(standing);
      return;
    }
    this.#following.get(call)?.(standing);
    this.#following.delete(call);
  }

  /** The keeper is lost: all go by themselves. */
  fail(): void {
    this.#isLost = true;
    this.#near.fail();
    for (const answer of this.#calls.values()) answer('lead');
    for (const end of this.#following.values()) end('over');
    this.#following.clear();
  }
}
