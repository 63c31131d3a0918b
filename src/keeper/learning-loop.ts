import { NO_BELIEFS } from '../contract/index.ts';
import type { Beliefs, BourseEvent, Learner, LearningConfig, Outcome } from '../contract/index.ts';
import type { Clock, Timer } from '../kernel/index.ts';
import { differenceOf } from './beliefs-delta.ts';
import type { BeliefsDelta } from './beliefs-delta.ts';

/** Workers hear of new beliefs at most this often. */
const PUBLISH_MS = 200;
/** Learners copy their tables: outcomes are fed in batches, of at most this many. */
const BATCH_MAX = 1_024;

export interface LearningOptions {
  readonly clock: Clock;
  readonly learners: readonly Learner[];
  readonly config: () => LearningConfig;
  readonly onBeliefs: (delta: BeliefsDelta) => void;
  readonly onEvent: (event: BourseEvent) => void;
}

/** Turns outcomes into beliefs, in batches, and tells what changed. */
export class LearningLoop {
  readonly #options: LearningOptions;
  #outcomes: Outcome[] = [];
  #learned: Beliefs = NO_BELIEFS;
  #published: Beliefs = NO_BELIEFS;
  #timer: Timer | null = null;

  constructor(options: LearningOptions) {
    this.#options = options;
  }

  /** The beliefs that workers have, or are about to. */
  get beliefs(): Beliefs {
    return this.#published;
  }

  restore(beliefs: Beliefs): void {
    this.#learned = beliefs;
    this.#published = beliefs;
  }

  add(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) this.#outcomes.push(outcome);
    if (this.#outcomes.length >= BATCH_MAX) this.#learn();
    this.#timer ??= this.#options.clock.after(PUBLISH_MS, () => {
      this.#timer = null;
      this.publish();
    });
  }

  publish(): void {
    this.#learn();
    if (this.#learned === this.#published) return;
    const before = this.#published;
    const generation = before.generation + 1;
    this.#learned = { ...this.#learned, generation };
    this.#published = this.#learned;
    this.#options.onBeliefs(differenceOf(before, this.#published));
  }

  close(): void {
    if (this.#timer !== null) this.#options.clock.cancel(this.#timer);
    this.publish();
  }

  #learn(): void {
    const outcomes = this.#outcomes;
    if (outcomes.length === 0) return;
    this.#outcomes = [];
    const config = this.#options.config();
    for (const learner of this.#options.learners) {
      try {
        this.#learned = learner.learn(this.#learned, outcomes, config);
      } catch {
        const message = `The learner "${learner.name}" failed on ${outcomes.length} outcomes.`;
        this.#options.onEvent({ kind: 'fault', code: 'BRS_PLUGIN', message });
      }
    }
  }
}
