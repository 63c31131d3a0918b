import { createSystemClock, createSystemRng, fault } from './kernel/index.ts';
import type { DecisionView, OfflineRequest, Policy, Registry, World } from './contract/index.ts';
import { createExchange } from './app.ts';
import { assumingFleet, assumingSlots, idleWorld } from './app-assume.ts';
import { ingressOf } from './app-ingress.ts';
import { createPolicyLoader, registryFor, requirePolicy, sourceOf } from './app-policy.ts';
import type { Environment } from './app-policy.ts';
import { createDecisionLog } from './market/index.ts';
import { readOfflineRequest } from './policy/index.ts';

/** Decides and never serves, in whatever world it is given. */
export interface OfflineDecider {
  /** Rejects with `BRS_OFFLINE_INPUT`, or the fault of a request that cannot be read. */
  decideIn(world: World, request: OfflineRequest): Promise<DecisionView>;
}

/** A policy that is compiled once, to decide by any number of times: its fleet is ready and idle. */
export interface Offline {
  readonly policy: Policy;
  decide(request: OfflineRequest): Promise<DecisionView>;
}

export interface OfflineOptions {
  /** One of the two. */
  readonly configFile?: string;
  readonly configText?: string;
  readonly env: Environment;
}

/** Rejects with `BRS_CONFIG` for a policy that is not sound. */
export async function openOffline(options: OfflineOptions): Promise<Offline> {
  const source = await sourceOf(options);
  const registry = await registryFor(source, options.env);
  const load = createPolicyLoader(registry, options.env, {})(source, 1);
  return offlineOf(requirePolicy(load, source.file).policy, registry);
}

/** Decides once, as `bourse explain -c` does. Rejects as `openOffline` and `decide` do. */
export async function explainOnce(
  options: OfflineOptions & { readonly request: unknown },
): Promise<DecisionView> {
  const request = offlineRequest(options.request);
  return (await openOffline(options)).decide(request);
}

/** A request as JSON gives it. Throws `BRS_OFFLINE_INPUT` where it has not the form. */
export function offlineRequest(value: unknown): OfflineRequest {
  const read = readOfflineRequest(value);
  if (read.kind === 'request') return read.request;
  const { place, reason } = read;
  throw fault('BRS_OFFLINE_INPUT', { place, reason }, { param: place });
}

/** The same of a policy that is compiled already. */
export function offlineOf(policy: Policy, registry: Registry): Offline {
  const decider = createOfflineDecider(registry);
  const world = idleWorld(policy);
  return { policy, decide: (request) => decider.decideIn(world, request) };
}

export function createOfflineDecider(registry: Registry): OfflineDecider {
  const clock = createSystemClock();
  const decisions = createDecisionLog(1);
  const kinds = registry.signals.map(({ kind }) => kind);
  let world: World | null = null;
  const route = createExchange({
    keeper: {
      worker: 0,
      world: () => world!,
      budgets: { reserve: () => null },
      report: () => {},
    },
    registry,
    decisions,
    clock,
    rng: createSystemRng(),
    explores: false,
    observer: { on: () => {}, stage: () => {} },
    upstream: { dispatch: () => ({ pause: () => {}, resume: () => {}, abort: () => {} }) },
    breakers: {
      inFlight: () => 0,
      pendingTokens: () => 0,
      isAvailable: () => true,
      begin: () => null,
      prefill: () => {},
      end: () => {},
    },
  });
  return {
    async decideIn(given, request) {
      const { policy } = given;
      const { slots, keys } = assumingSlots(policy.slots, request.assume, kinds);
      const ingress = ingressOf(request, clock);
      const fleet = assumingFleet(given.fleet, request.fleet);
      const decided = route.nextId();
      // The director takes the world before it waits for anything: each decision sees its own.
      world = { ...given, fleet, policy: keys.size === 0 ? policy : withSlots(policy, slots) };
      const decision = await route.decide({ ...ingress, id: decided });
      decisions.remember(decision);
      const view = decisions.view(decided)!;
      return keys.size === 0 ? view : markAssumed(view, keys);
    },
  };
}

function withSlots(policy: Policy, slots: Policy['slots']): Policy {
  return {
    generation: policy.generation,
    config: policy.config,
    slots,
    decide: policy.decide.bind(policy),
    explain: policy.explain.bind(policy),
  };
}

function markAssumed(view: DecisionView, keys: ReadonlySet<string>): DecisionView {
  const signals = view.signals.map((signal) =>
    keys.has(signal.key) && signal.state !== 'not-needed'
      ? { ...signal, isAssumed: true as const }
      : signal,
  );
  return { ...view, signals };
}
