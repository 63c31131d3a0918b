import { ResponseCache } from '../../src/cache/index.ts';
import type {
  AwardedDecision,
  CacheConfig,
  CacheNews,
  CacheRule,
  FleetSnapshot,
  KeeperClient,
  Mandate,
  Outcome,
  SignalReader,
  StoredHit,
  TextReading,
} from '../../src/contract/index.ts';
import { createVirtualClock } from '../../src/kernel/index.ts';
import type { DecisionId, KeyId, TenantId, VirtualClock } from '../../src/kernel/index.ts';
import { hashOf } from '../../src/match/index.ts';
import { readWorkload } from '../../src/workload/index.ts';

/** Words as directions: texts with the same words are near. */
export function wordTexts(dimensions: number): TextReading {
  const sumOne = (text: string): Float32Array => {
    const sum = new Float32Array(dimensions);
    for (const word of text.toLowerCase().split(/\W+/)) {
      if (word !== '') sum[(hashOf(word) >>> 0) % dimensions]! += 1;
    }
    return sum;
  };
  const embedOne = (text: string): Float32Array => {
    const sum = sumOne(text);
    const norm = Math.hypot(...sum);
    return norm === 0 ? sum : sum.map((value) => value / norm);
  };
  return {
    sumOne,
    embedOne,
    vectorOf: (workload) => embedOne(workload.lastUserText()),
    isPersonal: () => false,
  };
}
const TEXTS = wordTexts(64);

export const RULE: CacheRule = {
  isExact: true,
  semantic: { maxErrorRate: 0.4, exploreRatio: 0.2 },
  prefer: 'market',
  ttlMs: 3_600_000,
  scope: 'tenant',
  tags: [],
  maxTemperature: 1,
  entriesMax: null,
  coalesces: 'host',
  isPaced: false,
  storesTimeSensitive: false,
  storesPersonal: true,
};
const FLEET = { states: [] } as unknown as FleetSnapshot;
const AWARD = { kind: 'award', ranked: [], excluded: [], clearingScore: null, propensity: 1 };

export const mandateWith = (rule: Partial<CacheRule> = {}): Mandate =>
  ({
    route: 'faq',
    mode: 'economy',
    models: null,
    rules: [],
    limits: { minAccuracy: null },
    injection: { systemPrompt: null, reasoning: null, maxOutputTokens: null, fields: [] },
    objective: { usdPerError: 0, usdPerSecond: 1, usdPerKilojoule: 0 },
    answer: null,
    tools: null,
    cache: { ...RULE, ...rule },
  }) as unknown as Mandate;

export interface RigParts {
  readonly clock?: VirtualClock;
  readonly config?: Partial<CacheConfig>;
  readonly keeper?: Partial<Pick<KeeperClient, 'cachePeers'>>;
  readonly tell?: (news: readonly CacheNews[]) => void;
}

/** What a model says: a text, or a call of a tool. */
export type Saying = string | { readonly calls: string };

/** One worker's cache, as the director uses it. */
export function createCacheRig({ clock = createVirtualClock(1e6), ...parts }: RigParts = {}) {
  const told: CacheNews[] = [];
  const config = { path: null, entriesMax: 100, bytesMax: 1e7, scopesMax: 4, named: null };
  const { cachePeers: peers } = parts.keeper ?? {};
  const cache = new ResponseCache({
    clock,
    digest: (bytes) => Buffer.from(bytes).toString('hex'),
    config: () => ({ ...config, ...parts.config }),
    openTexts: () => TEXTS,
    worker: 0,
    tell: (news) => {
      told.push(...news);
      parts.tell?.(news);
    },
    ...(peers !== undefined && { peers }),
  });
  let count = 0;

  function decisionOf(body: object, mandate: Mandate, tenant: string): AwardedDecision {
    const workload = readWorkload({
      id: `${tenant}-${count++}` as DecisionId,
      surface: 'chat',
      caller: { tenant: tenant as TenantId, key: 'k' as KeyId, roles: [] },
      bytes: Buffer.from(JSON.stringify({ model: 'auto', ...body })),
      headers: {},
      receivedAtMs: clock.nowMs(),
      startedMs: clock.monotonicMs(),
    });
    return {
      workload,
      mandate,
      fleet: FLEET,
      hit: null,
      result: AWARD,
    } as unknown as AwardedDecision;
  }

  /** Begins to answer; what it gives ends the request. */
  function begin(decision: AwardedDecision): (saying: Saying | null) => void {
    const client = { onStart: () => {}, onData: () => true, onEnd: () => {}, onError: () => {} };
    const sink = cache.recording(decision, client);
    return (saying) => {
      if (saying === null) sink.onError(new Error('failed'));
      else answer(sink, saying);
      cache.settled(outcomeOf(decision, saying === null ? 'failed' : 'ok'), null);
    };
  }

  async function ask(body: object, mandate = mandateWith(), tenant = 'acme') {
    const decision = decisionOf(body, mandate, tenant);
    const found = await cache.lookUp(decision.workload, mandate, FLEET, {} as SignalReader);
    return { decision, found };
  }

  return {
    cache,
    clock,
    told,
    ask,
    begin,
    /** A request that a model answers, and what was stored by then. */
    async say(body: object, saying: Saying, mandate = mandateWith()): Promise<void> {
      const { decision } = await ask(body, mandate);
      begin(decision)(saying);
      clock.advance(20);
    },
    /** What the request finds, in a word, with the text of what is stored. */
    async find(body: object, mandate = mandateWith(), tenant = 'acme'): Promise<string> {
      const { found } = await ask(body, mandate, tenant);
      if (found === null || found.kind === 'cache-hit') return 'miss';
      const hit: StoredHit = found.kind === 'candidate' ? found.hit : found;
      return `${found.kind === 'candidate' ? 'near' : 'hit'} ${hit.entry.answer.text}`;
    },
  };
}

export type CacheRig = ReturnType<typeof createCacheRig>;

function answer(sink: ReturnType<ResponseCache['recording']>, saying: Saying): void {
  const flow = { pause: () => {}, resume: () => {}, abort: () => {} };
  sink.onStart(200, { 'content-type': 'application/json' }, flow);
  const isText = typeof saying === 'string';
  const call = { id: 'c', type: 'function', function: { name: '', arguments: '{}' } };
  const message = isText
    ? { role: 'assistant', content: saying }
    : {
        role: 'assistant',
        content: null,
        tool_calls: [{ ...call, function: { ...call.function, name: saying.calls } }],
      };
  const choices = [{ index: 0, message, finish_reason: isText ? 'stop' : 'tool_calls' }];
  sink.onData(Buffer.from(JSON.stringify({ choices })));
  sink.onEnd();
}

function outcomeOf({ workload }: AwardedDecision, status: string): Outcome {
  return {
    decision: workload.id,
    status,
    instance: 'x',
    model: 'm',
    usage: { promptTokens: 1, cachedTokens: 0, outputTokens: 1, isEstimated: false },
    costPicoUsd: 10,
    totalMs: 1,
    ttftMs: null,
  } as unknown as Outcome;
}
