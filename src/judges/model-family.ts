import type { Model } from '../contract/index.ts';

/** The label of a model's card that names its family, where its name does not. */
const FAMILY_LABEL = 'family';

/** What names begin with or hold. Prometheus 2 was trained from Mistral, and M-Prometheus from Qwen. */
const FAMILIES: readonly (readonly [family: string, pattern: RegExp])[] = [
  ['qwen', /\b(qwen|qwq|qvq|m-prometheus)/],
  [
    'mistral',
    /\b(mistral|mixtral|ministral|magistral|codestral|devstral|pixtral|(?<!m-)prometheus)/,
  ],
  ['llama', /\b(llama|codellama|tulu|hermes-3|vicuna)/],
  ['openai', /\b(gpt|chatgpt|o[134](-|\b)|davinci)/],
  ['anthropic', /\b(claude)/],
  ['google', /\b(gemini|gemma|palm)/],
  ['deepseek', /\b(deepseek)/],
  ['microsoft', /\b(phi|wizardlm)/],
  ['cohere', /\b(command|c4ai|aya)/],
  ['xai', /\b(grok)/],
  ['zhipu', /\b(glm|chatglm)/],
  ['ibm', /\b(granite)/],
  ['nvidia', /\b(nemotron)/],
  ['yi', /\b(yi)\b/],
  ['moonshot', /\b(kimi|moonshot)/],
  ['minimax', /\b(minimax)/],
];

/**
 * The families of a model: what its card says, else what its name and id say. A model that was made from
 * another (`deepseek-r1-distill-qwen-7b`) is of both families; one whose name says nothing is its own.
 */
export function familiesOf({ id, upstreamName, labels }: Model): ReadonlySet<string> {
  const stated = labels.get(FAMILY_LABEL);
  if (stated !== undefined) return new Set([stated.toLowerCase()]);
  const names = `${id} ${upstreamName}`.toLowerCase().replaceAll(/[_/:]/g, ' ');
  const found = new Set<string>();
  for (const [family, pattern] of FAMILIES) if (pattern.test(names)) found.add(family);
  if (found.size === 0) found.add(upstreamName.toLowerCase());
  return found;
}

/** Whether one may grade the other: a model is too kind to its own family. */
export function mayGrade(judge: Model, judged: Model): boolean {
  if (judge.id === judged.id) return false;
  const own = familiesOf(judge);
  for (const family of familiesOf(judged)) if (own.has(family)) return false;
  return true;
}
