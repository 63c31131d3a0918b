import { NO_BELIEFS } from '../contract/index.ts';
import type { Beliefs, BourseEvent, Learner, LearningConfig, Outcome } from '../contract/index.ts';
import type { Verdict } from '../contract/index.ts';
import type { Clock, Timer } from '../kernel/index.ts';
import { differenceOf } from './beliefs-delta.ts';
import type { BeliefsDelta } from './beliefs-delta.ts';

/** Workers hear of new beliefs at most this often. */
const PUBLISH_MS = 200;
/** Learned from between two publications; of the good outcomes beyond, a share stands for all. */
const BATCH_MAX = 512;

/** Held between two publications; a burst beyond is learned from at once. */
const OUTCOMES_HELD_MAX = 16_384;
const VERDICTS_HELD_MAX = 4_096;

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
  #verdicts: Verdict[] = [];
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
    if (this.#outcomes.length >= OUTCOMES_HELD_MAX) this.#learn();
    this.#schedule();
  }

  /** Judgements of earlier answers: rare, and each is learned from. */
  addVerdict(verdict: Verdict): void {
    this.#verdicts.push(verdict);
    if (this.#verdicts.length >= VERDICTS_HELD_MAX) this.#learn();
    this.#schedule();
  }

  #schedule(): void {
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
    this.#tellDrift(before);
    this.#options.onBeliefs(differenceOf(before, this.#published));
  }

  close(): void {
    if (this.#timer !== null) this.#options.clock.cancel(this.#timer);
    this.publish();
  }

  #learn(): void {
    const verdicts = this.#verdicts;
    this.#verdicts = [];
    if (this.#outcomes.length > 0) {
      const outcomes = sampleOf(this.#outcomes).map(servedPart);
      this.#outcomes = [];
      this.#teach(`${outcomes.length} outcomes`, (learner, config) =>
        learner.learn(this.#learned, outcomes, config),
      );
    }
    if (verdicts.length > 0) {
      this.#teach(
        `${verdicts.length} verdicts`,
        (learner, config) =>
          learner.learnVerdicts?.(this.#learned, verdicts, config) ?? this.#learned,
      );
    }
  }

  #teach(what: string, lesson: (learner: Learner, config: LearningConfig) => Beliefs): void {
    const config = this.#options.config();
    for (const learner of this.#options.learners) {
      try {
        this.#learned = lesson(learner, config);
      } catch {
        const message = `The learner "${learner.name}" failed on ${what}.`;
        this.#options.onEvent({ kind: 'fault', code: 'BRS_PLUGIN', message });
      }
    }
  }

  #tellDrift({ drift }: Beliefs): void {
    if (drift === this.#published.drift) return;
    for (const [model, { alarm }] of this.#published.drift) {
      if (alarm === null || alarm.atMs === drift.get(model)?.alarm?.atMs) continue;
      const { before, after, verdicts } = alarm;
      this.#options.onEvent({ kind: 'model-drifted', model, before, after, verdicts });
    }
  }
}

/** Every failure, and evenly spaced good outcomes: averages need no more of them, and cost as much each. */
function sampleOf(outcomes: readonly Outcome[]): readonly Outcome[] {
  const stride = Math.ceil(outcomes.length / BATCH_MAX);
  if (stride === 1) return outcomes;
  return outcomes.filter(
    ({ status, attempts }, i) => i % stride === 0 || status !== 'ok' || attempts.length > 1,
  );
}

/** Of an outcome that sums up several answers, what the one that was served used: the rest teaches nothing of it. */
function servedPart(outcome: Outcome): Outcome {
  const share = outcome.attempts.at(-1)?.share;
  if (share === undefined) return outcome;
  const { usage, costPicoUsd, energyMicrojoules } = share;
  return { ...outcome, usage, costPicoUsd, energyMicrojoules };
}
