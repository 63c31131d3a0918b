import { setImmediate as turn } from 'node:timers/promises';
import { createExchange } from '../../src/app.ts';
import { createPolicyLoader, registryFor, sourceOf } from '../../src/app-policy.ts';
import type {
  BourseEvent,
  Breakers,
  KeeperClient,
  Observer,
  Registry,
  World,
} from '../../src/contract/index.ts';
import { NO_TELEMETRY } from '../../src/contract/index.ts';
import { createDecisionIds, createSystemClock } from '../../src/kernel/index.ts';
import type { Clock, Rng, Timer } from '../../src/kernel/index.ts';
import { createChannelPair, createCounters } from '../../src/keeper/index.ts';
import { createKeeper } from '../../src/keeper/owner/index.ts';
import { createKeeperClient } from '../../src/keeper/index.ts';
import { beliefsFromJson, beliefsToJson } from '../../src/learning/index.ts';
import { createDecisionLog } from '../../src/market/index.ts';
import { createBreakers, createUpstream } from '../../src/pool/index.ts';
import { createAdminServer } from '../../src/server/admin/index.ts';
import { authority, createModelServer } from '../../src/server/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';

/** Time that stands still until the test moves it on. Timers run by the machine's time all the same. */
export interface PinnedClock extends Clock {
  advance(ms: number): void;
}

const START_MS = Date.UTC(2026, 0, 15, 12);
/** The keeper looks some times for a decision that it is told of: what it waits for no longer than this comes at once. */
const SHORT_MS = 100;

function createPinnedClock(): PinnedClock {
  const timers = createSystemClock();
  let elapsedMs = 0;
  return {
    nowMs: () => START_MS + elapsedMs,
    monotonicMs: () => elapsedMs,
    // What is due at once runs in the next turn: a wheel would make the test wait for its tick.
    after: (delayMs, run) => (delayMs > 0 ? timers.after(delayMs, run) : nextTurn(run)),
    cancel: (timer) => (timer instanceof NextTurn ? timer.cancel() : timers.cancel(timer)),
    advance: (ms) => {
      elapsedMs += ms;
    },
  };
}

class NextTurn implements Timer {
  readonly dueMs = 0;
  #run: (() => void) | null;

