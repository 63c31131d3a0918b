import type { ReasoningFamily } from '../contract/index.ts';
import type { ChatBody } from './request-body.ts';
import type { Thinking } from './thinking.ts';
import { NO_THINKING } from './thinking.ts';

/** The families that a chat template switches: the name of its switch, and what it is where nothing says. */
const TEMPLATES: Partial<Record<ReasoningFamily, readonly [name: string, isOn: boolean]>> = {
  qwen3: ['enable_thinking', true],
  glm: ['enable_thinking', true],
  gemma: ['enable_thinking', false],
  'deepseek-v3': ['thinking', false],
  granite: ['thinking', false],
  holo2: ['thinking', true],
};

type Effort = NonNullable<ChatBody['reasoning_effort']>;
const EFFORTS: Readonly<Record<Effort, Thinking['effort']>> = {
  none: 'off',
  minimal: 'off',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/** How much a chat request lets a model of this family think, as its engine reads the request. */
export function thinkingOf(family: ReasoningFamily, body: ChatBody): Thinking {
  const budgetTokens = body.thinking_token_budget ?? null;
  const template = TEMPLATES[family];
  if (template !== undefined) {
    return isSwitchedOn(template, body) ? { effort: 'high', budgetTokens } : NO_THINKING;
  }
  switch (family) {
    case 'deepseek-r1':
    case 'qwq':
      return { effort: 'high', budgetTokens };
    case 'claude':
      return body.thinking?.type === 'enabled'
        ? { effort: 'high', budgetTokens: body.thinking.budget_tokens ?? null }
        : NO_THINKING;
    default: {
      const effort = EFFORTS[body.reasoning_effort ?? 'medium'];
      // gpt-oss thinks at the least effort too.
      const isStubborn = family === 'gpt-oss' && effort === 'off';
      return { effort: isStubborn ? 'low' : effort, budgetTokens };
    }
  }
}

/** The template's own switch goes before `reasoning_effort`, which vLLM translates to it where the caller set none. */
function isSwitchedOn([name, isOn]: readonly [string, boolean], body: ChatBody): boolean {
  const own = body.chat_template_kwargs?.[name];
  if (typeof own === 'boolean') return own;
  const effort = body.reasoning_effort ?? null;
  return effort === null ? isOn : effort !== 'none';
}
