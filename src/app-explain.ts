import { createSystemClock, createSystemRng } from './kernel/index.ts';
import type { KeyId, TenantId } from './kernel/index.ts';
import type { DecisionView, Registry, World } from './contract/index.ts';
import { NO_BELIEFS, NO_TELEMETRY } from './contract/index.ts';
import { createExchange } from './app.ts';
import { createPolicyLoader, registryFor, requirePolicy, sourceOf } from './app-policy.ts';
import type { Environment } from './app-policy.ts';
import { createDecisionLog } from './market/index.ts';

export interface ExplainInput {
  readonly text: string;
  readonly model: string;
  readonly tools: readonly string[];
}

export interface ExplainOptions extends ExplainInput {
  readonly configFile?: string;
  readonly configText?: string;
  readonly env: Environment;
}

/** Decides in a given world without serving, and explains. */
export async function explainIn(
  world: World,
  registry: Registry,
  input: ExplainInput,
): Promise<DecisionView> {
  const clock = createSystemClock();
  const decisions = createDecisionLog(1);
  const route = createExchange({
    keeper: {
      worker: 0,
      world: () => world,
      budgets: { reserve: () => null },
      report: () => {},
    },
    registry,
    decisions,
    clock,
    rng: createSystemRng(),
    observer: { on: () => {}, stage: () => {} },
    upstream: { dispatch: () => ({ pause: () => {}, resume: () => {}, abort: () => {} }) },
    breakers: { inFlight: () => 0, isAvailable: () => true, begin: () => null, end: () => {} },
  });
  const decision = await route.decide({
    id: route.nextId(),
    surface: 'chat',
    caller: { tenant: 'default' as TenantId, key: 'anonymous' as KeyId, roles: [] },
    bytes: Buffer.from(JSON.stringify(chatRequest(input))),
    headers: {},
    receivedAtMs: clock.nowMs(),
    startedMs: clock.monotonicMs(),
  });
  decisions.remember(decision);
  return decisions.view(decision.workload.id)!;
}

/** Decides by a policy alone: the fleet counts as idle and nothing is believed of it. */
export async function explainOnce(options: ExplainOptions): Promise<DecisionView> {
  const source = await sourceOf(options);
  const registry = await registryFor(source, options.env);
  const load = createPolicyLoader(registry, options.env, {})(source, 1);
  const { policy } = requirePolicy(load, source.file);
  const states = policy.config.instances.map((instance) => ({
    instance,
    lifecycle: 'unknown' as const,
    telemetry: NO_TELEMETRY,
    observedAtMs: null,
    reason: null,
    features: { hasResponses: false },
  }));
  const world: World = {
    policy,
    fleet: { generation: 1, states },
    beliefs: NO_BELIEFS,
    preferences: new Map(),
  };
  return explainIn(world, registry, options);
}

function chatRequest({ text, model, tools }: ExplainInput): unknown {
  return {
    model,
    messages: [{ role: 'user', content: text }],
    ...(tools.length > 0 && {
      tools: tools.map((name) => ({ type: 'function', function: { name, parameters: {} } })),
    }),
  };
}
