import type { Engine } from '../contract/index.ts';
import { anthropic } from './engines/anthropic/engine.ts';
import { deepseek } from './engines/deepseek/engine.ts';
import { gemini } from './engines/gemini/engine.ts';
import { groq } from './engines/groq/engine.ts';
import { mistral } from './engines/mistral/engine.ts';
import { openai } from './engines/openai/engine.ts';
import { openrouter } from './engines/openrouter/engine.ts';
import { Agent, request } from './undici.ts';

/** Something that could serve, found without a configuration. Plain data: it holds no key. */
export interface Finding {
  /** Unique among the findings: `openai`, `groq`, `local-8000` … */
  readonly name: string;
  readonly engine: string;
  /** As `Instance.url`: without a trailing slash and without `/v1`. */
  readonly url: string;
  /** The names under which it serves; empty where it would not say. */
  readonly models: readonly string[];
  /** The environment variable that holds its key; null where it needs none. */
  readonly apiKeyEnv: string | null;
}

export interface DiscoverOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ports on which this very program listens: they are not looked at. */
  readonly ownPorts: readonly number[];
  readonly localPorts?: readonly number[];
  readonly localTimeoutMs?: number;
  readonly cloudTimeoutMs?: number;
}

interface Provider {
  readonly name: string;
  readonly engine: Engine;
  readonly keyEnv: string;
  readonly baseEnv: string | null;
  readonly url: string;
}

const provider = (name: string, keyEnv: string, url: string, baseEnv: string | null = null) =>
  ({ name, engine: openai, keyEnv, baseEnv, url }) as const satisfies Provider;

/** A cloud whose engine knows where it stands. */
const home = (engine: Engine, keyEnv: string, baseEnv: string | null = null) =>
  ({ name: engine.kind, engine, keyEnv, baseEnv, url: engine.defaultUrl! }) satisfies Provider;

/** Clouds, and the variables that their users have set. */
const PROVIDERS: readonly Provider[] = [
  home(openai, 'OPENAI_API_KEY', 'OPENAI_BASE_URL'),
  home(anthropic, 'ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL'),
  home(gemini, 'GEMINI_API_KEY'),
  home(groq, 'GROQ_API_KEY'),
  home(mistral, 'MISTRAL_API_KEY'),
  home(deepseek, 'DEEPSEEK_API_KEY'),
  home(openrouter, 'OPENROUTER_API_KEY'),
  provider('together', 'TOGETHER_API_KEY', 'https://api.together.xyz'),
  provider('fireworks', 'FIREWORKS_API_KEY', 'https://api.fireworks.ai/inference'),
  provider('cerebras', 'CEREBRAS_API_KEY', 'https://api.cerebras.ai'),
  provider('xai', 'XAI_API_KEY', 'https://api.x.ai'),
];

/** vLLM, a second one, llama.cpp, Ollama, SGLang, LM Studio. */
const LOCAL_PORTS = [8000, 8001, 8080, 11434, 30000, 1234];
const LIST_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Looks for keys in the environment and for servers on the usual local ports, all at once. A key
 * goes to its own provider only, never to a local port that merely answered. Never rejects.
 */
export async function discover(options: DiscoverOptions): Promise<readonly Finding[]> {
  const agent = new Agent({ allowH2: false });
  try {
    const clouds = PROVIDERS.map((each) => findCloud(agent, each, options));
    const ports = (options.localPorts ?? LOCAL_PORTS).filter(
      (port) => !options.ownPorts.includes(port),
    );
    const locals = ports.map((port) => findLocal(agent, port, options.localTimeoutMs ?? 300));
    const found = await Promise.all([...clouds, ...locals]);
    return found.filter((finding) => finding !== null);
  } finally {
    await agent.destroy();
  }
}

async function findCloud(
  agent: Agent,
  { name, engine, keyEnv, baseEnv, url: defaultUrl }: Provider,
  { env, ownPorts, cloudTimeoutMs }: DiscoverOptions,
): Promise<Finding | null> {
  const key = env[keyEnv];
  const url = baseUrl((baseEnv === null ? undefined : env[baseEnv]) || defaultUrl);
  // Users who already point their own programs at this one have set the variable of its base to it.
  if (!key || url === null || isOwn(url, ownPorts)) return null;
  const list = await listModels(agent, url + engine.probe.healthPath, {
    headers: engine.headers({ apiKey: key }),
    timeoutMs: cloudTimeoutMs ?? 3_000,
  });
  return { name, engine: engine.kind, url, models: list?.models ?? [], apiKeyEnv: keyEnv };
}

async function findLocal(agent: Agent, port: number, timeoutMs: number): Promise<Finding | null> {
  const url = `http://127.0.0.1:${port}`;
  const list = await listModels(agent, `${url}/v1/models`, { headers: {}, timeoutMs });
  if (list === null || list.models.length === 0) return null;
  const engine = list.engine ?? 'openai';
  return { name: `local-${port}`, engine, url, models: list.models, apiKeyEnv: null };
}

/** Without `/v1`, query and credentials; null when it is no http URL. */
function baseUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, origin, pathname } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return null;
  return origin + pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
}

function isOwn(url: string, ownPorts: readonly number[]): boolean {
  const { hostname, port } = new URL(url);
  const isLoopback =
    hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  return isLoopback && ownPorts.includes(Number(port));
}

interface ModelList {
  readonly models: readonly string[];
  /** The server that calls itself so; null: none that is known. */
  readonly engine: string | null;
}

async function listModels(
  agent: Agent,
  url: string,
  ask: {
    readonly headers: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
  },
): Promise<ModelList | null> {
  try {
    const { statusCode, body } = await request(url, {
      dispatcher: agent,
      method: 'GET',
      headers: ask.headers,
      signal: AbortSignal.timeout(ask.timeoutMs),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LIST_BYTES_MAX) return null;
      chunks.push(chunk);
    }
    return statusCode === 200 ? readList(JSON.parse(Buffer.concat(chunks).toString())) : null;
  } catch {
    return null;
  }
}

/** By whom servers say that their models are owned. */
const OWNERS: ReadonlyMap<unknown, string> = new Map([
  ['vllm', 'vllm'],
  ['sglang', 'sglang'],
  ['llamacpp', 'llama-cpp'],
  ['library', 'ollama'],
]);

/** `{data: [{id, owned_by}]}`; null when it is something else. */
function readList(value: unknown): ModelList | null {
  const data = (value as { data?: unknown } | null)?.data;
  if (!Array.isArray(data)) return null;
  const entries = data.filter(
    (entry: unknown): entry is { id: string; owned_by?: unknown } =>
      typeof entry === 'object' &&
      entry !== null &&
      typeof (entry as { id?: unknown }).id === 'string',
  );
  return {
    // Gemini writes what kind of thing it lists before each name.
    models: [...new Set(entries.map(({ id }) => id.replace(/^models\//, '')))],
    engine: OWNERS.get(entries.find(({ owned_by: owner }) => OWNERS.has(owner))?.owned_by) ?? null,
  };
}
