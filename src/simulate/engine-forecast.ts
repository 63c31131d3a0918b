import type { EngineSpec } from './engine-spec.ts';

/** What is left of one sequence. */
export interface SequenceAhead {
  promptLeft: number;
  outputLeft: number;
  /** KV blocks that it holds, or will take. */
  readonly blocks: number;
}

/** An engine at one moment, as far as its future depends on it. */
export interface EngineAhead {
  readonly spec: EngineSpec;
  /** From now until its next iteration can start. */
  readonly busyMs: number;
  readonly slowdown: number;
  freeBlocks: number;
  readonly running: SequenceAhead[];
  /** In their order; the last one is the sequence that is asked for. */
  readonly waiting: SequenceAhead[];
}

export interface EngineForecast {
  readonly ttftMs: number;
  readonly totalMs: number;
  /** Prompt tokens that its cache holds. */
  readonly cachedTokens: number;
}

/** Rounds after which it is no use to look further. */
const STEPS_MAX = 100_000;

/**
 * When the last of `waiting` gets its first token and its last, in milliseconds from now, if nobody comes after it. It runs the law of the
 * engine without jitter, many equal iterations at a time. Prefixes that are yet to be computed are not counted as found.
 */
export function forecast(ahead: EngineAhead): Omit<EngineForecast, 'cachedTokens'> {
  const { spec, running, waiting, slowdown } = ahead;
  const asked = waiting.at(-1)!;
  let atMs = ahead.busyMs;
  let ttftMs = Number.NaN;
  for (let step = 0; step < STEPS_MAX; step++) {
    const times = unchangedIterations(ahead);
    if (times === 1) admit(ahead);
    if (running.length === 0) break;
    atMs += times * (spec.weightReadMs + spec.perSequenceMs * running.length) * slowdown;
    let budget = spec.prefillTokensPerIteration * times;
    for (let i = 0; i < running.length; i++) {
      const sequence = running[i]!;
      if (sequence.promptLeft > 0) {
        const chunk = Math.min(budget, sequence.promptLeft);
        budget -= chunk;
        sequence.promptLeft -= chunk;
        if (sequence.promptLeft > 0) continue;
        sequence.outputLeft--;
      } else {
        sequence.outputLeft -= times;
      }
      if (sequence === asked && Number.isNaN(ttftMs)) ttftMs = atMs;
      if (sequence.outputLeft > 0) continue;
      if (sequence === asked) return { ttftMs, totalMs: atMs };
      ahead.freeBlocks += sequence.blocks;
      running.splice(i--, 1);
    }
  }
  return { ttftMs: Number.isNaN(ttftMs) ? atMs : ttftMs, totalMs: atMs };
}

/** Iterations of the batch as it is: until a sequence ends, the last chunk of a prompt leaves room for another, or one may join. */
function unchangedIterations({ spec, running, waiting, freeBlocks }: EngineAhead): number {
  const budget = spec.prefillTokensPerIteration;
  let times = Number.POSITIVE_INFINITY;
  let promptLeft = 0;
  for (const sequence of running) {
    if (sequence.promptLeft === 0) times = Math.min(times, sequence.outputLeft);
    promptLeft += sequence.promptLeft;
  }
  if (promptLeft > 0) times = Math.min(times, Math.ceil(promptLeft / budget) - 1);
  else if (
    waiting.length > 0 &&
    running.length < spec.maxRunning &&
    waiting[0]!.blocks <= freeBlocks
  ) {
    return 1;
  }
  return Number.isFinite(times) ? Math.max(1, times) : 1;
}

/** Those who wait join as long as prompts leave some of the iteration's budget. */
function admit(ahead: EngineAhead): void {
  const { spec, running, waiting } = ahead;
  let budget = spec.prefillTokensPerIteration;
  for (const { promptLeft } of running) budget -= promptLeft;
  while (budget > 0 && waiting.length > 0 && running.length < spec.maxRunning) {
    const head = waiting[0]!;
    if (head.blocks > ahead.freeBlocks) return;
    ahead.freeBlocks -= head.blocks;
    budget -= head.promptLeft;
    running.push(waiting.shift()!);
  }
}