  constructor(run: () => void) {
    this.#run = run;
    setImmediate(() => this.#run?.());
  }

  cancel(): void {
    this.#run = null;
  }
}

const nextTurn = (run: () => void): Timer => new NextTurn(run);

const sooner = (clock: Clock): Clock => ({
  nowMs: () => clock.nowMs(),
  monotonicMs: () => clock.monotonicMs(),
  after: (delayMs, run) => clock.after(delayMs <= SHORT_MS ? 0 : delayMs, run),
  cancel: (timer) => clock.cancel(timer),
});

/** Every draw is the same, so that it does not matter who drew before. */
const CONSTANT: Rng = { next: () => 0.5 };

export interface PinnedExchange {
  readonly modelUrl: string;
  readonly adminUrl: string;
  readonly clock: PinnedClock;
  readonly events: readonly BourseEvent[];
  /** Resolves when what was said between the worker and the keeper has arrived. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Messages of a worker and the keeper follow each other at most so often. */
const TURNS_UNTIL_SETTLED = 24;

/**
 * A whole exchange over HTTP, with what is not a request's own held still: every probe of an instance tells
 * the same, nothing is learned, a worker's own load is nothing, time and chance are given. All else is as in service.
 */
export async function openPinnedExchange(configText: string): Promise<PinnedExchange> {
  const env = {};
  const clock = createPinnedClock();
  const source = await sourceOf({ configText, env });
  const registry: Registry = { ...(await registryFor(source, env)), learners: [] };
  const loadPolicy = createPolicyLoader(registry, env, { port: 0, adminPort: 0 });
  const defer = (_delayMs: number, run: () => void): void => void setImmediate(run);
  const events: BourseEvent[] = [];
  const keeper = createKeeper({
    store: await openSqliteStore({ path: null }),
    clock: sooner(clock),
    rng: CONSTANT,
    learners: registry.learners,
    prober: {
      probe: async () => ({
        lifecycle: 'ready',
        reason: null,
        telemetry: NO_TELEMETRY,
        features: { hasResponses: false },
      }),
    },
    loadPolicy,
    policy: source,
    readPolicy: async () => source,
    beliefs: { toJson: beliefsToJson, fromJson: beliefsFromJson },
    onEvent: (event) => events.push(event),
    defer,
  });
  await keeper.start();
  const [near, far] = createChannelPair((run) => void setImmediate(run));
  keeper.attach(0, far);
  const ids = createDecisionIds(0, CONSTANT, clock);
  const decisions = createDecisionLog(2_000, ids.countOf);
  const counters = createCounters();
  const duties = {
    decisionView: (id: string) => decisions.view(id),
    latestDecisions: (limit: number) => decisions.latest(limit),
    drainCounters: () => counters.drain(),
  };
  const client = await createKeeperClient({
    channel: near,
    worker: 0,
    clock,
    loadPolicy,
    duties,
    defer,
  });
  const config = () => client.world().policy.config;
  const observer: Observer = { on: (event) => client.publish(event), stage: () => {} };
  const upstream = createUpstream({
    clock,
    connectTimeoutMs: config().attempts.connectTimeoutMs,
    engines: registry.engines,
    onEvent: (event) => observer.on(event),
  });
  const breakers = createBreakers({
    clock,
    rng: CONSTANT,
    config: () => config().health.breaker,
    onEvent: (event) => observer.on(event),
  });
  const route = createExchange({
    keeper: pinned(client),
    registry,
    decisions,
    ids,
    upstream,
    breakers: withoutLoad(breakers),
    observer,
    clock,
    rng: CONSTANT,
  });
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const models = createModelServer({
    route,
    config,
    metrics: () => client.metrics(),
    feedback: (tenant, feedback) => client.feedback(tenant, feedback),
    readiness: () => client.readiness(),
    clock,
    log,
    onRefused: ({ code }) => client.publish({ kind: 'turned-away', code }),
  });
  const admin = createAdminServer({
    backend: keeper.admin,
    config,
    log,
    findings: () => Promise.reject(new Error('unused')),
    explain: () => Promise.reject(new Error('unused')),
  });
  const modelUrl = `http://${authority(await models.listen())}`;
  const adminUrl = `http://${authority(await admin.listen())}`;
  return {
    modelUrl,
    adminUrl,
    clock,
    events,
    settled: async () => {
      for (let i = 0; i < TURNS_UNTIL_SETTLED; i++) await turn();
    },
    close: async () => {
      await models.close({ noticeMs: 0, drainMs: 0 });
      await admin.close();
      await upstream.close();
      await client.close();
      await keeper.close();
    },
  };
}

/** A client whose world keeps the fleet and the beliefs that it began with. */
function pinned(client: KeeperClient): KeeperClient {
  const { fleet, beliefs } = client.world();
  let given: World | null = null;
  let shown: World | null = null;
  return new Proxy(client, {
    get(target, name) {
      if (name === 'world') {
        return (): World => {
          const world = target.world();
          if (shown === null || given !== world) shown = { ...world, fleet, beliefs };
          given = world;
          return shown;
        };
      }
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** Circuits as in service; what is under way at an instance is the fleet's state, and shows as nothing. */
const withoutLoad = (breakers: Breakers): Breakers => ({
  inFlight: () => 0,
  pendingTokens: () => 0,
  isAvailable: (instance) => breakers.isAvailable(instance),
  begin: (instance) => breakers.begin(instance),
  prefill: () => {},
  spend: () => {},
  end: (...ended) => breakers.end(...ended),
});
