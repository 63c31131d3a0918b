import { randomBytes } from 'node:crypto';
import type { Clock, InstanceId, Rng } from '../kernel/index.ts';
import { BID_HEADERS } from '../contract/index.ts';
import type { BidDesk, BidMissCause, BidQuestion, BidReplies } from '../contract/index.ts';
import type { BidEndpoint, BourseEvent, ExternalQuote, MarketConfig } from '../contract/index.ts';
import { BidExchange } from './bid-exchange.ts';
import type { BidAnswer } from './bid-exchange.ts';
import { BidOrigins } from './bid-origins.ts';
import { readQuote } from './bid-quote.ts';
import { isSameSignature, signatureOf, STAMP_AGE_MAX_MS } from './bid-signature.ts';
import type { BidStamp } from './bid-signature.ts';
import { createBreakers } from './breakers.ts';

export interface BidDeskOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Read at every round, so that a reloaded policy applies. */
  readonly config: () => Pick<MarketConfig, 'bidDeadlineMs' | 'bidsOutstanding'>;
  readonly onEvent: (event: BourseEvent) => void;
  /** Runs something after so many milliseconds; returns what calls it off. Unset: the system's timers, which are finer than the clock's. */
  readonly after?: (delayMs: number, run: () => void) => () => void;
}

/** A bidder that misses so many questions in a row is left alone, for longer each time. */
const SILENCE = { failures: 3, openMs: 1_000, openMsMax: 60_000 };
type Verdict =
  | { readonly kind: 'quote'; readonly quote: ExternalQuote | null }
  | { readonly kind: 'missed'; readonly cause: BidMissCause };

/** Asks bidders for quotes: all of a round at once, each by a signed POST, until its deadline. */
export function createBidDesk(options: BidDeskOptions): BidDesk & { close(): Promise<void> } {
  const { clock, rng, config, onEvent, after = afterTimeout } = options;
  const origins = new BidOrigins(() => config().bidsOutstanding);
  const silence = createBreakers({
    clock,
    rng,
    config: () => SILENCE,
    onEvent: (event) => {
      if (event.kind === 'circuit-opened') onEvent({ ...event, kind: 'bidder-silent' });
      if (event.kind === 'circuit-closed') onEvent({ ...event, kind: 'bidder-heard' });
    },
  });

  /** Calls `onVerdict` at most once before it returns or after; the returned function gives up waiting. */
  function askOne(question: BidQuestion, onVerdict: (verdict: Verdict) => void): () => void {
    const { instance, facts } = question;
    const endpoint = instance.bidder!;
    const origin = origins.of(endpoint.url);
    if (origin.outstanding >= config().bidsOutstanding) {
      onVerdict({ kind: 'missed', cause: 'busy' });
      return () => {};
    }
    const pass = silence.begin(instance.id);
    if (pass === null) {
      onVerdict({ kind: 'missed', cause: 'silent' });
      return () => {};
    }
    let isDecided = false;
    const decide = (verdict: Verdict): void => {
      if (isDecided) return;
      isDecided = true;
      silence.end(instance.id, pass, verdict.kind === 'quote' ? 'ok' : 'timeout', null);
      onVerdict(verdict);
    };
    const body = JSON.stringify(facts);
    const stamp = { id: randomBytes(16).toString('hex'), atMs: clock.nowMs() };
    origin.outstanding++;
    const exchange = new BidExchange((answer) => {
      origin.outstanding--;
      if (!isDecided) decide(judge(answer, endpoint, stamp, clock.nowMs()));
    });
    const headers = headersOf(endpoint, stamp, body);
    origin.pool.dispatch({ path: origin.path, method: 'POST', headers, body }, exchange);
    return () => decide({ kind: 'missed', cause: 'late' });
  }

  return {
    ask: (questions) =>
      new Promise((resolve) => {
        const round = new Round(questions.length, resolve);
        const waiting = questions.map((question) =>
          askOne(question, (verdict) => round.take(question.instance.id, verdict)),
        );
        if (round.isOver) return;
        round.cancelTimer = after(config().bidDeadlineMs, () => {
          for (const giveUp of waiting) giveUp();
        });
      }),
    close: () => origins.close(),
  };
}

/** The questions of one request, until each is answered or given up. */
class Round {
  cancelTimer: (() => void) | null = null;
  readonly #quotes = new Map<InstanceId, ExternalQuote | null>();
  readonly #missed: BidReplies['missed'][number][] = [];
  readonly #resolve: (replies: BidReplies) => void;
  #open: number;

  constructor(questions: number, resolve: (replies: BidReplies) => void) {
    this.#open = questions;
    this.#resolve = resolve;
  }

  get isOver(): boolean {
    return this.#open === 0;
  }

  take(instance: InstanceId, verdict: Verdict): void {
    if (verdict.kind === 'quote') this.#quotes.set(instance, verdict.quote);
    else this.#missed.push({ instance, cause: verdict.cause });
    this.#open--;
    if (this.#open > 0) return;
    this.cancelTimer?.();
    this.#resolve({ quotes: this.#quotes, missed: this.#missed });
  }
}

function headersOf({ secret }: BidEndpoint, stamp: BidStamp, body: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    [BID_HEADERS.id]: stamp.id,
    [BID_HEADERS.at]: String(stamp.atMs),
    [BID_HEADERS.signature]: signatureOf(secret, 'bid-request', stamp, body),
  };
}

/** An answer is heard that is signed for this very question, now, and that can be read. */
function judge(
  answer: BidAnswer | null,
  { secret }: BidEndpoint,
  { id }: BidStamp,
  nowMs: number,
): Verdict {
  if (answer === null || answer.status >= 500) return { kind: 'missed', cause: 'unreachable' };
  const { headers, body } = answer;
  const atMs = Number(headers[BID_HEADERS.at]);
  const given = headers[BID_HEADERS.signature];
  const isRecent = Math.abs(nowMs - atMs) <= STAMP_AGE_MAX_MS;
  const isSigned =
    isRecent &&
    typeof given === 'string' &&
    headers[BID_HEADERS.id] === id &&
    isSameSignature(given, signatureOf(secret, 'bid-answer', { id, atMs }, body));
  if (!isSigned) return { kind: 'missed', cause: 'signature' };
  const quote = answer.status === 200 ? readQuote(body) : undefined;
  return quote === undefined ? { kind: 'missed', cause: 'malformed' } : { kind: 'quote', quote };
}

function afterTimeout(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
