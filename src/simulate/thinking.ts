import type { Effort, ReasoningFamily } from '../contract/index.ts';
import { hashText, mixHash, normalOf } from './hash.ts';

/** How a model thinks before it answers. */
export interface ThinkingSpec {
  /** Tells by which members of a request it is switched, and what it does where none says. */
  readonly family: ReasoningFamily;
  /** What unlimited thinking adds to its ability at difficulty 1. */
  readonly gain: number;
}

/** How much one request lets a model think. */
export interface Thinking {
  readonly effort: Effort;
  /** Cut off there; null: no limit. */
  readonly budgetTokens: number | null;
}

export const NO_THINKING: Thinking = { effort: 'off', budgetTokens: null };

/**
 * The model of thinking. All constants are assumed, after the order of magnitude of published figures
 * (Qwen3 with thinking on and off, gpt-oss at three efforts, each on MMLU-Redux and GPQA-Diamond):
 *
 * - A question of difficulty d needs `need(d) = 1500·e^(1.5·(d − ½))` tokens: 700 to 3,200.
 * - An effort spends a share of that, times `e^(0.5·z)` where z is the prompt's own normal draw: low ¼,
 *   medium 1, high 4 (each step fourfold, like the budgets 1024, 4096 and 16384). A switch that only
 *   knows on means high.
 * - T tokens ease the question by `gain·d·(1 − e^(−T/need))`: low effort has 22 % of what there is to
 *   gain, medium 63 %, high 98 %. It grows with difficulty, and questions that were easy gain nothing
 *   that shows. With the gain 0.2, high effort adds 0.8 to the log-odds at d = 0.8 and 0.35 at d = 0.35.
 */
const NEED_TOKENS = 1500;
const NEED_GROWTH = 1.5;
const SPREAD = 0.5;
const SHARE_OF_NEED: Readonly<Record<Effort, number>> = { off: 0, low: 0.25, medium: 1, high: 4 };
const THINKING_TOKENS_MAX = 65_536;

const needTokens = (difficulty: number): number =>
  NEED_TOKENS * Math.exp(NEED_GROWTH * (difficulty - 0.5));

/** A prompt, which of several answers to it, and how hard it is. */
export interface ThoughtOf {
  readonly promptHash: number;
  readonly choice: number;
  readonly difficulty: number;
}

/** How many tokens a model thinks about a prompt: the same whenever the same is asked. */
export function drawThinkingTokens(model: string, thinking: Thinking, asked: ThoughtOf): number {
  const share = SHARE_OF_NEED[thinking.effort];
  if (share === 0) return 0;
  const hash = mixHash(mixHash(asked.promptHash, hashText(model)), asked.choice);
  const tokens = share * needTokens(asked.difficulty) * Math.exp(SPREAD * normalOf(hash, 0x7a1));
  return Math.min(
    Math.max(1, Math.round(tokens)),
    thinking.budgetTokens ?? THINKING_TOKENS_MAX,
    THINKING_TOKENS_MAX,
  );
}

/** How hard a question is for a model that has thought about it. May be below 0. */
export function easedDifficulty(gain: number, difficulty: number, thinkingTokens: number): number {
  const share = 1 - Math.exp(-thinkingTokens / needTokens(difficulty));
  return difficulty - gain * difficulty * share;
}
