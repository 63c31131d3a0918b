import type { Clock, Rng, Timer } from '../kernel/index.ts';
import { powerWatts } from '../estimate/index.ts';
import { assert } from '../kernel/index.ts';
import type { EngineSpec } from './engine-spec.ts';
import type { KvLease } from './kv-cache.ts';
import type { PromptBlocks } from './prompt-blocks.ts';
import { createKvCache } from './kv-cache.ts';

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
  /** Iterations take this many times as long from the next one on. */
  setSlowdown(factor: number): void;
  /** Ends every sequence as cancelled, and the timer. */
  close(): void;
}

interface Sequence {
  readonly request: SequenceRequest;
  readonly arrivedAtMs: number;
  readonly readyAtMs: number;
  lease: KvLease | null;
  startedAtMs: number | null;
  /** Prompt tokens whose KV exists. */
  computedTokens: number;
  emittedTokens: number;
  firstTokenAtMs: number | null;
  energyJoules: number;
  isEnded: boolean;
}

interface Iteration {
  readonly startMs: number;
  readonly endMs: number;
  readonly batch: readonly Sequence[];
  /** Prompt tokens that each of the batch computes; 0 for those that decode or find no budget. */
  readonly chunks: readonly number[];
  readonly watts: number;
  readonly shareJoules: number;
}

/**
 * One inference engine with continuous batching, chunked prefill, paged KV memory and a prefix
 * cache, on whatever clock it is given. It keeps one timer at most and none while idle. A timer that
 * fires late costs no accuracy: all iterations that have ended by then are run, each at its own time,
 * and every call from outside first catches up with the clock.
 */
