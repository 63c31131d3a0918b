import type { Clock, Rng, Timer } from '../kernel/index.ts';
import { powerWatts } from '../estimate/index.ts';
import { assert } from '../kernel/index.ts';
import { forecast } from './engine-forecast.ts';
import type { EngineForecast, SequenceAhead } from './engine-forecast.ts';
import type { EngineSpec } from './engine-spec.ts';
import type { KvLease } from './kv-cache.ts';
import type { PromptBlocks } from './prompt-blocks.ts';
import { KvCache } from './kv-cache.ts';

/** What a sequence came to. Times are of the engine's clock; `null` where it never got that far. */
export interface SequenceResult {
  readonly reason: 'done' | 'cancelled';
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly arrivedAtMs: number;
  readonly startedAtMs: number | null;
  readonly firstTokenAtMs: number | null;
  readonly endedAtMs: number;
  /** Its share of the energy of every iteration that it took part in. */
  readonly energyJoules: number;
}

export interface SequenceRequest {
  /** At least one token. */
  readonly prompt: PromptBlocks;
  /** Tokens that it will generate; 0 ends with the prefill (an embedding). */
  readonly outputTokens: number;
  /** Least first where the engine schedules by priority; 0 where absent. */
  readonly priority?: number;
  /** `index` counts from 0. Several may come in one turn of the event loop. */
  onToken(index: number, atMs: number): void;
  /** Called exactly once. */
  onEnd(result: SequenceResult): void;
}

export interface EngineStats {
  readonly running: number;
  readonly waiting: number;
  readonly kvUsedBlocks: number;
  readonly kvUsageRatio: number;
  readonly powerWatts: number;
  readonly energyJoules: number;
  readonly iterations: number;
  /** Sequences that had to give their memory back, and begin again. */
  readonly preemptions: number;
  readonly promptTokensTotal: number;
  readonly generationTokensTotal: number;
  /** In tokens, as vLLM counts them. */
  readonly prefixQueriesTotal: number;
  readonly prefixHitsTotal: number;
}

export interface EngineModel {
  submit(request: SequenceRequest): { cancel(): void };
  /** Whether a prompt and its answer fit in an empty engine; `submit` requires it. */
  fits(promptTokens: number, outputTokens: number): boolean;
  stats(): EngineStats;
  /** When such a sequence would get its first token and its last, were no other to come. */
  forecast(prompt: PromptBlocks, outputTokens: number): EngineForecast;
  /** Iterations take this many times as long from the next one on. */
  setSlowdown(factor: number): void;
  /** Ends every sequence as cancelled, and the timer. */
  close(): void;
}

interface Sequence {
  readonly request: SequenceRequest;
  readonly priority: number;
  /** Of its arrival, among all of this engine. */
  readonly order: number;
  readonly arrivedAtMs: number;
  readonly readyAtMs: number;
  lease: KvLease | null;
  startedAtMs: number | null;
  /** Found in the cache when it was first admitted. */
  cachedTokens: number;
  /** Tokens that have to be computed before the next one can be made: the prompt, and after a preemption what was written. */
  contextTokens: number;
  /** Of them, those whose KV exists. */
  computedTokens: number;
  emittedTokens: number;
  firstTokenAtMs: number | null;
  energyJoules: number;
  isEnded: boolean;
}

interface Iteration {
  readonly endMs: number;
  readonly batch: readonly Sequence[];
  /** Prompt tokens that each of the batch computes; 0 for those that decode or find no budget. */
  readonly chunks: readonly number[];
  readonly watts: number;
  readonly shareJoules: number;
}

export interface EngineOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly spec: EngineSpec;
}

/**
 * One inference engine with continuous batching, chunked prefill, paged KV memory and a prefix
 * cache, on whatever clock it is given. It keeps one timer at most and none while idle. A timer that
 * fires late costs no accuracy: all iterations that have ended by then are run, each at its own time,
 * and every call from outside first catches up with the clock.
 */
export function createEngineModel(options: EngineOptions): EngineModel {
  return new Engine(options);
}

