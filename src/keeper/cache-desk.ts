import type { Clock } from '../kernel/index.ts';
import type {
  BourseEvent,
  CacheEntry,
  CacheNews,
  CacheStore,
  Feedback,
  FeedbackAnswer,
  NearestAsk,
} from '../contract/index.ts';
import { LeadDesk } from './lead-desk.ts';
import { StorePatience } from './store-patience.ts';
import type { WorkerLine } from './worker-line.ts';

export interface CacheDeskPort {
  /** Null: stored answers live as long as their workers. */
  readonly store: CacheStore | null;
  readonly clock: Clock;
  readonly onEvent: (event: BourseEvent) => void;
}

/** Workers hear of stored answers in messages of this many. */
const NEWS_PER_MESSAGE = 256;
/** News that wait for the store; what comes on top is served, and forgotten at the next start. */
const QUEUE_MAX = 50_000;

/** Passes on what one worker says of stored answers, and keeps it. */
export class CacheDesk {
  readonly leads: LeadDesk;
  readonly #port: CacheDeskPort;
  readonly #patience: StorePatience;
  /** What was read at the start, until something is added to it. */
  #unchanged: readonly CacheNews[] | null = null;
  #queue: CacheNews[] = [];
  #dropped = 0;
  #writing: Promise<void> | null = null;
  #hasFailed = false;
  /** The store has no means to find what is near. */
  #cannotTell = false;
  /** What waits for what is queued by then. */
  #afterAppended: (() => void)[] = [];

  constructor(port: CacheDeskPort) {
    this.#port = port;
    this.#patience = new StorePatience(port.clock);
    this.leads = new LeadDesk({
      clock: port.clock,
      store: port.store,
      patience: this.#patience,
      afterAppended: (run) => {
        if (this.#writing === null) run();
        else this.#afterAppended.push(run);
      },
    });
  }

  /**
   * Reads what is stored. Rejects with `BRS_STORE` where that is no file of stored answers, or cannot be
   * read. A server that is away is told of, and what it has is passed on when it is back.
   */
  async open(lines: ReadonlySet<WorkerLine>): Promise<void> {
    const { store, clock } = this.#port;
    if (store === null) return;
    store.hear?.((news) => this.#heard(lines, news));
    try {
      this.#unchanged = await store.load(clock.nowMs());
    } catch (error) {
      if (store.hear === undefined) throw error;
      this.#failed(error);
    }
  }

  /** What other hosts have stored is in the store already. */
  #heard(lines: ReadonlySet<WorkerLine>, news: readonly CacheNews[]): void {
    this.#unchanged = null;
    for (const line of lines) if (line.isReady) tellStored(line, news);
  }

  /** Tells a worker that starts what is stored already: at once, as long as nothing has changed. */
  welcome(line: WorkerLine): void {
    const { store } = this.#port;
    if (store === null) return;
    if (this.#unchanged !== null) return tellStored(line, this.#unchanged);
    this.#readAgain(store)
      .then((stored) => tellStored(line, stored))
      .catch((error: unknown) => this.#failed(error));
  }

  async #readAgain(store: CacheStore): Promise<readonly CacheNews[]> {
    await this.#flushed();
    return store.load(this.#port.clock.nowMs());
  }

  take(lines: ReadonlySet<WorkerLine>, from: WorkerLine | null, news: readonly CacheNews[]): void {
    for (const line of lines) {
      if (line.isReady && line !== from) line.post({ kind: 'cache', news });
    }
    if (this.#port.store === null) return;
    this.#unchanged = null;
    if (this.#queue.length + news.length > QUEUE_MAX) {
      this.#dropped += news.length;
      return;
    }
    this.#queue.push(...news);
    this.#writing ??= this.#write();
  }

  /** Stored answers of the store; none where it cannot tell, or not in time. */
  async nearest(ask: NearestAsk): Promise<readonly CacheEntry[]> {
    const { store } = this.#port;
    if (store?.nearest === undefined || this.#cannotTell || this.#patience.isResting()) return [];
    const found = await this.#patience.inTime(store.nearest(ask));
    if (found?.answer === null) this.#cannotTell = true;
    return found?.answer ?? [];
  }

  /** An answer that is judged wrong is served no more. */
  async judged(
    lines: ReadonlySet<WorkerLine>,
    feedback: Feedback,
    taken: Promise<FeedbackAnswer>,
  ): Promise<FeedbackAnswer> {
    const answer = await taken;
    if (answer.kind === 'taken' && isNegative(feedback)) {
      this.take(lines, null, [{ kind: 'rejected', decision: feedback.decision }]);
    }
    return answer;
  }

  async close(): Promise<void> {
    await this.#flushed();
    await this.leads.close();
    await this.#port.store?.close();
  }

  async #flushed(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  async #write(): Promise<void> {
    const { store, onEvent } = this.#port;
    while (this.#queue.length > 0) {
      const news = this.#queue;
      const after = this.#afterAppended;
      this.#queue = [];
      this.#afterAppended = [];
      try {
        await store!.append(news);
        this.#hasFailed = false;
      } catch (error) {
        this.#dropped += news.length;
        this.#failed(error);
      }
      for (const run of after) run();
    }
    this.#writing = null;
    for (const run of this.#afterAppended.splice(0)) run();
    if (this.#dropped === 0) return;
    onEvent({ kind: 'queue-dropped', queue: 'cache', count: this.#dropped });
    this.#dropped = 0;
  }

  /** A disk that fails is told of once, until it works again. */
  #failed(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const reason = error instanceof Error ? error.message : 'unknown error';
    this.#port.onEvent({ kind: 'store-failed', reason: `the cache: ${reason}` });
  }
}

/** A score below this says that the answer was wrong. */
const SCORE_RIGHT_MIN = 0.5;

const isNegative = ({ score, thumb, correction }: Feedback): boolean =>
  thumb === 'down' || correction !== undefined || (score !== undefined && score < SCORE_RIGHT_MIN);

function tellStored(line: WorkerLine, stored: readonly CacheNews[]): void {
  for (let at = 0; at < stored.length; at += NEWS_PER_MESSAGE) {
    line.post({ kind: 'cache', news: stored.slice(at, at + NEWS_PER_MESSAGE) });
  }
}