export function createEngineModel(options: {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly spec: EngineSpec;
}): EngineModel {
  const { clock, rng, spec } = options;
  const kv = createKvCache(spec.kvBlocks, spec.blockSize);
  /** First come, first served; `readyAtMs` never decreases along it. */
  const waiting = new Set<Sequence>();
  const running = new Set<Sequence>();
  let iteration: Iteration | null = null;
  /** Everything before it has been simulated. */
  let frontierMs = clock.monotonicMs();
  let accruedToMs = frontierMs;
  let timer: { readonly handle: Timer; readonly dueMs: number } | null = null;
  let isAdvancing = false;
  let slowdown = 1;
  const totals = { joules: 0, iterations: 0, prompt: 0, generation: 0, queries: 0, hits: 0 };

  function accrue(untilMs: number, watts: number): void {
    totals.joules += (watts * Math.max(0, untilMs - accruedToMs)) / 1000;
    accruedToMs = Math.max(accruedToMs, untilMs);
  }

  function admit(nowMs: number): void {
    for (const sequence of waiting) {
      if (running.size >= spec.maxRunning || sequence.readyAtMs > nowMs) return;
      const lease = kv.take(sequence.request.prompt, sequence.request.outputTokens);
      if (lease === null) return;
      waiting.delete(sequence);
      running.add(sequence);
      sequence.lease = lease;
      sequence.startedAtMs = nowMs;
      sequence.computedTokens = lease.cachedTokens;
      totals.queries += sequence.request.prompt.tokens;
      totals.hits += lease.cachedTokens;
    }
  }

  function begin(limitMs: number): boolean {
    let startMs = frontierMs;
    if (running.size === 0) {
      const [head] = waiting;
      if (head === undefined) return false;
      startMs = Math.max(startMs, head.readyAtMs);
      if (startMs > limitMs) return false;
    }
    admit(startMs);
    assert(running.size > 0, 'an empty engine admits any sequence that fits');
    const batch = [...running];
    let budget = spec.prefillTokensPerIteration;
    const chunks = batch.map((sequence) => {
      const chunk = Math.min(budget, sequence.request.prompt.tokens - sequence.computedTokens);
      budget -= chunk;
      return chunk;
    });
    const jitter = spec.jitterRatio === 0 ? 1 : 1 + spec.jitterRatio * (2 * rng.next() - 1);
    const lawMs = spec.weightReadMs + spec.perSequenceMs * batch.length;
    const durationMs = lawMs * jitter * slowdown;
    const watts = powerWatts(spec.power, batch.length);
    accrue(startMs, powerWatts(spec.power, 0));
    const shareJoules = (watts * durationMs) / 1000 / batch.length;
    iteration = { startMs, endMs: startMs + durationMs, batch, chunks, watts, shareJoules };
    return true;
  }

  function finish(done: Iteration): void {
    iteration = null;
    frontierMs = done.endMs;
    accrue(done.endMs, done.watts);
    totals.iterations++;
    for (let i = 0; i < done.batch.length; i++) {
      const sequence = done.batch[i]!;
      if (sequence.isEnded) continue;
      sequence.energyJoules += done.shareJoules;
      proceed(sequence, done.chunks[i]!, done.endMs);
    }
  }

  /** One iteration of one sequence: its chunk of prompt, and a token once the prompt is complete. */
  function proceed(sequence: Sequence, chunk: number, atMs: number): void {
    const { prompt, outputTokens } = sequence.request;
    if (chunk > 0) {
      sequence.computedTokens += chunk;
      kv.publish(sequence.lease!, sequence.computedTokens);
      if (sequence.computedTokens === prompt.tokens) totals.prompt += prompt.tokens;
    }
    if (sequence.computedTokens < prompt.tokens) return;
    if (sequence.emittedTokens < outputTokens) {
      sequence.firstTokenAtMs ??= atMs;
      totals.generation++;
      sequence.request.onToken(sequence.emittedTokens++, atMs);
    }
    if (sequence.emittedTokens === outputTokens) end(sequence, 'done', atMs);
  }

  function end(sequence: Sequence, reason: SequenceResult['reason'], atMs: number): void {
    if (sequence.isEnded) return;
    sequence.isEnded = true;
    waiting.delete(sequence);
    running.delete(sequence);
    if (sequence.lease !== null) kv.release(sequence.lease);
    sequence.request.onEnd({
      reason,
      cachedTokens: sequence.lease?.cachedTokens ?? 0,
      outputTokens: sequence.emittedTokens,
      arrivedAtMs: sequence.arrivedAtMs,
      startedAtMs: sequence.startedAtMs,
      firstTokenAtMs: sequence.firstTokenAtMs,
      endedAtMs: atMs,
      energyJoules: sequence.energyJoules,
    });
  }

  function advance(limitMs: number): void {
    // A callback that submits or cancels lands here again: the outer call goes on from where it is.
    if (isAdvancing) return;
    isAdvancing = true;
    try {
      while (iteration !== null || begin(limitMs)) {
        const current: Iteration = iteration!;
        if (current.endMs > limitMs) break;
        finish(current);
      }
    } finally {
      isAdvancing = false;
      arm();
    }
  }

  function arm(): void {
    const [head] = waiting;
    const dueMs = iteration?.endMs ?? head?.readyAtMs ?? null;
    if (timer !== null) {
      if (timer.dueMs === dueMs) return;
      clock.cancel(timer.handle);
      timer = null;
    }
    if (dueMs === null) return;
    const handle = clock.after(dueMs - clock.monotonicMs(), () => {
      timer = null;
      // The sum of floats that the clock waited for may fall a hair short of `dueMs`.
      advance(Math.max(clock.monotonicMs(), dueMs));
    });
    timer = { handle, dueMs };
  }

  function cancel(sequence: Sequence): void {
    advance(clock.monotonicMs());
    if (sequence.isEnded) return;
    // The iteration under way keeps its length and its share of the energy.
    if (iteration?.batch.includes(sequence)) sequence.energyJoules += iteration.shareJoules;
    end(sequence, 'cancelled', clock.monotonicMs());
    if (!isAdvancing) arm();
  }

  const fits = (promptTokens: number, outputTokens: number): boolean =>
    kv.blocksFor(promptTokens, outputTokens) <= spec.kvBlocks;

  return {
    fits,
    submit(request) {
      assert(request.prompt.tokens > 0, 'a prompt has at least one token');
      assert(fits(request.prompt.tokens, request.outputTokens), 'a sequence fits in KV memory');
      const nowMs = clock.monotonicMs();
      advance(nowMs);
      const sequence: Sequence = {
        request,
        arrivedAtMs: nowMs,
        readyAtMs: nowMs + spec.admissionMs,
        lease: null,
        startedAtMs: null,
        computedTokens: 0,
        emittedTokens: 0,
        firstTokenAtMs: null,
        energyJoules: 0,
        isEnded: false,
      };
      waiting.add(sequence);
      if (!isAdvancing) arm();
      return { cancel: () => cancel(sequence) };
    },
    stats() {
      const nowMs = clock.monotonicMs();
      advance(nowMs);
      const watts = iteration?.watts ?? powerWatts(spec.power, 0);
      return {
        running: running.size,
        waiting: waiting.size,
        kvUsedBlocks: kv.usedBlocks(),
        kvUsageRatio: kv.usageRatio(),
        powerWatts: watts,
        energyJoules: totals.joules + (watts * Math.max(0, nowMs - accruedToMs)) / 1000,
        iterations: totals.iterations,
        promptTokensTotal: totals.prompt,
        generationTokensTotal: totals.generation,
        prefixQueriesTotal: totals.queries,
        prefixHitsTotal: totals.hits,
      };
    },
    setSlowdown(factor) {
      assert(factor > 0 && Number.isFinite(factor), 'a slow-down is a positive number');
      advance(clock.monotonicMs());
      slowdown = factor;
    },
    close() {
      for (const sequence of [...running, ...waiting]) cancel(sequence);
      if (timer !== null) clock.cancel(timer.handle);
      timer = null;
    },
  };
}
