import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeText } from '../foreign/take.ts';
import { lookup } from '../foreign/lookup.ts';

/** Names of families and what a policy calls them. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^qwen-?3/i, 'qwen3'],
  [/^deepseek-?r1/i, 'deepseek-r1'],
  [/^deepseek/i, 'deepseek-v3'],
  [/^gpt-?oss/i, 'gpt-oss'],
  [/^(?:gpt|openai|o\d)/i, 'openai'],
  [/^granite/i, 'granite'],
  [/^glm/i, 'glm'],
  [/^gemma/i, 'gemma'],
];

/** The family of a model: by its name, else by the switch that the file defines for it. */
export function importReasoningFamily(
  model: ForeignNode,
  defaults: ForeignNode | null,
): string | null {
  const node = model.at('reasoning_family');
  const name = takeText(node);
  if (node === null || name === null) return null;
  const definition = defaults?.at('reasoning_families')?.at(name) ?? null;
  const type = takeText(definition?.at('type') ?? null);
  const parameter = takeText(definition?.at('parameter') ?? null);
  const byName = FAMILIES.find(([pattern]) => pattern.test(name));
  if (byName !== undefined) return byName[1];
  if (type === 'chat_template_kwargs' && parameter === 'enable_thinking') return 'qwen3';
  if (type === 'chat_template_kwargs' && parameter === 'thinking') return 'deepseek-v3';
  if (type?.includes('reasoning_effort') === true) return 'openai';
  node.drop('no family of the policy has this switch: its reasoning is left alone');
  return null;
}

export type Effort = 'off' | 'low' | 'medium' | 'high';

const EFFORTS: Readonly<Record<string, Effort>> = {
  none: 'off',
  off: 'off',
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
};

/** An effort as a policy knows it; null where there is none, or none that it knows. */
export function takeEffort(node: ForeignNode | null): Effort | null {
  const name = takeText(node);
  if (node === null || name === null) return null;
  const effort = lookup(EFFORTS, name) ?? null;
  if (effort === null) node.drop('the policy has off, low, medium and high');
  else if (effort !== name) node.change(`is "${effort}"`);
  return effort;
}
