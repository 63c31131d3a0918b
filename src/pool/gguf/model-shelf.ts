import { Fault } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { LocalModelSpec, OpenLocalModel } from './local-model.ts';
import { ModelDesk } from './model-desk.ts';
import { pathOfSpec } from './spec-path.ts';

/** A file that could not be loaded is tried again after so long. */
const RETRY_MS = 10_000;
const LOADING = 'the model is being loaded';
const GONE = 'the model is no longer of the fleet';

interface Loading {
  readonly state: 'loading';
}

interface Failed {
  readonly state: 'failed';
  readonly reason: string;
  /** Monotonic time from which it may be tried again. */
  readonly againMs: number;
}

/** What becomes of models is told. A path is that of a spec. */
export interface ShelfWatch {
  onLoading(path: string): void;
  /** Well or not. */
  onLoaded(path: string): void;
  /** It holds no model, and is to hold none. */
  onEmpty(): void;
}

/**
 * The models that are open, by what they were opened with. Each is loaded once, by whoever asks first,
 * and one at a time: what two take together may be more than there is.
 */
export class ModelShelf {
  readonly #open: OpenLocalModel;
  readonly #clock: Clock;
  readonly #watch: ShelfWatch | null;
  readonly #models = new Map<string, ModelDesk | Loading | Failed>();
  /** Models that answer what they were asked, and are closed then. */
  readonly #leaving = new Set<ModelDesk>();
  /** Paths of those that may be loaded; null: nobody has told yet. */
  #kept: ReadonlySet<string> | null = null;
  #lastLoad: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(open: OpenLocalModel, clock: Clock, watch: ShelfWatch | null = null) {
    this.#open = open;
    this.#clock = clock;
    this.#watch = watch;
  }

  /** The model, or why it cannot be asked: in the words that a client is told. */
  find(spec: LocalModelSpec): ModelDesk | string {
    const path = pathOfSpec(spec);
    const known = this.#models.get(path);
    if (known instanceof ModelDesk) return known;
    if (known?.state === 'loading') return LOADING;
    if (this.#kept?.has(path) === false) return GONE;
    if (known?.state === 'failed' && this.#clock.monotonicMs() < known.againMs) {
      return known.reason;
    }
    this.#models.set(path, { state: 'loading' });
    this.#lastLoad = this.#lastLoad.then(() => this.#load(path, spec));
    return LOADING;
  }

  /** Closes what is not of these, each when it has answered what it was asked, and loads no other any more. */
  keep(paths: readonly string[]): void {
    this.#kept = new Set(paths);
    for (const [path, known] of this.#models) {
      if (this.#kept.has(path)) continue;
      if (known instanceof ModelDesk) this.#dismiss(known);
      // One that is being loaded is looked at when it is there.
      if (known instanceof ModelDesk || known.state === 'failed') this.#models.delete(path);
    }
    this.#tellEmpty();
  }

  /** Counts a model as failed, which is not tried again for so long. */
  bar(path: string, reason: string, forMs: number): void {
    this.#models.set(path, { state: 'failed', reason, againMs: this.#clock.monotonicMs() + forMs });
  }

  #tellEmpty(): void {
    const isEmpty = this.#kept?.size === 0 && this.#models.size === 0 && this.#leaving.size === 0;
    if (isEmpty && !this.#isClosed) this.#watch?.onEmpty();
  }

  async #load(path: string, spec: LocalModelSpec): Promise<void> {
    if (!this.#isWanted(path)) {
      this.#models.delete(path);
      this.#tellEmpty();
      return;
    }
    this.#watch?.onLoading(path);
    try {
      const model = await this.#open(spec);
      if (this.#isWanted(path)) {
        this.#models.set(path, new ModelDesk(model));
      } else {
        this.#models.delete(path);
        await model.close();
      }
    } catch (error) {
      if (this.#isWanted(path)) this.bar(path, reasonOf(error), RETRY_MS);
      else this.#models.delete(path);
    }
    this.#watch?.onLoaded(path);
    this.#tellEmpty();
  }

  #isWanted(path: string): boolean {
    return !this.#isClosed && this.#kept?.has(path) !== false;
  }

  #dismiss(desk: ModelDesk): void {
    this.#leaving.add(desk);
    const close = (): void => {
      desk.onIdle = null;
      // A library that cannot let go of a model keeps the process, which ends with its parent.
      desk.model
        .close()
        .catch(() => undefined)
        .finally(() => {
          this.#leaving.delete(desk);
          this.#tellEmpty();
        });
    };
    if (desk.isIdle) close();
    else desk.onIdle = close;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const open = [...this.#models.values()].filter((each) => each instanceof ModelDesk);
    const all = [...open, ...this.#leaving];
    this.#models.clear();
    this.#leaving.clear();
    await Promise.all(all.map(({ model }) => model.close()));
  }
}

/** What went wrong, with its code where it has one. */
function reasonOf(error: unknown): string {
  if (Fault.isInstance(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
