import { fault } from '../kernel/index.ts';
import type { Clock, MaybeAsync, Timer } from '../kernel/index.ts';
import type { RateAmounts, SharedRate, SharedRates } from '../contract/index.ts';
import type { RateGrant, RateReport } from './rate-desk.ts';

/** How long a request waits for the keeper's answer. */
const ANSWER_TIMEOUT_MS = 2_000;
/** The keeper is not asked again sooner while it is short: others may have given something back by then. */
const SHORT_MS = 1_000;
/** How often what is not used goes back. */
const SWEEP_MS = 1_000;
/** The next slice is asked for when half of one is used, and is to last for so many times as much. */
const AHEAD = 4;
/** Requests that wait for one answer; more are told to come back. */
const WAITING_MAX = 10_000;

type Post = (report: RateReport) => void;

/** A worker's slices of the limits that workers share. */
export class RateSlices implements SharedRates {
  readonly #clock: Clock;
  readonly #post: Post;
  readonly #slices = new Map<string, RateSlice>();
  #sweep: Timer | null = null;

  constructor(clock: Clock, post: Post) {
    this.#clock = clock;
    this.#post = post;
  }

  of(name: string, limits: RateAmounts): SharedRate {
    const known = this.#slices.get(name);
    if (known !== undefined) {
      known.setLimits(limits);
      return known;
    }
    const slice = new RateSlice(name, limits, { clock: this.#clock, post: this.#post });
    this.#slices.set(name, slice);
    this.#sweep ??= this.#clock.after(SWEEP_MS, () => this.#returnIdle());
    return slice;
  }

  onGrant(grant: RateGrant): void {
    this.#slices.get(grant.name)?.onGrant(grant);
  }

  onKeeperLost(): void {
    for (const slice of this.#slices.values()) slice.onKeeperLost();
  }

  /** What is left goes back. */
  close(): void {
    if (this.#sweep !== null) this.#clock.cancel(this.#sweep);
    for (const slice of this.#slices.values()) slice.giveBack(0);
    this.onKeeperLost();
  }

  #returnIdle(): void {
    for (const slice of this.#slices.values()) slice.returnIdle();
    this.#sweep = this.#clock.after(SWEEP_MS, () => this.#returnIdle());
  }
}

interface Waiting {
  readonly resolve: (waitMs: number) => void;
  readonly reject: (error: Error) => void;
}

class RateSlice implements SharedRate {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #post: Post;
  #limits: RateAmounts;
  /** What may still be used; below zero where a request went ahead of the keeper's answer. */
  #requests = 0;
  #tokens = 0;
  /** Used and not yet reported. */
  #usedRequests = 0;
  #usedTokens = 0;
  /** Used since it was last looked for what is idle. */
  #recentRequests = 0;
  #recentTokens = 0;
  /** The last grant. */
  #granted = NOTHING;
  #isAsking = false;
  /** The limits of which was asked. */
  #asked: RateAmounts;
  /** A request has gone ahead, and the keeper's answer to that has not come. */
  #isAhead = false;
  /** The keeper has said that there will be one then; null: it is not known to be short. */
  #thereMs: number | null = null;
  #askAgainMs = 0;
  #waiting: Waiting[] = [];
  #timer: Timer | null = null;
  #isLost = false;

  constructor(
    name: string,
    limits: RateAmounts,
    { clock, post }: { readonly clock: Clock; readonly post: Post },
  ) {
    this.#name = name;
    this.#limits = limits;
    this.#asked = limits;
    this.#clock = clock;
    this.#post = post;
  }

  setLimits(limits: RateAmounts): void {
    const { requests, tokens } = this.#limits;
    if (limits.requests === requests && limits.tokens === tokens) return;
    this.#limits = limits;
    this.#thereMs = null;
    this.giveBack(0);
  }

  admit(): MaybeAsync<number> {
    if (this.#waiting.length === 0 && this.#requests >= 1) {
      this.#use(0);
      this.#askAhead();
      return 0;
    }
    if (this.#isLost) return Promise.reject(fault('BRS_KEEPER_LOST'));
    const waitMs = this.#shortForMs();
    if (waitMs > 0) return waitMs;
    if (this.#waiting.length >= WAITING_MAX) return SHORT_MS;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#askForWaiting();
    });
  }

  hasRoom(): boolean {
    if (this.#isCovered) return true;
    if (this.#thereMs === null) return !this.#isAhead;
    if (this.#shortForMs() === 0) this.#ask(1);
    return false;
  }

  roomAfterMs(): number {
    if (this.hasRoom()) return 0;
    return this.#thereMs === null ? 1 : Math.max(1, this.#thereMs - this.#clock.monotonicMs());
  }

  take(tokens: number): void {
    if (!this.#isCovered) this.#isAhead = true;
    this.#use(this.#limits.tokens === Infinity ? 0 : Math.ceil(tokens));
    if (this.#isCovered) this.#askAhead();
    else this.#ask(1);
  }

  onGrant({ granted, waitMs }: RateGrant): void {
    this.#isAsking = false;
    this.#requests += granted.requests;
    if (this.#limits.tokens !== Infinity) this.#tokens += granted.tokens;
    if (this.#asked !== this.#limits) {
      // It was granted of a limit that is no more.
      this.giveBack(0);
      this.#granted = NOTHING;
      this.#serve(0);
      return;
    }
    // What went ahead after the question was asked has not been told yet.
    this.#isAhead = this.#requests < 0 || this.#tokens < 0;
    this.#granted = granted;
    const nowMs = this.#clock.monotonicMs();
    this.#thereMs = waitMs > 0 ? nowMs + waitMs : null;
    this.#askAgainMs = nowMs + Math.min(waitMs, SHORT_MS);
    if (this.#isAhead) this.#ask(1);
    this.#serve(waitMs);
  }

  onKeeperLost(): void {
    this.#isLost = true;
    this.#giveUp();
  }

  /** Called again and again: what was not used since the last time goes back, but for a little ahead of what was. */
  returnIdle(): void {
    if (!this.#isAsking) this.giveBack(AHEAD);
    this.#recentRequests = 0;
    this.#recentTokens = 0;
  }

  /** Reports what was used, and gives back what is left beyond so many times what was used of late. */
  giveBack(ahead: number): void {
    const requests = Math.max(0, this.#requests - ahead * this.#recentRequests);
    const tokens = Math.max(0, this.#tokens - ahead * this.#recentTokens);
    if (requests + tokens + this.#usedRequests + this.#usedTokens === 0) return;
    this.#requests -= requests;
    this.#tokens -= tokens;
    this.#report({ requests, tokens }, null);
  }

  get #isCovered(): boolean {
    return this.#requests >= 1 && (this.#tokens > 0 || this.#limits.tokens === Infinity);
  }

  /** Until the keeper may have something; 0 where it may be asked. */
  #shortForMs(): number {
    if (this.#thereMs === null) return 0;
    const nowMs = this.#clock.monotonicMs();
    return nowMs < this.#askAgainMs ? Math.max(1, this.#thereMs - nowMs) : 0;
  }

  /** One request. */
  #use(tokens: number): void {
    this.#requests--;
    this.#usedRequests++;
    this.#recentRequests++;
    this.#tokens -= tokens;
    this.#usedTokens += tokens;
    this.#recentTokens += tokens;
  }

  #askAhead(): void {
    const { requests, tokens } = this.#granted;
    const isHalfUsed =
      (requests > 1 && this.#requests * 2 <= requests) ||
      (tokens > 1 && this.#tokens * 2 <= tokens);
    if (isHalfUsed && this.#thereMs === null) this.#ask(0);
  }

  #ask(need: number): void {
    if (this.#isAsking || this.#isLost) return;
    this.#isAsking = true;
    this.#asked = this.#limits;
    const requests = need + AHEAD * this.#usedRequests;
    this.#report(NOTHING, { need, want: { requests, tokens: AHEAD * this.#usedTokens } });
  }

  /** What was used beyond the slice is the keeper's to make up for. */
  #report(returned: RateAmounts, ask: RateReport['ask']): void {
    const used = { requests: this.#usedRequests, tokens: this.#usedTokens };
    this.#usedRequests = 0;
    this.#usedTokens = 0;
    this.#requests = Math.max(0, this.#requests);
    this.#tokens = Math.max(0, this.#tokens);
    this.#post({ name: this.#name, limits: this.#limits, used, returned, ask });
  }

  #serve(waitMs: number): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    let served = 0;
    while (served < waiting.length && this.#requests >= 1) {
      this.#use(0);
      waiting[served++]!.resolve(0);
    }
    this.#waiting = waitMs > 0 ? [] : waiting.slice(served);
    if (waitMs > 0) for (const { resolve } of waiting.slice(served)) resolve(waitMs);
    this.#stopTimer();
    if (this.#waiting.length > 0) this.#askForWaiting();
  }

  #askForWaiting(): void {
    this.#timer ??= this.#clock.after(ANSWER_TIMEOUT_MS, () => this.#giveUp());
    this.#ask(this.#waiting.length);
  }

  #giveUp(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#stopTimer();
    for (const { reject } of waiting) reject(fault('BRS_KEEPER_LOST'));
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = null;
  }
}

const NOTHING: RateAmounts = { requests: 0, tokens: 0 };
