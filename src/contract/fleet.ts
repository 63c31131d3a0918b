import type { InstanceId, ModelId } from '../kernel/index.ts';
import type { BidEndpoint } from './bidding.ts';

/** Prices in pico-USD (1e-12 USD) per token: 1 USD per million tokens is 1 000 000. */
export interface FlatPrice {
  readonly inputPicoUsd: number;
  /** For prompt tokens that the engine found in its prefix cache. */
  readonly cachedInputPicoUsd: number;
  readonly outputPicoUsd: number;
  /** For prompt tokens that the provider charges for writing to its cache; unset: `inputPicoUsd`. */
  readonly cacheWritePicoUsd?: number;
  /** For those of them that it keeps for an hour; unset: `cacheWritePicoUsd`. */
  readonly cacheWriteHourPicoUsd?: number;
  /** For output tokens spent on thinking; unset: `outputPicoUsd`. */
  readonly reasoningPicoUsd?: number;
  /** For prompt tokens of pictures and of sound, uncached; unset: `inputPicoUsd`. */
  readonly imageInputPicoUsd?: number;
  readonly audioInputPicoUsd?: number;
  /** For output tokens of sound; unset: `outputPicoUsd`. */
  readonly audioOutputPicoUsd?: number;
}

export interface Price extends FlatPrice {
  /** What all of a request costs whose prompt is longer; unset: the same. */
  readonly longPrompt?: LongPromptPrice;
}

export interface LongPromptPrice {
  readonly aboveTokens: number;
  readonly price: FlatPrice;
}

/** The power curve of DESIGN §5 for one instance of the model. */
export interface PowerCurve {
  readonly idleWatts: number;
  readonly peakWatts: number;
  readonly gpus: number;
  /** Steepness and midpoint over log2 of the batch size. */
  readonly steepness: number;
  readonly midpoint: number;
}

export type ReasoningFamily =
  | 'qwen3'
  | 'deepseek-v3'
  | 'deepseek-r1'
  | 'qwq'
  | 'granite'
  | 'holo2'
  | 'glm'
  | 'gemma'
  | 'gpt-oss'
  | 'openai'
  | 'gemini'
  | 'claude';

/** What a family leaves open about one of its models. */
export interface ReasoningOptions {
  /** What stands for *off* where the family is told an effort; null: `low`, which all of them take. */
  readonly leastEffort: 'none' | 'minimal' | 'low' | null;
  /** Tokens of thinking per effort, for servers that take a budget; null: the family's own, if it has one. */
  readonly budgetTokens: {
    readonly low: number;
    readonly medium: number;
    readonly high: number;
  } | null;
}

/** What can be bought. An unknown price, energy or accuracy is null, never zero. */
export interface Model {
  /** What trained routers call it; unset: its id. */
  readonly routerName?: string;
  readonly id: ModelId;
  readonly kind: 'chat' | 'embedding';
  /** It only grades answers: no route takes it for granted, and no client can name it. Unset: it does not. */
  readonly isJudge?: true;
  /** The name that the upstream knows it by. */
  readonly upstreamName: string;
  readonly price: Price | null;
  /** Priors of P(correct): `default`, and by domain. */
  readonly accuracy: {
    readonly default: number | null;
    readonly byDomain: ReadonlyMap<string, number>;
    /** They count as if measured on this many questions; unset: 400. */
    readonly questions?: number;
  };
  readonly power: PowerCurve | null;
  readonly reasoning: ReasoningFamily | null;
  /** Unset: what the family has in common. */
  readonly reasoningOptions?: ReasoningOptions;
  readonly contextWindowTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly labels: ReadonlyMap<string, string>;
}

/** One server. Everything that the configuration says of it; nothing that changes by itself. */
export interface Instance {
  readonly id: InstanceId;
  readonly model: Model;
  /** The kind of an `Engine`. */
  readonly engine: string;
  /** Origin and base path, without a trailing slash and without `/v1`. */
  readonly url: string;
  readonly apiKey: string | null;
  /** Further keys, which take their turn where one is refused or rate-limited; unset: none. */
  readonly moreApiKeys?: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  /** Sequences it can run at once; the rest queue. */
  readonly maxRunning: number;
  /** Where its metrics are, if not below `url`: a whole URL. Unset: below `url`. */
  readonly metricsUrl?: string;
  /** Where it tells what its KV memory holds; unset: it does not. */
  readonly kvEvents?: KvEventsAt;
  /** Settings that only its engine reads; unset: none. */
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  /** What its owner lets this exchange ask of it in a minute; unset: as much as it takes. */
  readonly rates?: InstanceRates;
  /** Who is paid for its answers; unset: the house. */
  readonly owner?: string;
  /** Where it is asked for its own quotes; unset: the house quotes. */
  readonly bidder?: BidEndpoint;
  readonly source: 'config' | 'admin';
}

