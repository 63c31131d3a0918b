import type { Clock } from '../kernel/index.ts';
import type { RateAmounts } from '../contract/index.ts';

/** What a worker has used and gives back of a limit, and what it asks of it. */
export interface RateReport {
  readonly name: string;
  readonly limits: RateAmounts;
  /** More than was granted where requests went ahead of the answer. */
  readonly used: RateAmounts;
  readonly returned: RateAmounts;
  /** Null: nothing is asked for. */
  readonly ask: RateAsk | null;
}

export interface RateAsk {
  /** Requests that cannot go on without; 0 where the worker looks ahead. */
  readonly need: number;
  /** What it would like, `need` included. */
  readonly want: RateAmounts;
}

export interface RateGrant {
  readonly name: string;
  readonly granted: RateAmounts;
  /** How long until there is one more request; 0 where all that was needed is granted. */
  readonly waitMs: number;
}

interface Bucket {
  readonly requests: Level;
  readonly tokens: Level;
  filledMs: number;
}

const MINUTE_MS = 60_000;
/** A worker's slice is at most what is left over so many times the number of workers, beyond its need. */
const SLICE_SHARE = 2;
/** Above this many limits, those that are full are forgotten. */
const BUCKETS_MAX = 4_096;

/**
 * The limits that workers share, a bucket for each. What is there is granted at once, and what is not is
 * refused with the time until it is. What workers hold has its place in the bucket, so that no more is
 * used than one worker could with a bucket to itself; what a lost one held comes back as it fills.
 */
export class RateDesk {
  readonly #clock: Clock;
  readonly #workers: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** `workers`: how many there are to share with. */
  constructor(clock: Clock, workers: () => number) {
    this.#clock = clock;
    this.#workers = workers;
  }

  /** Null where nothing was asked for. */
  take(session: number, { name, limits, used, returned, ask }: RateReport): RateGrant | null {
    const { requests, tokens } = this.#bucketOf(name, limits);
    requests.settle(session, used.requests, returned.requests);
    tokens.settle(session, used.tokens, returned.tokens);
    if (ask === null) return null;
    const share = 1 / (SLICE_SHARE * Math.max(1, this.#workers()));
    // One token is enough to go on with: a request may take more than there is.
    const offered = tokens.offer(1, ask.want.tokens, share);
    if (offered === 0) return { name, granted: NOTHING, waitMs: tokens.untilOneMs };
    const granted = {
      requests: requests.offer(ask.need, ask.want.requests, share),
      tokens: offered,
    };
    requests.grant(session, granted.requests);
    if (granted.requests < ask.need) return { name, granted, waitMs: requests.untilOneMs };
    tokens.grant(session, granted.tokens);
    return { name, granted, waitMs: 0 };
  }

  /** A worker is gone. */
  forget(session: number): void {
    for (const bucket of this.#buckets.values()) {
      this.#fill(bucket);
      bucket.requests.forget(session);
      bucket.tokens.forget(session);
    }
  }

  #bucketOf(name: string, limits: RateAmounts): Bucket {
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      this.#trim();
      const filledMs = this.#clock.monotonicMs();
      bucket = { requests: new Level(), tokens: new Level(), filledMs };
      this.#buckets.set(name, bucket);
    }
    this.#fill(bucket);
    bucket.requests.limitTo(limits.requests);
    bucket.tokens.limitTo(limits.tokens);
    return bucket;
  }

  /** Up to this moment, before anything changes: what is held leaves less room to fill. */
  #fill(bucket: Bucket): void {
    const nowMs = this.#clock.monotonicMs();
    const minutes = (nowMs - bucket.filledMs) / MINUTE_MS;
    bucket.filledMs = nowMs;
    bucket.requests.fill(minutes);
    bucket.tokens.fill(minutes);
  }

  #trim(): void {
    if (this.#buckets.size < BUCKETS_MAX) return;
    for (const [name, bucket] of this.#buckets) {
      this.#fill(bucket);
      if (bucket.requests.isFull && bucket.tokens.isFull) this.#buckets.delete(name);
    }
  }
}

const NOTHING: RateAmounts = { requests: 0, tokens: 0 };

/** One quantity of a bucket. It starts full. */
class Level {
  readonly #held = new Map<number, number>();
  #heldInAll = 0;
  #max = Infinity;
  /** Below zero where more was used than was there. Infinity where there is no limit. */
  #left = Infinity;

  get isFull(): boolean {
    return this.#heldInAll === 0 && this.#left >= this.#max;
  }

  /** Milliseconds until one is there. */
  get untilOneMs(): number {
    return Math.max(1, ((1 - this.#left) * MINUTE_MS) / this.#max);
  }

  fill(minutes: number): void {
    if (this.#max === Infinity) return;
    const room = Math.max(0, this.#max - this.#heldInAll);
    this.#left = Math.min(room, this.#left + this.#max * minutes);
  }

  /** What was left of a higher limit is cut. */
  limitTo(max: number): void {
    if (max === this.#max) return;
    this.#max = max;
    if (max === Infinity) this.#left = max;
    else this.fill(0);
  }

  settle(session: number, used: number, returned: number): void {
    const held = this.#held.get(session) ?? 0;
    const free = Math.min(returned, held);
    const covered = Math.min(used, held - free);
    this.#hold(session, held - free - covered);
    this.#left += free - (used - covered);
  }

  /** A whole amount: of the need what there is, and of the rest a share of what is left. */
  offer(need: number, want: number, share: number): number {
    if (this.#max === Infinity) return Math.max(need, want);
    const ahead = Math.max(0, Math.min(want - need, this.#left * share));
    return Math.max(0, Math.floor(Math.min(this.#left, need + ahead)));
  }

  grant(session: number, amount: number): void {
    if (this.#max === Infinity) return;
    this.#left -= amount;
    this.#hold(session, (this.#held.get(session) ?? 0) + amount);
  }

  /** What it held counts as used. */
  forget(session: number): void {
    this.#hold(session, 0);
  }

  #hold(session: number, amount: number): void {
    this.#heldInAll += amount - (this.#held.get(session) ?? 0);
    if (amount > 0) this.#held.set(session, amount);
    else this.#held.delete(session);
  }
}
