import { Fault } from '../../kernel/index.ts';
import type { Clock, KeyId, Rng, TenantId } from '../../kernel/index.ts';
import type { Ingress, Prober, ResponseSink, Route, Upstream } from '../../contract/index.ts';
import type { FleetPlan } from '../fleet-file.ts';
import { promptBody } from '../traces/prompt-body.ts';
import type { OpenRouter, VirtualRouter, VirtualWorld } from './router.ts';
import type { SimulatedRequest } from './simulated-request.ts';
import { createVirtualUpstream } from './virtual-upstream.ts';

/** What the wiring opens the product's own exchange with. */
export interface VirtualExchangeParts {
  /** The text of a policy. */
  readonly policy: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly upstream: Upstream;
  readonly prober: Prober;
}

/** The director over the built-in stages, with a keeper that learns, all of it on one clock and without I/O. */
export type OpenVirtualExchange = (
  parts: VirtualExchangeParts,
) => Promise<Pick<Route, 'handle' | 'nextId'>>;

/**
 * The product itself as a router: it decides, dispatches, retries and learns as it does in service. Without a mode it
 * goes by the objective of the plan.
 */
export function bourseRouter(
  mode: string | null,
  open: OpenVirtualExchange,
  isQueued = false,
): OpenRouter {
  return async (world) => {
    const upstream = createVirtualUpstream(world);
    const byId = new Map(world.servers.map((server) => [server.instance.id, server]));
    const prober: Prober = {
      probe: async (instance) => {
        world.settle();
        return byId.get(instance.id)!.probe();
      },
    };
    const policy = policyOf(world.plan, mode, isQueued);
    const { rng } = world;
    const clock = isQueued ? settlingClock(world) : world.clock;
    const exchange = await open({ policy, clock, rng, upstream, prober });
    return new BourseRouter(exchange, world);
  };
}

/** Requests that waited go on in the queue of microtasks, from a timer. */
function settlingClock({ clock, settle }: VirtualWorld): Clock {
  return {
    ...clock,
    after: (delayMs, run) =>
      clock.after(delayMs, () => {
        run();
        settle();
      }),
  };
}

class BourseRouter implements VirtualRouter {
  readonly #exchange: Pick<Route, 'handle' | 'nextId'>;
  readonly #world: VirtualWorld;

  constructor(exchange: Pick<Route, 'handle' | 'nextId'>, world: VirtualWorld) {
    this.#exchange = exchange;
    this.#world = world;
  }

  submit(request: SimulatedRequest, onDone: () => void): void {
    const { clock } = this.#world;
    const { session, tenant } = request;
    const ingress: Ingress = {
      id: this.#exchange.nextId(),
      surface: 'chat',
      caller: { tenant: tenant as TenantId, key: 'simulated' as KeyId, roles: [] },
      bytes: promptBody(request.asked, request.index),
      headers: session === null ? {} : { 'x-session-id': session },
      receivedAtMs: clock.nowMs(),
      startedMs: clock.monotonicMs(),
    };
    this.#exchange.handle(ingress, new Sink(request, clock, onDone));
    this.#world.settle();
  }
}

class Sink implements ResponseSink {
  readonly #request: SimulatedRequest;
  readonly #clock: Clock;
  readonly #onDone: () => void;
  #status = 0;

  constructor(request: SimulatedRequest, clock: Clock, onDone: () => void) {
    this.#request = request;
    this.#clock = clock;
    this.#onDone = onDone;
  }

  onStart(status: number): void {
    this.#status = status;
  }

  onData(): boolean {
    this.#request.firstTokenMs ??= this.#clock.monotonicMs();
    return true;
  }

  onEnd(): void {
    this.#request.status = this.#status < 400 ? 'ok' : 'rejected';
    this.#finish();
  }

  /** What nobody was asked to serve was rejected; what was served in part, or in vain, failed. */
  onError(error: Error): void {
    const isRefusal = Fault.isInstance(error) && !error.code.startsWith('BRS_UPSTREAM');
    this.#request.status = isRefusal && this.#request.firstTokenMs === null ? 'rejected' : 'failed';
    this.#finish();
  }

  #finish(): void {
    this.#request.endedMs = this.#clock.monotonicMs();
    this.#onDone();
  }
}

/** The mode with the prices of the plan. */
const PLANNED = 'planned';

/** The policy that a fleet stands for: everything may serve everybody, and the mode says what counts. */
export function policyOf(plan: FleetPlan, mode: string | null, isQueued: boolean): string {
  const models = new Map(plan.instances.map((instance) => [instance.model, instance]));
  return JSON.stringify({
    version: 1,
    understanding: { deep: 'off' },
    health: { pollMs: plan.pollMs },
    attempts: {
      firstTokenTimeoutMs: plan.patienceMs,
      idleTimeoutMs: plan.patienceMs,
      totalTimeoutMs: plan.patienceMs,
    },
    models: [...models].map(([id, { spec, price, accuracy }]) => ({
      id,
      upstreamName: id,
      price,
      accuracy: { default: accuracy },
      energy: spec.power,
      contextWindowTokens: spec.kvBlocks * spec.blockSize,
    })),
    instances: plan.instances.map(({ id, model, spec }) => ({
      id,
      model,
      engine: 'simulated',
      url: `http://${id.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-')}.invalid`,
      maxRunning: spec.maxRunning,
    })),
    modes: { [PLANNED]: plan.objective },
    routes: [
      {
        name: 'default',
        use: { models: '*', mode: mode ?? PLANNED, ...(isQueued && { queue: {} }) },
      },
    ],
  });
}
