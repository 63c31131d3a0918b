import type { DraftValue } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeCount, takeFlag, takeProse, takeText } from '../foreign/take.ts';
import { lookup } from '../foreign/lookup.ts';

/** What the plugins of a decision mean in a policy. */
export interface Plugins {
  /** Of the answer that ends the request; null: none does. */
  readonly refusal: string | null;
  /** Members of a route's `use`. */
  readonly use: DraftValue;
}

const REFUSAL_CHARACTERS_MAX = 1024;
const REFUSAL_DEFAULT = 'This request is not served.';

export function importPlugins(list: ForeignNode | null): Plugins {
  let refusal: string | null = null;
  const use: Record<string, unknown> = {};
  for (const node of list?.items ?? []) {
    const type = takeText(node.at('type'));
    const configuration = node.at('configuration');
    if (takeFlag(configuration?.at('enabled') ?? null) === false) {
      node.carry();
    } else if (type === 'fast_response') {
      refusal = refusalOf(configuration);
      node
        .at('type')
        ?.change('the caller gets an error 403 with this message, not an answer with it');
    } else if (type === 'system_prompt') {
      const prompt = systemPromptOf(configuration);
      if (prompt !== null) use['systemPrompt'] = prompt;
    } else if (type === 'request_params') {
      const maxTokens = takeCount(configuration?.at('max_tokens_limit') ?? null);
      if (maxTokens !== null) use['maxTokens'] = maxTokens;
    } else {
      node.drop(
        lookup(PLUGIN_REASONS, type) ?? 'the policy has nothing that stands for this plugin',
      );
    }
  }
  return { refusal, use };
}

function refusalOf(configuration: ForeignNode | null): string {
  const node = configuration?.at('message') ?? null;
  const text = takeProse(node);
  if (node === null || text === null) return REFUSAL_DEFAULT;
  const line = text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, REFUSAL_CHARACTERS_MAX);
  if (line !== text) node.change('is one line of at most 1024 characters');
  return line === '' ? REFUSAL_DEFAULT : line;
}

const PROMPT_MODES: Readonly<Record<string, string>> = {
  replace: 'replace',
  insert: 'prepend',
  prepend: 'prepend',
  append: 'append',
};

function systemPromptOf(configuration: ForeignNode | null): DraftValue | null {
  const text = takeProse(configuration?.at('system_prompt') ?? configuration?.at('prompt') ?? null);
  const modeNode = configuration?.at('mode') ?? null;
  const name = takeText(modeNode) ?? 'replace';
  const mode = lookup(PROMPT_MODES, name) ?? null;
  if (mode === null) modeNode?.drop('the policy has replace, prepend and append: it is prepend');
  return text === null ? null : { mode: mode ?? 'prepend', text };
}

const NO_CACHE = 'the policy has no cache of answers';
const NO_TOOLS = 'the policy does not change the tools of a request';

const PLUGIN_REASONS: Readonly<Record<string, string>> = {
  response_cache: NO_CACHE,
  'semantic-cache': NO_CACHE,
  semantic_cache: NO_CACHE,
  header_mutation: 'headers of the client are not passed on, nor changed',
  tools: NO_TOOLS,
  tool_selection: NO_TOOLS,
  rag: 'Bourse fetches no documents',
  memory: 'Bourse keeps no text of a client',
  hallucination: 'answers are not inspected',
  response_jailbreak: 'answers are not inspected',
  router_replay: 'the decision log is always on: `bourse decisions`',
  image_gen: 'Bourse routes text',
  context_compression: 'the model that serves always gets the original',
};
