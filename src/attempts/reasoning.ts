import { parseField } from '../wire/index.ts';
import type { Injection, ReasoningFamily, RequestBody } from '../contract/index.ts';

type Effort = NonNullable<Injection['reasoning']>;

/** The field that switches thinking, and its new value as JSON. */
interface ReasoningEdit {
  readonly field: string;
  readonly value: Buffer;
}

/** Families whose chat template has a switch, and its name. It stands in `chat_template_kwargs`, which only chat has. */
const TEMPLATE_SWITCHES: Partial<Record<ReasoningFamily, string>> = {
  qwen3: 'enable_thinking',
  glm: 'enable_thinking',
  gemma: 'enable_thinking',
  'deepseek-v3': 'thinking',
  granite: 'thinking',
};

/**
 * How a family of models is told to think more, less or not at all (vLLM's documentation, and
 * OpenAI's for its own). Null where it cannot be told: DeepSeek-R1 always thinks. gpt-oss and
 * OpenAI's models have no common way off: `low` is the least that all of them take.
 */
export function reasoningEdit(
  family: ReasoningFamily,
  effort: Effort,
  body: RequestBody,
  isResponses: boolean,
): ReasoningEdit | null {
  if (family === 'gpt-oss' || family === 'openai') {
    const level = effort === 'off' ? 'low' : effort;
    return isResponses
      ? merged(body, 'reasoning', { effort: level })
      : { field: 'reasoning_effort', value: Buffer.from(`"${level}"`) };
  }
  const name = TEMPLATE_SWITCHES[family];
  if (name === undefined || isResponses) return null;
  return merged(body, 'chat_template_kwargs', { [name]: effort !== 'off' });
}

/** The client's own object of this name with `changes` on top; its other members stay as they are. */
export function merged(
  body: RequestBody,
  field: string,
  changes: Readonly<Record<string, unknown>>,
): ReasoningEdit {
  const own = parseField(body, field);
  const isObject = typeof own === 'object' && own !== null && !Array.isArray(own);
  return { field, value: Buffer.from(JSON.stringify(isObject ? { ...own, ...changes } : changes)) };
}
