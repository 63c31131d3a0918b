import type { InstanceId, MaybeAsync, ModelId, TenantId } from '../kernel/index.ts';
import type { SignalReader } from './signal.ts';
import type { Workload } from './workload.ts';

/** Who shares stored answers: each tenant alone, each of its keys or users alone, or all tenants. */
export type CacheScope = 'tenant' | 'key' | 'user' | 'everyone';

/** Among whom requests that are the same at the same time are one: the workers of a host, or of all hosts of the store. */
export type CacheReach = 'host' | 'hosts';

/** Who answers where a stored answer found by meaning is within its error bound. */
export type CachePreference = 'cache' | 'market';

/** What a route lets the cache do. */
export interface CacheRule {
  /** The same request again. */
  readonly isExact: boolean;
  /** Another wording of the last user turn; null: never. */
  readonly semantic: SemanticRule | null;
  /** The chance that an answer found by meaning is not the one to the question: `cache`: the bound alone limits it; `market`: it is priced like any error besides. */
  readonly prefer: CachePreference;
  readonly ttlMs: number;
  readonly scope: CacheScope;
  /** By which stored answers can be removed together. */
  readonly tags: readonly string[];
  /** A request that asks for more is neither answered nor stored. */
  readonly maxTemperature: number;
  /** Entries of this route and scope; null: what the cache has room for. */
  readonly entriesMax: number | null;
  readonly coalesces: CacheReach;
  /** Whether a streamed hit takes the time that the answer took when it was made. */
  readonly isPaced: boolean;
  /** Whether questions are stored whose answers change with time, or that hold personal data. */
  readonly storesTimeSensitive: boolean;
  readonly storesPersonal: boolean;
}

export interface SemanticRule {
  /** Of the requests that the route lets the cache answer, this share may get a wrong answer, 0–1. */
  readonly maxErrorRate: number;
  /** Of the requests that would be served by meaning, this share is answered afresh and compared, 0–1. */
  readonly exploreRatio: number;
}

/** A server that keeps stored answers. The URL holds its password. */
export interface CacheServer {
  readonly kind: 'postgres' | 'redis';
  readonly url: string;
  /** Of each tenant that the server keeps, where that is more than memory does; unset: as many as memory. */
  readonly entriesMax?: number;
}

/** What all routes share. */
export interface CacheConfig {
  /** Where stored answers are kept; null: in memory. Read at start. */
  readonly path: string | null;
  /** The server where they are kept instead, and shared with other hosts. Read at start. */
  readonly server?: CacheServer;
  /** Of each tenant. */
  readonly entriesMax: number;
  readonly bytesMax: number;
  /** Tenants that have stored answers at all: the first that the policy's keys name. */
  readonly scopesMax: number;
  /** The place of each tenant among those that the keys name, from 0 on. Unset: no key names any. */
  readonly places?: ReadonlyMap<string, number>;
  /** For clients that name a model; null: they meet no cache. */
  readonly named: CacheRule | null;
}

/** An answer as it is stored: its text, whatever surface and form it had. */
export interface StoredAnswer {
  readonly text: string;
  readonly finishReason: string;
  readonly model: ModelId;
  readonly instance: InstanceId;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** What it cost, and so what a hit saves. */
  readonly costPicoUsd: number;
  /** How long it took; null: it came whole. */
  readonly ttftMs: number | null;
  readonly totalMs: number;
  /** What its bid said of P(correct); null: unknown. */
  readonly accuracy: number | null;
}

/** One stored answer. Plain data: it crosses threads and is a record of the durable file. */
export interface CacheEntry {
  /** The id of the decision whose answer it is. */
  readonly id: string;
  /** The tenant whose request it was; null where all share it. */
  readonly tenant: TenantId | null;
  /** Whose shelf it is on: the tenant's, or `*`. No lookup crosses shelves; who else may share stands in the key. */
  readonly scope: string;
  readonly route: string;
  /** The canonical request; the last user turn stands at its end, from `contextBytes` on. */
  readonly key: Uint8Array;
  readonly contextBytes: number;
  /** The last user turn. */
  readonly question: string;
  /** Of the question, of unit length; null where the route does not serve by meaning. */
  readonly vector: Float32Array | null;
  readonly answer: StoredAnswer;
  readonly tags: readonly string[];
  readonly storedAtMs: number;
  readonly expiresAtMs: number;
}

/** What stored answers are removed by; all that is given must fit. */
export interface CacheSelector {
  readonly tenant?: string;
  readonly tag?: string;
  readonly route?: string;
  readonly model?: string;
}