/** Where an engine publishes the events of its KV memory over ZMQ. */
export interface KvEventsAt {
  /** `tcp://host:port` of the first rank; each further one publishes one port higher. */
  readonly endpoint: string;
  /** Where batches that were missed are asked for; null: nowhere. */
  readonly replay: string | null;
  readonly topic: string;
  /** Data-parallel ranks behind the instance, each with a memory of its own. */
  readonly ranks: number;
  /** The server that renders its prompts, in the form of `Instance.url`; null: itself. */
  readonly renderUrl: string | null;
}

/** Null: not limited. */
export interface InstanceRates {
  readonly requestsPerMinute: number | null;
  /** Prompt and output together. */
  readonly tokensPerMinute: number | null;
}

export type Lifecycle = 'ready' | 'draining' | 'down' | 'unknown';

/** What an engine says of its load. `null` where it says nothing. */
export interface Telemetry {
  readonly runningRequests: number | null;
  readonly waitingRequests: number | null;
  /** 0–1 of the KV memory in use. */
  readonly kvUsageRatio: number | null;
  readonly promptTokensTotal: number | null;
  readonly generationTokensTotal: number | null;
  readonly prefixCacheQueriesTotal: number | null;
  readonly prefixCacheHitsTotal: number | null;
  readonly powerWatts: number | null;
}

/** Of the electricity of a place. */
export interface CarbonIntensity {
  /** Grams of CO2 equivalent per kilowatt-hour. */
  readonly gramsPerKilowattHour: number;
  /** Wall time from which it counts as unknown; null: never. */
  readonly untilMs: number | null;
}

/** One instance at one moment. */
export interface InstanceState {
  readonly instance: Instance;
  readonly lifecycle: Lifecycle;
  readonly telemetry: Telemetry;
  /** Wall time of the last answer to a poll; null before the first. */
  readonly observedAtMs: number | null;
  /** Why it is not ready, for explanations. */
  readonly reason: string | null;
  readonly features: EngineFeatures;
  /** Of its place; unset: unknown. */
  readonly carbon?: CarbonIntensity;
}

/** Found by asking the server, never assumed. */
export interface EngineFeatures {
  readonly hasResponses: boolean;
  /** What the server calls its version; unset: it did not say. */
  readonly version?: string;
  /** Whether its usage tells how much of the prompt was cached; unset: nobody knows. */
  readonly reportsCachedTokens?: boolean;
  /** Sequences that it runs at once; unset: it did not say. */
  readonly slots?: number;
  readonly contextWindowTokens?: number;
  /** Whether it goes on with a begun answer; unset: nobody knows. */
  readonly continuesChat?: boolean;
}

/** One look at one instance. */
export interface Probe {
  readonly lifecycle: 'ready' | 'down';
  readonly reason: string | null;
  readonly telemetry: Telemetry;
  readonly features: EngineFeatures;
}

/** Port of the keeper, fulfilled by the pool. Never rejects: an unreachable server is `down`. */
export interface Prober {
  probe(instance: Instance, timeoutMs: number): Promise<Probe>;
}

/** The fleet at one moment: immutable, replaced whole. `states` is ordered by configuration. */
export interface FleetSnapshot {
  readonly generation: number;
  readonly states: readonly InstanceState[];
}

/** A worker's own view, fresher than any poll: what it has in flight and whom its breaker bars. */
export interface LocalLoad {
  inFlight(instance: InstanceId): number;
  /** Uncached prompt tokens of what it has in flight without a first token. */
  pendingTokens(instance: InstanceId): number;
  /** False while the circuit of the instance is open. */
  isAvailable(instance: InstanceId): boolean;
  /** When an instance that is not available may be asked again. Unset: nobody knows. */
  recovery?(instance: InstanceId): Recovery;
}

/** How an instance comes back that is left alone. */
export interface Recovery {
  readonly afterMs: number;
  /** It has asked for it itself, being at its limit; else it has failed. */
  readonly isLimited: boolean;
}

export const NO_TELEMETRY: Telemetry = {
  runningRequests: null,
  waitingRequests: null,
  kvUsageRatio: null,
  promptTokensTotal: null,
  generationTokensTotal: null,
  prefixCacheQueriesTotal: null,
  prefixCacheHitsTotal: null,
  powerWatts: null,
};
