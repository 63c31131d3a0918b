import { createSystemClock, createSystemRng, fault } from './kernel/index.ts';
import type { Clock, KeyId, TenantId } from './kernel/index.ts';
import type {
  DecisionView,
  Ingress,
  OfflineRequest,
  Policy,
  Registry,
  Surface,
  World,
} from './contract/index.ts';
import { createExchange } from './app.ts';
import { assumingFleet, assumingSlots, idleWorld } from './app-assume.ts';
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

/** The request as it would arrive. */
export function ingressOf(request: OfflineRequest, clock: Clock): Omit<Ingress, 'id'> {
  const surface = request.surface ?? surfaceOf(request.body);
  return {
    surface,
    caller: {
      tenant: (request.tenant ?? 'default') as TenantId,
      key: (request.key ?? 'anonymous') as KeyId,
      roles: request.roles ?? [],
    },
    bytes: Buffer.from(JSON.stringify(bodyOf(request, surface))),
    headers: request.headers ?? {},
    receivedAtMs: request.at === undefined ? clock.nowMs() : timeOf(request.at),
    startedMs: clock.monotonicMs(),
  };
}

type Body = Readonly<Record<string, unknown>>;

function bodyOf({ body, text, bytes, model, tools = [] }: OfflineRequest, surface: Surface): Body {
  if (body !== undefined) {
    const named = model ?? body['model'] ?? 'auto';
    return named === body['model'] ? body : { ...body, model: named };
  }
  const said = text ?? filler(bytes ?? 0);
  const base = { model: model ?? 'auto', ...contentOf(said, surface) };
  if (tools.length === 0) return base;
  const declared = tools.map((name) => ({ name, parameters: {} }));
  if (surface === 'responses') {
    return { ...base, tools: declared.map((tool) => ({ type: 'function', ...tool })) };
  }
  return { ...base, tools: declared.map((tool) => ({ type: 'function', function: tool })) };
}

function contentOf(text: string, surface: Surface): Body {
  if (surface === 'chat') return { messages: [{ role: 'user', content: text }] };
  return surface === 'completions' ? { prompt: text } : { input: text };
}

const FILLER = 'lorem ipsum dolor sit amet ';

/** Text that says nothing. */
const filler = (bytes: number): string =>
  FILLER.repeat(Math.ceil(bytes / FILLER.length)).slice(0, bytes);

function surfaceOf(body: Body = {}): Surface {
  if (body['messages'] !== undefined) return 'chat';
  if (body['prompt'] !== undefined) return 'completions';
  return body['input'] === undefined ? 'chat' : 'responses';
}

function timeOf(at: string): number {
  const atMs = Date.parse(at);
  if (!Number.isNaN(atMs)) return atMs;
  const reason = 'must be a time such as "2026-11-21T22:30:00Z"';
  throw fault('BRS_OFFLINE_INPUT', { place: 'at', reason }, { param: 'at' });
}
