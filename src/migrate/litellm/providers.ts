/** A provider as an engine of Bourse. */
export interface Provider {
  readonly engine: string;
  /** Base URL where the deployment has none. Null: the engine's own, or none. */
  readonly url: string | null;
  /** Variable that holds the base URL where the deployment has none. */
  readonly urlVariable?: string;
  /** Variable that holds the key where the deployment has none, and its own URL neither. */
  readonly keyVariable: string | null;
}

const cloud = (url: string | null, keyVariable: string): Provider => ({
  engine: 'openai',
  url,
  keyVariable,
});

/** A cloud whose engine knows where it stands. */
const home = (engine: string, keyVariable: string | null): Provider => ({
  engine,
  url: null,
  keyVariable,
});

/** By the prefix of `litellm_params.model`. Base URLs are those of the providers' own documentation. */
const PROVIDERS: ReadonlyMap<string, Provider> = new Map([
  ['openai', cloud(null, 'OPENAI_API_KEY')],
  ['text-completion-openai', cloud(null, 'OPENAI_API_KEY')],
  ['anthropic', home('anthropic', 'ANTHROPIC_API_KEY')],
  ['azure', { ...home('azure', 'AZURE_API_KEY'), urlVariable: 'AZURE_API_BASE' }],
  ['gemini', home('gemini', 'GEMINI_API_KEY')],
  ['deepseek', home('deepseek', 'DEEPSEEK_API_KEY')],
  ['groq', home('groq', 'GROQ_API_KEY')],
  ['mistral', home('mistral', 'MISTRAL_API_KEY')],
  ['together_ai', cloud('https://api.together.xyz/v1', 'TOGETHERAI_API_KEY')],
  ['fireworks_ai', cloud('https://api.fireworks.ai/inference/v1', 'FIREWORKS_AI_API_KEY')],
  ['openrouter', home('openrouter', 'OPENROUTER_API_KEY')],
  ['xai', cloud('https://api.x.ai/v1', 'XAI_API_KEY')],
  ['nvidia_nim', cloud('https://integrate.api.nvidia.com/v1', 'NVIDIA_NIM_API_KEY')],
  ['cerebras', cloud('https://api.cerebras.ai/v1', 'CEREBRAS_API_KEY')],
  ['sambanova', cloud('https://api.sambanova.ai/v1', 'SAMBANOVA_API_KEY')],
  [
    'hosted_vllm',
    { engine: 'vllm', url: null, urlVariable: 'HOSTED_VLLM_API_BASE', keyVariable: null },
  ],
  [
    'lm_studio',
    { engine: 'openai', url: null, urlVariable: 'LM_STUDIO_API_BASE', keyVariable: null },
  ],
  [
    'litellm_proxy',
    { engine: 'openai', url: null, urlVariable: 'LITELLM_PROXY_API_BASE', keyVariable: null },
  ],
  [
    'xinference',
    { engine: 'openai', url: null, urlVariable: 'XINFERENCE_API_BASE', keyVariable: null },
  ],
  ['llamafile', { engine: 'openai', url: 'http://127.0.0.1:8080/v1', keyVariable: null }],
  ['ollama', home('ollama', null)],
  ['ollama_chat', home('ollama', null)],
]);

/** Names without a prefix that LiteLLM takes for models of OpenAI. */
const OPENAI_NAMES = /^(?:gpt-|chatgpt-|o[1-9](?:$|-)|text-embedding-|ft:gpt-|davinci|babbage)/;
const CLAUDE_NAMES = /^claude/;

export type ProviderChoice =
  | { readonly provider: Provider; readonly upstreamName: string }
  | { readonly reason: string };

/** Which engine serves `litellm_params.model`, and what its server calls the model; or why none does. */
export function chooseProvider(model: string, custom: string | null): ProviderChoice {
  const slash = model.indexOf('/');
  const prefix = slash < 0 ? null : model.slice(0, slash);
  const rest = model.slice(slash + 1);
  if (custom !== null) {
    const provider = PROVIDERS.get(custom);
    if (provider === undefined) return { reason: noEngine(custom) };
    const upstreamName = prefix === custom ? rest : model;
    return upstreamName === '' ? { reason: NO_NAME } : { provider, upstreamName };
  }
  if (prefix === null) {
    if (OPENAI_NAMES.test(model)) {
      return { provider: PROVIDERS.get('openai')!, upstreamName: model };
    }
    if (CLAUDE_NAMES.test(model)) {
      return { provider: PROVIDERS.get('anthropic')!, upstreamName: model };
    }
    return { reason: 'the model has no provider prefix, and is none of OpenAI by its name' };
  }
  const provider = PROVIDERS.get(prefix);
  if (provider !== undefined && rest !== '') return { provider, upstreamName: rest };
  return { reason: noEngine(prefix) };
}

const NO_NAME = 'the model has a provider prefix and no name behind it';

function noEngine(provider: string): string {
  const name = /^[\w.-]{1,40}$/.test(provider) ? `"${provider}"` : 'this provider';
  return `Bourse has no engine for ${name}: for a server that speaks OpenAI's API, write openai/ or hosted_vllm/ before the model and give its api_base`;
}
