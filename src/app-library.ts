import { createSystemClock } from './kernel/index.ts';
import type { Clock, DecisionId, KeyId, TenantId } from './kernel/index.ts';
import type { DecisionView, FlowController, Ingress, Observer, Plugin } from './contract/index.ts';
import type { ResponseSink, Surface } from './contract/index.ts';
import { openKeeper } from './app-keeper-core.ts';
import { createPolicyLoader, registryFor, requirePolicy, sourceOf } from './app-policy.ts';
import { withPlugins } from './app-registry.ts';
import { openWorker } from './app-worker.ts';
import { createChannelPair } from './keeper/index.ts';

export interface BourseOptions {
  readonly plugins?: readonly Plugin[];
  readonly clock?: Clock;
  readonly observer?: Observer;
  /** Where `${NAME}` in the configuration is looked up. Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** One request: the body as an object or as JSON bytes. Without `tenant` it is the tenant `default`. */
export interface BourseRequest {
  readonly body: Readonly<Record<string, unknown>> | Buffer;
  readonly surface?: Surface;
  readonly tenant?: string;
  readonly roles?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** An exchange inside another program: the same stages, without a server. */
export interface Bourse {
  /** Serves the request; exactly one terminal event reaches the sink. */
  handle(request: BourseRequest, sink: ResponseSink): FlowController;
  /** Decides and explains without serving. Rejects with a `Fault` when the request cannot be read. */
  decide(request: BourseRequest): Promise<DecisionView>;
  /** Finishes what is being written, and ends. */
  close(): Promise<void>;
}

/**
 * Opens an exchange for a configuration: the text of a policy file, or the same as an object. The
 * keeper runs in this thread: with `store.path` its commits do, too. Rejects with `BRS_CONFIG`.
 */
export async function createBourse(
  config: string | Readonly<Record<string, unknown>>,
  options: BourseOptions = {},
): Promise<Bourse> {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  const clock = options.clock ?? createSystemClock();
  const env = options.env ?? process.env;
  const source = await sourceOf({ configText: text, env });
  const registry = withPlugins(await registryFor(source, env), options.plugins ?? []);
  const load = createPolicyLoader(registry, env, {});
  const { policy } = requirePolicy(load(source, 1), null);
  const keeper = await openKeeper({
    source,
    env,
    registry,
    load,
    storePath: policy.config.storePath,
    cache: policy.config.cache,
    clock,
    onEvent: (event) => options.observer?.on(event),
  });
  const [near, far] = createChannelPair();
  keeper.attach(0, far);
  // The keeper hears of the worker's events and passes them on: the worker itself tells only the stages.
  const stage = options.observer?.stage.bind(options.observer) ?? (() => {});
  const observer: Observer = { on: () => {}, stage };
  const worker = await openWorker({ channel: near, worker: 0, registry, load, observer, clock });
  const { route } = worker;

  return {
    handle: (request, sink) => route.handle(ingressOf(request, route.nextId(), clock), sink),
    decide: async (request) => {
      const decision = await route.decide(ingressOf(request, route.nextId(), clock));
      return worker.explain(decision);
    },
    close: async () => {
      await worker.close();
      await keeper.close();
    },
  };
}

function ingressOf(request: BourseRequest, id: DecisionId, clock: Clock): Ingress {
  const { body, surface, tenant, roles, headers } = request;
  return {
    id,
    surface: surface ?? 'chat',
    caller: {
      tenant: (tenant ?? 'default') as TenantId,
      key: 'library' as KeyId,
      roles: roles ?? [],
    },
    bytes: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
    headers: headers ?? {},
    receivedAtMs: clock.nowMs(),
    startedMs: clock.monotonicMs(),
  };
}
