import {
  createDecisionIds,
  createSystemClock,
  createSystemRng,
  isPromise,
} from './kernel/index.ts';
import type { Clock } from './kernel/index.ts';
import type { Config, Decision, DecisionView, KeeperClient } from './contract/index.ts';
import type { Observer, Registry, Route, SignalSlot } from './contract/index.ts';
import { createExchange } from './app.ts';
import { createJudging } from './app-judges.ts';
import { KvEvents } from './app-kv-events.ts';
import type { PolicyLoader } from './app-policy.ts';
import { createCounters, createKeeperClient } from './keeper/index.ts';
import type { Channel } from './keeper/index.ts';
import { createDecisionLog } from './market/index.ts';
import { createBidDesk, createBreakers, createUpstream } from './pool/index.ts';
import { DEFAULT_MARKET } from './market/index.ts';

/** How many decisions a worker can explain. */
const DECISIONS_REMEMBERED = 2_000;

export interface WorkerParts {
  readonly channel: Channel;
  readonly worker: number;
  /** Other workers share the limits of tenants and instances. */
  readonly isOneOfSeveral?: boolean;
  readonly registry: Registry;
  readonly load: PolicyLoader;
  /** Hears of what this worker does, besides the keeper. */
  readonly observer?: Observer | undefined;
  readonly clock?: Clock | undefined;
}

/** One worker: an exchange, and its line to the keeper. */
export interface WorkerHost {
  readonly route: Route;
  readonly keeper: KeeperClient;
  readonly clock: Clock;
  readonly config: () => Config;
  /** Remembers a decision that nobody serves, and explains it. */
  explain(decision: Decision): DecisionView;
  close(): Promise<void>;
}

export async function openWorker(parts: WorkerParts): Promise<WorkerHost> {
  const { channel, worker, registry, load } = parts;
  const clock = parts.clock ?? createSystemClock();
  const rng = createSystemRng();
  const ids = createDecisionIds(worker, rng, clock);
  const decisions = createDecisionLog(DECISIONS_REMEMBERED, ids.countOf);
  const counters = createCounters();
  const keeper = await createKeeperClient({
    channel,
    worker,
    clock,
    loadPolicy: warming(load),
    duties: {
      decisionView: (id) => decisions.view(id),
      latestDecisions: (limit) => decisions.latest(limit),
      drainCounters: () => counters.drain(),
    },
  });
  const observer = observerOf(keeper, counters, parts.observer);
  const config = (): Config => keeper.world().policy.config;
  const breakers = createBreakers({
    clock,
    rng,
    config: () => config().health.breaker,
    onEvent: (event) => observer.on(event),
    rates: parts.isOneOfSeveral === true ? keeper.rates : undefined,
  });
  const upstream = createUpstream({
    clock,
    connectTimeoutMs: config().attempts.connectTimeoutMs,
    engines: registry.engines,
    onEvent: (event) => observer.on(event),
  });
  const judging = createJudging({ clock, rng, onEvent: (event) => observer.on(event) });
  const bids = createBidDesk({
    clock,
    rng,
    config: () => config().market ?? DEFAULT_MARKET,
    onEvent: (event) => observer.on(event),
  });
  const kvEvents = listenToMemories(clock, registry, keeper, observer);
  const route = createExchange({
    bids,
    kvEvents,
    keeper,
    judging,
    registry,
    decisions,
    ids,
    counts: counters.cache,
    upstream,
    breakers,
    observer,
    clock,
    rng,
  });
  const explain = (decision: Decision): DecisionView => {
    decisions.remember(decision);
    return decisions.view(decision.workload.id)!;
  };
  const close = async (): Promise<void> => {
    judging.close();
    await Promise.all([upstream.close(), bids.close(), kvEvents.close()]);
    await keeper.close();
  };
  return { route, keeper, clock, config, explain, close };
}

/** Tells the keeper what happens, and who else wants to know. */
const observerOf = (
  keeper: Pick<KeeperClient, 'publish'>,
  counters: ReturnType<typeof createCounters>,
  other: Observer | undefined,
): Observer => ({
  on: (event) => {
    keeper.publish(event);
    other?.on(event);
  },
  stage: (name, spentMicroseconds) => {
    counters.stage(name, spentMicroseconds);
    other?.stage(name, spentMicroseconds);
  },
});

const listenToMemories = (
  clock: Clock,
  { engines }: Registry,
  keeper: Pick<KeeperClient, 'world'>,
  observer: Observer,
): KvEvents =>
  new KvEvents({
    clock,
    engines,
    fleet: () => keeper.world().fleet,
    onEvent: (event) => observer.on(event),
  });

/** Loads a policy and what its signals read with; a request never waits for a model file. */
function warming(load: PolicyLoader): PolicyLoader {
  return (source, generation) => {
    const loaded = load(source, generation);
    if (loaded.kind === 'policy') for (const slot of loaded.policy.slots) warm(slot);
    return loaded;
  };
}

/** A slot that cannot load gives unknown readings, which explanations show with their reason. */
function warm(slot: SignalSlot): void {
  try {
    const warmed = slot.warm?.();
    if (isPromise(warmed)) warmed.catch(() => undefined);
  } catch {
    return;
  }
}
