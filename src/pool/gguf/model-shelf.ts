import type { Clock } from '../../kernel/index.ts';
import type { LocalModelSpec, OpenLocalModel } from './local-model.ts';
import { ModelDesk } from './model-desk.ts';
import { pathOfSpec } from './spec-path.ts';

/** A file that could not be loaded is tried again after so long. */
const RETRY_MS = 10_000;

interface Loading {
  readonly state: 'loading';
}

interface Failed {
  readonly state: 'failed';
  readonly reason: string;
  readonly atMs: number;
}

/** The models that are open, by what they were opened with. Each is loaded once, by whoever asks first. */
export class ModelShelf {
  readonly #open: OpenLocalModel;
  readonly #clock: Clock;
  readonly #models = new Map<string, ModelDesk | Loading | Failed>();
  #isClosed = false;

  constructor(open: OpenLocalModel, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** The model, or why it cannot be asked: in the words that a client is told. */
  find(spec: LocalModelSpec): ModelDesk | string {
    const key = pathOfSpec(spec);
    const known = this.#models.get(key);
    if (known instanceof ModelDesk) return known;
    if (known?.state === 'loading') return 'the model is being loaded';
    if (known?.state === 'failed' && this.#clock.monotonicMs() - known.atMs < RETRY_MS) {
      return known.reason;
    }
    void this.#load(key, spec);
    return 'the model is being loaded';
  }

  async #load(key: string, spec: LocalModelSpec): Promise<void> {
    this.#models.set(key, { state: 'loading' });
    try {
      const model = await this.#open(spec);
      if (this.#isClosed) await model.close();
      else this.#models.set(key, new ModelDesk(model));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#models.set(key, { state: 'failed', reason, atMs: this.#clock.monotonicMs() });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const open = [...this.#models.values()].filter((each) => each instanceof ModelDesk);
    this.#models.clear();
    await Promise.all(open.map(({ model }) => model.close()));
  }
}
