import type { Clock, Timer } from '../../kernel/index.ts';
import type { CacheNews } from '../../contract/index.ts';

export interface NewsFeedParts {
  readonly clock: Clock;
  /** News is looked for this often even when nothing rings: a bell's connection can die unheard. */
  readonly pollMs: number;
  /** Opens the bell where it is not open. */
  readonly openBell: () => Promise<void>;
  /** What has come since it was last asked. */
  readonly read: () => Promise<readonly CacheNews[]>;
  readonly listener: (news: readonly CacheNews[]) => void;
}

/** Looks for the news of other hosts when it is rung, and every now and then. A server that is away is asked again. */
export class NewsFeed {
  readonly #parts: NewsFeedParts;
  #timer: Timer | null = null;
  #isClosed = false;
  #running: Promise<void> | null = null;
  #isRung = false;

  constructor(parts: NewsFeedParts) {
    this.#parts = parts;
    this.ring();
  }

  ring(): void {
    if (this.#isClosed) return;
    this.#isRung = true;
    this.#running ??= this.#run();
  }

  /** Resolves when what is there by then has been told, or cannot be read. */
  async pull(): Promise<void> {
    this.ring();
    await this.#running;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) this.#parts.clock.cancel(this.#timer);
  }

  async #run(): Promise<void> {
    const { clock, pollMs, openBell, read, listener } = this.#parts;
    if (this.#timer !== null) clock.cancel(this.#timer);
    while (this.#isRung && !this.#isClosed) {
      this.#isRung = false;
      try {
        await openBell();
      } catch {
        // News is polled meanwhile.
      }
      try {
        const news = await read();
        if (news.length > 0 && !this.#isClosed) listener(news);
      } catch {
        // Whoever appends or loads tells of it; here it is tried again.
      }
    }
    this.#running = null;
    if (!this.#isClosed) this.#timer = clock.after(pollMs, () => this.ring());
  }
}
