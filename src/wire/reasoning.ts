import type { Effort, Model, ReasoningFamily, Surface } from '../contract/index.ts';

/** One member of a request body: its keys from the top level down, and its JSON value (undefined: taken out). */
export interface FieldChange {
  readonly path: readonly string[];
  readonly value: string | number | boolean | Readonly<Record<string, string | number>> | undefined;
}

export interface ReasoningTarget {
  /** The surface that the instance is spoken to on. */
  readonly surface: Surface;
  /** The most output tokens of the attempt, thinking included; null: not known. */
  readonly ceilingTokens: number | null;
}

type SwitchedModel = Pick<Model, 'reasoning' | 'reasoningOptions'>;

/** Families whose chat template has a switch, and its name. It stands in `chat_template_kwargs`, which only chat has. */
const TEMPLATE_SWITCHES: ReadonlyMap<ReasoningFamily, string> = new Map([
  ['qwen3', 'enable_thinking'],
  ['glm', 'enable_thinking'],
  ['gemma', 'enable_thinking'],
  ['deepseek-v3', 'thinking'],
  ['granite', 'thinking'],
  ['holo2', 'thinking'],
]);

/** Tokens of thinking where a family takes a budget and the model sets none. */
const BUDGET_TOKENS = { off: 256, low: 1024, medium: 4096, high: 16_384 } as const;
/** Claude takes no smaller budget. */
const CLAUDE_BUDGET_MIN = 1024;

const NOTHING: readonly FieldChange[] = [];

/** Whether a model of the family does not think at all when it is told so. */
export const canSwitchOff = (family: ReasoningFamily): boolean =>
  family === 'claude' || TEMPLATE_SWITCHES.has(family);

/**
 * Tokens that a model is taken to think at most before it answers: the budget of the effort. Where
 * the client's own request stands (null), those of a medium one.
 */
export function thinkingTokens(
  { reasoning: family, reasoningOptions }: SwitchedModel,
  effort: Effort | null,
): number {
  if (family === null) return 0;
  if (effort !== 'off') {
    const level = effort ?? 'medium';
    return reasoningOptions?.budgetTokens?.[level] ?? BUDGET_TOKENS[level];
  }
  if (canSwitchOff(family)) return 0;
  const takesBudget = family === 'deepseek-r1' || family === 'qwq';
  return takesBudget ? BUDGET_TOKENS.off : BUDGET_TOKENS.low;
}

/**
 * What tells a family of models to think more, less or not at all (vLLM's documentation, and those of
 * OpenAI, Google and Anthropic for their own). Empty where it cannot be told on this surface.
 *
 * DeepSeek-R1 and QwQ always think: `off` is a small budget. gpt-oss cannot be switched off either,
 * and of OpenAI's and Google's models only some can: `off` is the least effort that the model is
 * configured to take, `low` if it says nothing.
 */
export function reasoningChanges(
  model: SwitchedModel,
  effort: Effort,
  target: ReasoningTarget,
): readonly FieldChange[] {
  const { reasoning: family } = model;
  if (family === null || target.surface === 'completions' || target.surface === 'embeddings') {
    return NOTHING;
  }
  if (family === 'openai' || family === 'gpt-oss' || family === 'gemini') {
    return effortChanges(model, effort, target);
  }
  if (target.surface !== 'chat') return NOTHING;
  if (family === 'claude') return claudeChanges(model, effort, target);
  const name = TEMPLATE_SWITCHES.get(family);
  if (name !== undefined) return templateChanges(name, model, effort, target);
  const budget = budgetOf(model, effort, target);
  return [{ path: ['thinking_token_budget'], value: budget }];
}

/** An effort of the caller's own would contradict the switch; a budget of its own is a cap, and may stay beside `on`. */
function templateChanges(
  name: string,
  model: SwitchedModel,
  effort: Effort,
  target: ReasoningTarget,
): readonly FieldChange[] {
  const changes: FieldChange[] = [
    { path: ['reasoning_effort'], value: undefined },
    { path: ['chat_template_kwargs', name], value: effort !== 'off' },
  ];
  if (effort === 'off') {
    changes.push({ path: ['thinking_token_budget'], value: undefined });
  } else if (model.reasoningOptions?.budgetTokens) {
    const budget = budgetOf(model, effort, target);
    changes.push({ path: ['thinking_token_budget'], value: budget });
  }
  return changes;
}

function effortChanges(
  { reasoning: family, reasoningOptions }: SwitchedModel,
  effort: Effort,
  { surface }: ReasoningTarget,
): readonly FieldChange[] {
  const least = family === 'gpt-oss' ? 'low' : (reasoningOptions?.leastEffort ?? 'low');
  const value = effort === 'off' ? least : effort;
  if (surface === 'chat') return [{ path: ['reasoning_effort'], value }];
  return family === 'gemini' ? NOTHING : [{ path: ['reasoning', 'effort'], value }];
}

function claudeChanges(
  model: SwitchedModel,
  effort: Effort,
  target: ReasoningTarget,
): readonly FieldChange[] {
  const budget = effort === 'off' ? 0 : budgetOf(model, effort, target);
  const thinking =
    budget < CLAUDE_BUDGET_MIN ? { type: 'disabled' } : { type: 'enabled', budget_tokens: budget };
  return [{ path: ['thinking'], value: thinking }];
}

/** Thinking gets half of the output ceiling at most, so that the answer itself has room. */
function budgetOf(
  { reasoningOptions }: SwitchedModel,
  effort: Effort,
  { ceilingTokens }: ReasoningTarget,
): number {
  const wanted =
    effort === 'off'
      ? BUDGET_TOKENS.off
      : (reasoningOptions?.budgetTokens?.[effort] ?? BUDGET_TOKENS[effort]);
  return ceilingTokens === null ? wanted : Math.min(wanted, Math.max(1, ceilingTokens >> 1));
}
