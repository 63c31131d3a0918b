import { createDecisionIds } from './kernel/index.ts';
import type { BourseEvent, Observer, Route, Store } from './contract/index.ts';
import { createExchange } from './app.ts';
import { createPolicyLoader, requirePolicy, sourceOf } from './app-policy.ts';
import { builtIns } from './app-registry.ts';
import { createChannelPair, createKeeperClient } from './keeper/index.ts';
import { createKeeper } from './keeper/owner/index.ts';
import { beliefsFromJson, beliefsToJson } from './learning/index.ts';
import { createDecisionLog } from './market/index.ts';
import { createBreakers } from './pool/index.ts';
import type { VirtualExchangeParts } from './simulate/virtual/bourse-router.ts';

const DECISIONS_REMEMBERED = 64;

/**
 * An exchange for a simulation: the director, the keeper, learning and breakers of service, on the given clock. What
 * crosses a thread in service takes no time here, and nothing is kept when it is dropped.
 */
export async function openVirtualExchange(parts: VirtualExchangeParts): Promise<Route> {
  const { clock, rng, prober, upstream } = parts;
  const env = {};
  const source = await sourceOf({ configText: parts.policy, env });
  const registry = builtIns();
  const load = createPolicyLoader(registry, env, {});
  const { policy } = requirePolicy(load(source, 1), null);
  const { health } = policy.config;
  // Until the run begins, time stands still: nothing may wait for it.
  let isRunning = false;
  const defer = (delayMs: number, run: () => void): void =>
    void (isRunning ? clock.after(delayMs, run) : setImmediate(run));
  const keeper = createKeeper({
    store: createForgetfulStore(),
    clock,
    rng,
    learners: registry.learners,
    prober,
    loadPolicy: load,
    policy: source,
    readPolicy: async () => source,
    beliefs: { toJson: beliefsToJson, fromJson: beliefsFromJson },
    onEvent: () => {},
    defer,
  });
  await keeper.start();
  const [near, far] = createChannelPair((run) => defer(0, run));
  keeper.attach(0, far);
  const ids = createDecisionIds(0, rng, clock);
  const decisions = createDecisionLog(DECISIONS_REMEMBERED, ids.countOf);
  const client = await createKeeperClient({
    channel: near,
    worker: 0,
    clock,
    loadPolicy: load,
    duties: {
      decisionView: (id) => decisions.view(id),
      latestDecisions: (limit) => decisions.latest(limit),
      drainCounters: () => ({ counters: [], histograms: [], gauges: [] }),
    },
    defer,
  });
  isRunning = true;
  const onEvent = (event: BourseEvent): void => client.publish(event);
  const observer: Observer = { on: onEvent, stage: () => {} };
  const breakers = createBreakers({ clock, rng, config: () => health.breaker, onEvent });
  return createExchange({
    keeper: client,
    registry,
    decisions,
    ids,
    upstream,
    breakers,
    observer,
    clock,
    rng,
  });
}

/** Takes everything and keeps nothing. */
function createForgetfulStore(): Store {
  const nothing = { requests: 0, promptTokens: 0n, cachedTokens: 0n, outputTokens: 0n };
  return {
    apiVersion: 1,
    commit: async () => {},
    load: async () => ({ balances: [], leases: [], documents: new Map() }),
    saveDocument: async () => {},
    ledger: {
      totals: async () => ({ ...nothing, picoUsd: 0n, microjoules: 0n }),
      outcome: async () => null,
      latest: async () => [],
      verdicts: async () => [],
    },
    addVerdict: async () => true,
    close: async () => {},
  };
}
