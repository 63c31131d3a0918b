import { fault } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { Barred } from './gguf-process.ts';
import { readSpecPath } from './spec-path.ts';

/** A model whose loading ended a process is not loaded again for so long: the others are served meanwhile. */
const BAR_MS = 600_000;

/** Remembers, across the processes that run local models, whose loading ended one. */
export class LoadBars {
  readonly #clock: Clock;
  readonly #barred = new Map<string, { readonly reason: string; readonly untilMs: number }>();
  /** Path of the model that is being loaded. */
  #loading: string | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Null: none is loaded any more. */
  loads(path: string | null): void {
    this.#loading = path;
  }

  /** A process ended by a fault. */
  ended(how: string): void {
    const path = this.#loading;
    if (path === null) return;
    this.#loading = null;
    const file = readSpecPath(path)?.spec.file ?? path;
    const { code, message } = fault('BRS_MODEL_CRASH', { file, how, minutes: BAR_MS / 60_000 });
    const untilMs = this.#clock.monotonicMs() + BAR_MS;
    this.#barred.set(path, { reason: `${code}: ${message}`, untilMs });
  }

  current(): Barred[] {
    const nowMs = this.#clock.monotonicMs();
    const barred: Barred[] = [];
    for (const [path, { reason, untilMs }] of this.#barred) {
      if (untilMs <= nowMs) this.#barred.delete(path);
      else barred.push({ path, reason, forMs: untilMs - nowMs });
    }
    return barred;
  }
}
