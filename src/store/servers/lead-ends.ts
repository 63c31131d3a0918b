import type { Clock, Timer } from '../../kernel/index.ts';
import type { CacheEnd } from '../../contract/index.ts';

/** Nobody waits longer for another host's answer; a host that dies with the lead loses it then. */
export const LEASE_MS = 30_000;
/** How often it is asked whether a lead still stands: a leader that dies says nothing, and what is said can be lost. */
const LOOK_MS = 1_000;

/** What a host says where news is rung, when its lead ends. */
export const endWord = (digest: string, end: CacheEnd): string => `lead ${digest} ${end}`;

const WORD = /^lead ([0-9a-f]{1,64}) (over|private)$/;

/** The ends of other hosts' leads, for those that wait for them. */
export class LeadEnds {
  readonly #clock: Clock;
  readonly #byDigest = new Map<string, Set<LeadEnding>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called before it is asked who leads: what is told from then on is heard. */
  begin(digest: string): LeadEnding {
    const all = this.#byDigest.get(digest) ?? new Set();
    const ending = new LeadEnding(this.#clock, () => {
      all.delete(ending);
      if (all.size === 0 && this.#byDigest.get(digest) === all) this.#byDigest.delete(digest);
    });
    this.#byDigest.set(digest, all.add(ending));
    return ending;
  }

  /** False: it says nothing of a lead. */
  hear(word: string): boolean {
    const [, digest = '', end] = WORD.exec(word) ?? [];
    if (end === undefined) return false;
    for (const ending of this.#byDigest.get(digest) ?? []) ending.end(end as CacheEnd);
    return true;
  }

  close(): void {
    for (const all of this.#byDigest.values()) for (const ending of all) ending.end('over');
  }
}

/** The end of one lead. */
export class LeadEnding {
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  readonly #promise: Promise<CacheEnd>;
  #resolve: (end: CacheEnd) => void = () => {};
  #timer: Timer | null = null;
  #isOver = false;

  constructor(clock: Clock, onEnd: () => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** When it is told, when the lead no longer `stands` or cannot be asked for, or when it can stand no longer. */
  follow(stands: () => Promise<boolean>): Promise<CacheEnd> {
    this.#look(stands, this.#clock.monotonicMs() + LEASE_MS);
    return this.#promise;
  }

  end(end: CacheEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#onEnd();
    this.#resolve(end);
  }

  #look(stands: () => Promise<boolean>, untilMs: number): void {
    if (this.#isOver) return;
    this.#timer = this.#clock.after(LOOK_MS, () => {
      if (this.#clock.monotonicMs() >= untilMs) return this.end('over');
      stands().then(
        (isStanding) => (isStanding ? this.#look(stands, untilMs) : this.end('over')),
        () => this.end('over'),
      );
    });
  }
}
