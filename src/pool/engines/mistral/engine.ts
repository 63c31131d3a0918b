import type { AdaptAsk, MemberChange } from '../../../contract/index.ts';
import { openAiFace } from '../openai-face.ts';

/** Members of OpenAI's that Mistral refuses with 422. It sends the usage of a stream unasked. */
const UNKNOWN = [
  'stream_options',
  'user',
  'store',
  'service_tier',
  'logit_bias',
  'logprobs',
  'top_logprobs',
];
/** What it calls otherwise. */
const RENAMED = [
  ['max_completion_tokens', 'max_tokens'],
  ['seed', 'random_seed'],
] as const;

function adapt({ surface, field }: AdaptAsk): readonly MemberChange[] {
  if (surface === 'embeddings') return [];
  const changes: MemberChange[] = [];
  for (const name of UNKNOWN) {
    if (field(name) !== null) changes.push({ path: [name], value: undefined });
  }
  for (const [name, own] of RENAMED) {
    const value = field(name);
    if (value === null) continue;
    changes.push({ path: [name], value: undefined }, { path: [own], value: JSON.parse(value) });
  }
  if (field('tool_choice') === '"required"') changes.push({ path: ['tool_choice'], value: 'any' });
  return changes;
}

export const mistral = openAiFace(
  { kind: 'mistral', lacks: ['responses', 'completions'] },
  { defaultUrl: 'https://api.mistral.ai', adapt },
);
