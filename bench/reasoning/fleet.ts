import type { Effort, ReasoningFamily } from '../../src/contract/index.ts';
import { drawThinkingTokens, easedDifficulty, probabilityRight } from '../../src/simulate/index.ts';
import { drawOutputTokens, thinkingOf } from '../../src/simulate/index.ts';
import type { AnswerSpec, SimulatedSpec } from '../../src/simulate/index.ts';
import { reasoningChanges } from '../../src/wire/index.ts';
import type { Family } from './families.ts';

/** What one effort does to one question. */
export interface Result {
  /** Thinking and answer. */
  readonly tokens: number;
  /** The chance that the answer is right. */
  readonly right: number;
}

export const EFFORTS: readonly Effort[] = ['off', 'low', 'medium', 'high'];

export type Results = Readonly<Record<Effort, Result>>;

/** The body that a model of this family gets for an effort, as an attempt writes it. */
function bodyOf(family: Family, effort: Effort): Parameters<typeof thinkingOf>[1] {
  const body = { model: 'm', messages: [] };
  const target = { surface: 'chat', ceilingTokens: null } as const;
  for (const { path, value } of reasoningChanges(family.model, effort, target)) {
    let at: Record<string, unknown> = body;
    for (const key of path.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
    if (value !== undefined) at[path.at(-1)!] = value;
  }
  return body;
}

/** What the simulated model does with each effort on each question. */
export function runFleet(
  spec: SimulatedSpec & { readonly answers: AnswerSpec },
  family: Family,
  difficulties: readonly number[],
): readonly Results[] {
  const thoughts = EFFORTS.map((effort) => {
    const name = family.model.reasoning as ReasoningFamily;
    return [effort, thinkingOf(name, bodyOf(family, effort))] as const;
  });
  return difficulties.map((difficulty, i) => {
    const asked = { promptHash: Math.imul(i + 1, 0x9e3779b1) >>> 0, choice: 0, difficulty };
    const answerTokens = drawOutputTokens(spec, asked);
    const results = thoughts.map(([effort, thinking]) => {
      const thinkingTokens = drawThinkingTokens(spec.model, thinking, asked);
      const gain = spec.answers.thinking?.gain ?? 0;
      const eased = easedDifficulty(gain, difficulty, thinkingTokens);
      const right = probabilityRight(spec.answers, 'general', eased);
      return [effort, { tokens: thinkingTokens + answerTokens, right }] as const;
    });
    return Object.fromEntries(results) as Record<Effort, Result>;
  });
}
