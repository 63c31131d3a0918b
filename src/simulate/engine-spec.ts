import type { PowerCurve } from '../contract/index.ts';
import type { ThinkingSpec } from './thinking.ts';

/**
 * How one inference engine behaves. An iteration (one forward pass over all running sequences)
 * takes `t_iter = W + H·n` for n running sequences: the form and the magnitudes of the fleet
 * simulator of the Workload-Router-Pool work (W = 8 ms, H = 0.65 ms for a 70B model on A100s).
 */
export interface EngineSpec {
  /** W: milliseconds to read the weights once, about weight bytes over memory bandwidth. */
  readonly weightReadMs: number;
  /** H: milliseconds that each running sequence adds to an iteration. */
  readonly perSequenceMs: number;
  /** Milliseconds from arrival until the scheduler sees a sequence: HTTP, tokenising, hand-over. */
  readonly admissionMs: number;
  /** Each iteration takes up to this share more or less, uniformly; 0 keeps the law exact. */
  readonly jitterRatio: number;
  /** Prompt tokens computed per iteration, over all sequences that are in prefill (chunked prefill). */
  readonly prefillTokensPerIteration: number;
  /** Sequences in the running batch at most; the rest wait. */
  readonly maxRunning: number;
  /** KV memory, in blocks of `blockSize` tokens. */
  readonly kvBlocks: number;
  readonly blockSize: number;
  readonly power: PowerCurve;
  /** Who is taken next of those that wait: the first that came (absent), or the least `priority` and of equals the first. */
  readonly scheduling?: 'fcfs' | 'priority';
}

/** How good and how long the answers of a model are. */
export interface AnswerSpec {
  /** On the scale of difficulty (0 trivial, 1 very hard): where the model is right half the time. */
  readonly ability: number;
  readonly abilityByDomain: Readonly<Record<string, number>>;
  /** Length of an answer in tokens: log-normal with this median and this deviation of the logarithm. */
  readonly medianOutputTokens: number;
  readonly outputSigma: number;
  /** Absent: it does not think before it answers. */
  readonly thinking?: ThinkingSpec;
}

/** One simulated server: a chat model where `answers` is given, an embedding model where it is null. */
export interface SimulatedSpec {
  readonly id: string;
  /** The name that `/v1/models` lists and requests must carry. */
  readonly model: string;
  readonly contextWindowTokens: number;
  readonly engine: EngineSpec;
  readonly answers: AnswerSpec | null;
}