/** Whether an entry is one that the selector means. */
export function fitsSelector(entry: CacheEntry, selector: CacheSelector): boolean {
  const { tenant, tag, route, model } = selector;
  return (
    (tenant === undefined || entry.tenant === tenant) &&
    (tag === undefined || entry.tags.includes(tag)) &&
    (route === undefined || entry.route === route) &&
    (model === undefined || entry.answer.model === model)
  );
}

/** A fresh answer was compared with a stored one. */
export interface ComparedAnswer {
  readonly scope: string;
  readonly rule: string;
  readonly semantic: SemanticRule;
  /** The stored question's features against the asked one. */
  readonly dense: Float64Array;
  readonly buckets: Int32Array;
  readonly isSame: boolean;
  /** The stored answer would have been served. */
  readonly isExplored: boolean;
}

/** Why stored answers are gone: another one to the same request, room, a route's own limit, time, a judgement, the operator. */
export type CacheLoss = 'replaced' | 'room' | 'route' | 'expired' | 'judged' | 'forgotten';

/** Of answers by meaning, wrong ones that are expected and those that the bound allows so far, in requests. */
export interface CacheBound {
  readonly route: string;
  readonly expected: number;
  readonly allowed: number;
}

/** What one worker's cache holds, and what it has lost since its start. What all lose, the worker counts that stored it. */
export interface CacheStanding {
  readonly entries: number;
  readonly bytes: number;
  readonly losses: Readonly<Record<CacheLoss, number>>;
  /** One for each route of each scope. */
  readonly bounds: readonly CacheBound[];
}

/** What one worker tells the others, and what the durable file holds: in the order in which it happened. */
export type CacheNews =
  | { readonly kind: 'stored'; readonly entry: CacheEntry }
  | { readonly kind: 'removed'; readonly ids: readonly string[] }
  /** The answer of this decision was judged wrong: made then, or served again. */
  | { readonly kind: 'rejected'; readonly decision: string }
  | { readonly kind: 'forgotten'; readonly selector: CacheSelector }
  | { readonly kind: 'compared'; readonly compared: ComparedAnswer };

/**
 * Extension point: keeps stored answers beyond the life of a worker, with one writer. What `append`
 * has resolved for survives `kill -9`; a record that was torn by one is dropped at the next `load`.
 */
export interface CacheStore {
  readonly apiVersion: 1;
  /**
   * What was appended, in order, without what was removed later or has expired by `nowMs`; of a store that keeps
   * more than memory does, the newest.
   */
  load(nowMs: number): Promise<readonly CacheNews[]>;
  append(news: readonly CacheNews[]): Promise<void>;
  /**
   * Tells what other hosts append to the same store, in order; called once, before the first `load`.
   * What was appended while the store was away is told when it is back.
   */
  hear?(listener: (news: readonly CacheNews[]) => void): void;
  /** The entries of a context whose questions are nearest, nearest first; null: this store cannot tell. Rejects with `BRS_STORE`. */
  nearest?(ask: NearestAsk): Promise<readonly CacheEntry[] | null>;
  /**
   * Of one request at several hosts, one leads. `digest` tells requests apart, scope included: SHA-256, in
   * hexadecimal digits. Rejects with `BRS_STORE`.
   */
  lead?(digest: string): Promise<CacheLead>;
  close(): Promise<void>;
}

export interface NearestAsk {
  readonly scope: string;
  /** SHA-256 of the key up to the last user turn, in hexadecimal digits. */
  readonly context: string;
  /** Of unit length. */
  readonly vector: Float32Array;
  readonly count: number;
  readonly nowMs: number;
}

/** How it ended: `private`: with an answer that is for nobody else, so that waiting for another one is in vain. */
export type CacheEnd = 'over' | 'private';

/**
 * Who leads goes to a model, and releases the lead after the answer is told or appended; neither rejects.
 * `ended` resolves after that answer was heard, or when the lead has run out.
 */
export type CacheLead =
  | { readonly kind: 'lead'; release(end: CacheEnd): Promise<void> }
  | { readonly kind: 'follow'; readonly ended: Promise<CacheEnd> };

/** What the cache reads texts with. What it needs is loaded when it is first asked. */
export interface TextReading {
  /** The vector of the last user turn, of unit length: the one that the request's signals share. */
  vectorOf(workload: Workload, signals: SignalReader): Float32Array;
  embedOne(text: string): Float32Array;
  /** The same before it is brought to unit length. */
  sumOne(text: string): Float32Array;
  isPersonal(text: string): MaybeAsync<boolean>;
}