class Engine implements EngineModel {
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #spec: EngineSpec;
  readonly #kv: KvCache;
  /** In the order in which they are taken: by arrival, or by priority and arrival. */
  #waiting: Sequence[] = [];
  readonly #running = new Set<Sequence>();
  readonly #totals = {
    joules: 0,
    iterations: 0,
    preemptions: 0,
    prompt: 0,
    generation: 0,
    queries: 0,
    hits: 0,
  };
  #arrivals = 0;
  #iteration: Iteration | null = null;
  /** Everything before it has been simulated. */
  #frontierMs: number;
  #accruedToMs: number;
  #timer: { readonly handle: Timer; readonly dueMs: number } | null = null;
  #isAdvancing = false;
  #slowdown = 1;

  constructor({ clock, rng, spec }: EngineOptions) {
    this.#clock = clock;
    this.#rng = rng;
    this.#spec = spec;
    this.#kv = new KvCache(spec.kvBlocks, spec.blockSize);
    this.#frontierMs = clock.monotonicMs();
    this.#accruedToMs = this.#frontierMs;
  }

  fits(promptTokens: number, outputTokens: number): boolean {
    return this.#kv.fits(promptTokens, outputTokens);
  }

  submit(request: SequenceRequest): { cancel(): void } {
    const { prompt, outputTokens } = request;
    assert(prompt.tokens > 0, 'a prompt has at least one token');
    assert(this.fits(prompt.tokens, outputTokens), 'a sequence fits in KV memory');
    const nowMs = this.#clock.monotonicMs();
    this.#advance(nowMs);
    const sequence: Sequence = {
      request,
      priority: this.#spec.scheduling === 'priority' ? (request.priority ?? 0) : 0,
      order: this.#arrivals++,
      arrivedAtMs: nowMs,
      readyAtMs: nowMs + this.#spec.admissionMs,
      lease: null,
      startedAtMs: null,
      cachedTokens: 0,
      contextTokens: prompt.tokens,
      computedTokens: 0,
      emittedTokens: 0,
      firstTokenAtMs: null,
      energyJoules: 0,
      isEnded: false,
    };
    this.#enqueue(sequence);
    this.#arm();
    return { cancel: () => this.#cancel(sequence) };
  }

  stats(): EngineStats {
    const nowMs = this.#clock.monotonicMs();
    this.#advance(nowMs);
    const totals = this.#totals;
    const watts = this.#iteration?.watts ?? powerWatts(this.#spec.power, 0);
    return {
      running: this.#running.size,
      waiting: this.#waiting.length,
      kvUsedBlocks: this.#kv.usedBlocks,
      kvUsageRatio: this.#kv.usedBlocks / this.#spec.kvBlocks,
      powerWatts: watts,
      energyJoules: totals.joules + (watts * Math.max(0, nowMs - this.#accruedToMs)) / 1000,
      iterations: totals.iterations,
      preemptions: totals.preemptions,
      promptTokensTotal: totals.prompt,
      generationTokensTotal: totals.generation,
      prefixQueriesTotal: totals.queries,
      prefixHitsTotal: totals.hits,
    };
  }

  forecast(prompt: PromptBlocks, outputTokens: number): EngineForecast {
    const nowMs = this.#clock.monotonicMs();
    this.#advance(nowMs);
    const spec = this.#spec;
    const current = this.#iteration;
    const nextMs = Math.max(nowMs, current?.endMs ?? this.#frontierMs);
    const running = [...this.#running].map((sequence) => {
      const chunk = current?.chunks[current.batch.indexOf(sequence)] ?? 0;
      return aheadOf(sequence, chunk, current !== null);
    });
    const waiting = [...this.#waiting].map(({ request, emittedTokens }) =>
      this.#queued(request.prompt, request.outputTokens - emittedTokens),
    );
    waiting.push(this.#queued(prompt, outputTokens));
    const times = forecast({
      spec,
      busyMs: Math.max(nextMs - nowMs, running.length === 0 ? spec.admissionMs : 0),
      slowdown: this.#slowdown,
      freeBlocks: spec.kvBlocks - this.#kv.usedBlocks,
      running: running.filter(({ outputLeft }) => outputLeft > 0),
      waiting,
    });
    return { ...times, cachedTokens: this.#kv.cachedTokens(prompt) };
  }

  #queued(prompt: PromptBlocks, outputTokens: number): SequenceAhead {
    const cachedTokens = this.#kv.cachedTokens(prompt);
    const tokens = prompt.tokens - cachedTokens;
    return {
      promptLeft: tokens,
      outputLeft: Math.max(1, outputTokens),
      blocks: Math.ceil(tokens / this.#spec.blockSize),
    };
  }

  setSlowdown(factor: number): void {
    assert(factor > 0 && Number.isFinite(factor), 'a slow-down is a positive number');
    this.#advance(this.#clock.monotonicMs());
    this.#slowdown = factor;
  }

  close(): void {
    for (const sequence of [...this.#running, ...this.#waiting]) this.#cancel(sequence);
    if (this.#timer !== null) this.#clock.cancel(this.#timer.handle);
    this.#timer = null;
  }

  /**
   * Runs all iterations that end by `limitMs`. Only the timer (`isDue`) starts one at that very
   * moment: others may arrive at the same moment and belong in the same batch.
   */
  #advance(limitMs: number, isDue = false): void {
    // A callback that submits or cancels lands here again: the outer call goes on from where it is.
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    try {
      while (this.#iteration !== null || this.#begin(limitMs, isDue)) {
        const current = this.#iteration!;
        if (current.endMs > limitMs) break;
        this.#finish(current);
      }
    } finally {
      this.#isAdvancing = false;
      this.#arm();
    }
  }

  /** When the next iteration starts; null when there is no work for one. */
  #nextStartMs(): number | null {
    if (this.#running.size > 0) return this.#frontierMs;
    if (this.#waiting.length === 0) return null;
    const readyAtMs = this.#waiting.reduce(
      (least, sequence) => Math.min(least, sequence.readyAtMs),
      Number.POSITIVE_INFINITY,
    );
    return Math.max(this.#frontierMs, readyAtMs);
  }

  #begin(limitMs: number, isDue: boolean): boolean {
    const startMs = this.#nextStartMs();
    if (startMs === null || startMs > limitMs || (startMs === limitMs && !isDue)) return false;
    const spec = this.#spec;
    const isShort = this.#makeRoom();
    const batch: Sequence[] = [];
    const chunks: number[] = [];
    let budget = spec.prefillTokensPerIteration;
    const join = (sequence: Sequence): void => {
      const chunk = Math.min(budget, sequence.contextTokens - sequence.computedTokens);
      budget -= chunk;
      batch.push(sequence);
      chunks.push(chunk);
    };
    for (const sequence of this.#running) join(sequence);
    while (budget > 0 && !isShort) {
      const sequence = this.#admit(startMs);
      if (sequence === null) break;
      join(sequence);
    }
    assert(batch.length > 0, 'an empty engine admits any sequence that fits');
    const jitter = spec.jitterRatio === 0 ? 1 : 1 + spec.jitterRatio * (2 * this.#rng.next() - 1);
    const lawMs = spec.weightReadMs + spec.perSequenceMs * batch.length;
    const durationMs = lawMs * jitter * this.#slowdown;
    const watts = powerWatts(spec.power, tokensOf(chunks));
    this.#accrue(startMs, powerWatts(spec.power, 0));
    const shareJoules = (watts * durationMs) / 1000 / batch.length;
    this.#iteration = { endMs: startMs + durationMs, batch, chunks, watts, shareJoules };
    return true;
  }

  #enqueue(sequence: Sequence): void {
    let at = this.#waiting.length;
    while (at > 0 && isBefore(sequence, this.#waiting[at - 1]!)) at--;
    this.#waiting.splice(at, 0, sequence);
  }

  /** The first of those that wait, if it may join: nobody passes one for whom there is no memory. */
  #admit(nowMs: number): Sequence | null {
    if (this.#running.size >= this.#spec.maxRunning) return null;
    const at = this.#waiting.findIndex(({ readyAtMs }) => readyAtMs <= nowMs);
    const sequence = this.#waiting[at];
    if (sequence === undefined) return null;
    const { prompt } = sequence.request;
    const lease = this.#kv.take(prompt, sequence.emittedTokens);
    if (lease === null) return null;
    this.#waiting.splice(at, 1);
    this.#running.add(sequence);
    sequence.lease = lease;
    sequence.computedTokens = lease.cachedTokens;
    sequence.contextTokens = prompt.tokens + sequence.emittedTokens;
    if (sequence.startedAtMs !== null) return sequence;
    sequence.startedAtMs = nowMs;
    sequence.cachedTokens = lease.cachedTokens;
    this.#totals.queries += prompt.tokens;
    this.#totals.hits += lease.cachedTokens;
    return sequence;
  }

  /**
   * Takes memory for the token that each decoding sequence makes next. Where there is none, the sequence that was admitted last (by
   * priority: the last in that order) gives all of its own back, waits in its place, and computes its context again (vLLM's
   * recomputation). One always goes on: it fits in an empty engine. Says whether memory was short: then nobody is admitted.
   */
  #makeRoom(): boolean {
    const before = this.#totals.preemptions;
    for (const sequence of this.#running) {
      if (sequence.computedTokens < sequence.contextTokens) continue;
      const tokens = sequence.request.prompt.tokens + sequence.emittedTokens;
      while (this.#running.has(sequence) && !this.#kv.grow(sequence.lease!, tokens)) {
        this.#preempt(this.#lastInTurn());
      }
    }
    return this.#totals.preemptions > before;
  }

  #lastInTurn(): Sequence {
    const running = [...this.#running];
    if (this.#spec.scheduling !== 'priority') return running.at(-1)!;
    return running.reduce((last, sequence) => (isBefore(last, sequence) ? sequence : last));
  }

  #preempt(sequence: Sequence): void {
    this.#running.delete(sequence);
    this.#kv.release(sequence.lease!);
    sequence.lease = null;
    sequence.computedTokens = 0;
    this.#enqueue(sequence);
    this.#totals.preemptions++;
  }

  #finish(done: Iteration): void {
    this.#iteration = null;
    this.#frontierMs = done.endMs;
    this.#accrue(done.endMs, done.watts);
    this.#totals.iterations++;
    for (const sequence of done.batch) {
      if (!sequence.isEnded) sequence.energyJoules += done.shareJoules;
    }
    for (let i = 0; i < done.batch.length; i++) {
      const sequence = done.batch[i]!;
      if (!sequence.isEnded) this.#proceed(sequence, done.chunks[i]!, done.endMs);
    }
  }

  /** One iteration of one sequence: its chunk of prompt, and a token once the prompt is complete. */
  #proceed(sequence: Sequence, chunk: number, atMs: number): void {
    const { prompt, outputTokens } = sequence.request;
    if (chunk > 0) {
      sequence.computedTokens += chunk;
      this.#kv.publish(sequence.lease!, Math.min(prompt.tokens, sequence.computedTokens));
      const isWhole = sequence.computedTokens === sequence.contextTokens;
      if (isWhole && sequence.emittedTokens === 0) this.#totals.prompt += prompt.tokens;
    }
    if (sequence.computedTokens < sequence.contextTokens) return;
    if (sequence.emittedTokens < outputTokens) {
      sequence.firstTokenAtMs ??= atMs;
      this.#totals.generation++;
      sequence.request.onToken(sequence.emittedTokens++, atMs);
    }
    if (sequence.emittedTokens === outputTokens) this.#end(sequence, 'done', atMs);
  }

  #cancel(sequence: Sequence): void {
    const nowMs = this.#clock.monotonicMs();
    this.#advance(nowMs);
    if (sequence.isEnded) return;
    // The iteration under way keeps its length, and the sequence its share of the energy.
    const current = this.#iteration;
    if (current?.batch.includes(sequence)) sequence.energyJoules += current.shareJoules;
    this.#end(sequence, 'cancelled', nowMs);
    this.#arm();
  }

  #end(sequence: Sequence, reason: SequenceResult['reason'], atMs: number): void {
    if (sequence.isEnded) return;
    sequence.isEnded = true;
    const at = this.#waiting.indexOf(sequence);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#running.delete(sequence);
    if (sequence.lease !== null) this.#kv.release(sequence.lease);
    sequence.request.onEnd({
      reason,
      cachedTokens: sequence.cachedTokens,
      outputTokens: sequence.emittedTokens,
      arrivedAtMs: sequence.arrivedAtMs,
      startedAtMs: sequence.startedAtMs,
      firstTokenAtMs: sequence.firstTokenAtMs,
      endedAtMs: atMs,
      energyJoules: sequence.energyJoules,
    });
  }

  #accrue(untilMs: number, watts: number): void {
    this.#totals.joules += (watts * Math.max(0, untilMs - this.#accruedToMs)) / 1000;
    this.#accruedToMs = Math.max(this.#accruedToMs, untilMs);
  }

  /** Sets the one timer to the end of the iteration, or to the moment at which work arrives. */
  #arm(): void {
    if (this.#isAdvancing) return;
    const dueMs = this.#iteration?.endMs ?? this.#nextStartMs();
    if (this.#timer !== null) {
      if (this.#timer.dueMs === dueMs) return;
      this.#clock.cancel(this.#timer.handle);
      this.#timer = null;
    }
    if (dueMs === null) return;
    const handle = this.#clock.after(dueMs - this.#clock.monotonicMs(), () => {
      this.#timer = null;
      // The sum of floats that the clock waited for may fall a hair short of `dueMs`.
      this.#advance(Math.max(this.#clock.monotonicMs(), dueMs), true);
    });
    this.#timer = { handle, dueMs };
  }
}

const isBefore = (a: Sequence, b: Sequence): boolean =>
  a.priority === b.priority ? a.order < b.order : a.priority < b.priority;

/** Tokens of one forward pass: a chunk of prompt, or the one that a sequence decodes. */
function tokensOf(chunks: readonly number[]): number {
  let tokens = 0;
  for (const chunk of chunks) tokens += Math.max(1, chunk);
  return tokens;
}

/** What is left of a sequence once the iteration under way is over. */
function aheadOf(sequence: Sequence, chunk: number, isUnderWay: boolean): SequenceAhead {
  const { request, contextTokens, computedTokens, emittedTokens, lease } = sequence;
  const promptLeft = Math.max(0, contextTokens - computedTokens - chunk);
  const makesToken = isUnderWay && promptLeft === 0;
  return {
    promptLeft,
    outputLeft: Math.max(1, request.outputTokens) - emittedTokens - (makesToken ? 1 : 0),
    blocks: lease?.privateBlocks ?? 0,
  };
}
