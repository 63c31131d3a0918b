import type { Clock } from '../kernel/index.ts';
import type { Engine, EngineFeatures, Instance, Probe, Prober } from '../contract/index.ts';
import { NO_TELEMETRY } from '../contract/index.ts';
import { responsesProbes } from './engines/openai-face.ts';
import { Agent, request } from './undici.ts';

const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** How long the word of a server without telemetry is good for: clouds are not asked at every poll. */
const HEALTH_MS = 15_000;
const NO_FEATURES: EngineFeatures = { hasResponses: false };

export interface ProberOptions {
  readonly engines: readonly Engine[];
  readonly clock: Clock;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Asks one instance for a path of its own. */
type Ask = (path: string, body?: string | null) => Promise<Answer>;

/** What earlier probes of one instance found, and for which credential. */
interface Memory {
  readonly apiKey: string | null;
  features: EngineFeatures | null;
  ready: Probe | null;
  readyAtMs: number;
}

/**
 * Looks at instances over connections of its own, so that a saturated pool does not make a server
 * look dead. What a server can do is found by asking it, remembered per URL, and asked again after
 * it was down.
 */
export function createProber(options: ProberOptions): Prober & { close(): Promise<void> } {
  const { clock } = options;
  const engines = new Map(options.engines.map((engine) => [engine.kind, engine]));
  const agent = new Agent({ connections: 2, pipelining: 1, allowH2: false });
  const memories = new Map<string, Memory>();

  async function look(instance: Instance, engine: Engine, timeoutMs: number): Promise<Probe> {
    const memory = recall(memories, instance, engine.unfitness !== undefined);
    const { healthPath, telemetryPath } = engine.probe;
    const tellsLoad = telemetryPath !== null || instance.metricsUrl !== undefined;
    const isFresh = !tellsLoad && clock.monotonicMs() - memory.readyAtMs < HEALTH_MS;
    if (memory.ready !== null && isFresh) return memory.ready;
    const ask: Ask = (path, body = null) =>
      fetchText(agent, engine.headers(instance), { url: instance.url + path, body, timeoutMs });
    // Metrics that stand elsewhere are another server's: the key is not for it.
    const askElsewhere = (url: string): Promise<Answer> =>
      fetchText(agent, {}, { url, body: null, timeoutMs });
    const [health, telemetry, features] = await Promise.all([
      ask(healthPath),
      readLoad(instance, engine, ask, askElsewhere),
      memory.features ?? findFeatures(engine, instance, ask),
    ]);
    const [nextKey, ...moreApiKeys] = instance.moreApiKeys ?? [];
    if (nextKey !== undefined && isRefused(health.status)) {
      // One key of several that was refused says nothing of the server.
      return look({ ...instance, apiKey: nextKey, moreApiKeys }, engine, timeoutMs);
    }
    const reason =
      refusalOf(health.status, healthPath) ?? engine.unfitness?.(health.text, instance) ?? null;
    if (reason !== null) return down(memory, reason);
    memory.features = features;
    const probe: Probe = {
      lifecycle: 'ready',
      reason: null,
      telemetry:
        telemetry?.status === 200
          ? engine.readTelemetry(telemetry.text, instance.model.upstreamName)
          : NO_TELEMETRY,
      features: features ?? NO_FEATURES,
    };
    memory.ready = probe;
    memory.readyAtMs = clock.monotonicMs();
    return probe;
  }

  return {
    async probe(instance, timeoutMs) {
      const engine = engines.get(instance.engine);
      const memory = recall(memories, instance, engine?.unfitness !== undefined);
      if (engine === undefined) return down(memory, `the engine "${instance.engine}" is not known`);
      try {
        return await look(instance, engine, timeoutMs);
      } catch (error) {
        return down(memory, reasonOf(error));
      }
    },
    async close() {
      memories.clear();
      await agent.destroy();
    },
  };
}

const MEMORIES_MAX = 4_096;

/** `perModel`: what was found holds for the instance's own model only. */
function recall(memories: Map<string, Memory>, instance: Instance, perModel: boolean): Memory {
  const key = `${instance.engine} ${instance.url} ${perModel ? instance.model.upstreamName : ''}`;
  const known = memories.get(key);
  if (known?.apiKey === instance.apiKey) return known;
  if (memories.size >= MEMORIES_MAX) memories.clear();
  const memory = { apiKey: instance.apiKey, features: null, ready: null, readyAtMs: 0 };
  memories.set(key, memory);
  return memory;
}

function down(memory: Memory, reason: string): Probe {
  memory.ready = null;
  memory.features = null;
  return { lifecycle: 'down', reason, telemetry: NO_TELEMETRY, features: NO_FEATURES };
}

const isRefused = (status: number): boolean => status === 401 || status === 403;

/** Why a health status means that the instance cannot serve; null when it can. A server without the path is alive. */
function refusalOf(status: number, path: string): string | null {
  if (isRefused(status)) return 'credential refused';
  const isAlive = status < 300 || status === 404 || status === 405 || status === 429;
  return isAlive ? null : `GET ${path} answered ${status}`;
}

/** The answer that tells the load; null where none came. */
async function readLoad(
  { metricsUrl }: Instance,
  { probe: { telemetryPath, otherPath } }: Engine,
  ask: Ask,
  askElsewhere: (url: string) => Promise<Answer>,
): Promise<Answer | null> {
  try {
    if (metricsUrl !== undefined) return await askElsewhere(metricsUrl);
    if (telemetryPath === null) return null;
    const answer = await ask(telemetryPath);
    return answer.status === 200 || otherPath === undefined ? answer : await ask(otherPath);
  } catch {
    return null;
  }
}

/** Asks everything that an engine can be asked. Null: something could not be told, and is asked again. */
async function findFeatures(
  engine: Engine,
  instance: Instance,
  ask: Ask,
): Promise<EngineFeatures | null> {
  const probes =
    engine.featureProbes?.(instance) ??
    responsesProbes(engine.path('responses', { hasResponses: true }, instance));
  try {
    const found = await Promise.all(
      probes.map(async ({ path, body, read }) => {
        const { status, text } = await ask(path, body);
        return read(status, text);
      }),
    );
    if (found.includes(null)) return null;
    return Object.assign({ ...NO_FEATURES }, ...found) as EngineFeatures;
  } catch {
    return null;
  }
}

async function fetchText(
  agent: Agent,
  headers: Readonly<Record<string, string>>,
  ask: { readonly url: string; readonly body: string | null; readonly timeoutMs: number },
): Promise<Answer> {
  const { statusCode, body } = await request(ask.url, {
    dispatcher: agent,
    method: ask.body === null ? 'GET' : 'POST',
    headers,
    body: ask.body,
    signal: AbortSignal.timeout(ask.timeoutMs),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new Error(`it sent more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return { status: statusCode, text: Buffer.concat(chunks).toString() };
}

/** Names the failure for an operator; an error's own text may hold what a server sent, so only codes pass. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unreachable';
  if (error.name === 'TimeoutError') return 'no answer in time';
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? `unreachable (${code})` : 'unreachable';
}
