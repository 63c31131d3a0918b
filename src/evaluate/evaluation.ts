import type { Understanding } from '../contract/index.ts';
import type { DataRecord } from './records.ts';

export const EVALUATION_TASKS = [
  'sts',
  'domain',
  'intent',
  'complexity',
  'guard',
  'pii',
  'language',
  'tools',
  'length',
  'compression',
] as const;
export type EvaluationTask = (typeof EVALUATION_TASKS)[number];

/** Which models answer: the fast ones, the deep ones, or the deep ones where the fast ones are in doubt. */
export const SPEEDS = ['static', 'deep', 'auto'] as const;
export type Speed = (typeof SPEEDS)[number];

/** Metrics by name; null where the data does not define it. */
export type Metrics = Readonly<Record<string, number | null>>;

export interface EvaluationReport {
  readonly task: EvaluationTask;
  readonly n: number;
  /** What answered: `auto` without deep models is `static`. */
  readonly encoder: Speed;
  readonly metrics: Metrics;
  /** Trivial ways to the same task, by name. */
  readonly baselines: Readonly<Record<string, Metrics>>;
  readonly microsPerItem: { readonly p50: number; readonly p99: number };
}

export interface EvaluationInput {
  readonly records: readonly DataRecord[];
  /** Examples of intents, descriptions of tools. */
  readonly support: readonly DataRecord[] | null;
  readonly speed: Speed;
  readonly understanding: Understanding;
  /** Times each item; the time of preparation does not count. */
  readonly stopwatch: Stopwatch;
}

export interface Measured {
  readonly n: number;
  readonly encoder: Speed;
  readonly metrics: Metrics;
  readonly baselines: Readonly<Record<string, Metrics>>;
}

/** The data or the installation does not allow the evaluation; the message says the remedy. */
export class EvaluationProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EvaluationProblem';
  }
}

/** Runs one item after the other, and keeps how long each took. */
export class Stopwatch {
  readonly micros: number[] = [];
  readonly #nowMs: () => number;
  readonly #onProgress: (done: number, total: number) => void;

  constructor(nowMs: () => number, onProgress: (done: number, total: number) => void) {
    this.#nowMs = nowMs;
    this.#onProgress = onProgress;
  }

  async each<T, R>(items: readonly T[], run: (item: T) => R | Promise<R>): Promise<R[]> {
    const results: R[] = [];
    for (const item of items) {
      const start = this.#nowMs();
      const answer = run(item);
      const result = answer instanceof Promise ? await answer : answer;
      this.micros.push((this.#nowMs() - start) * 1000);
      results.push(result);
      this.#onProgress(results.length, items.length);
    }
    return results;
  }
}
