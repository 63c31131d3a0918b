import type { Timer } from '../../kernel/index.ts';
import { NO_TELEMETRY } from '../../contract/index.ts';
import type { Telemetry } from '../../contract/index.ts';
import type { Baseline, InstanceView, OpenBaseline, Truth } from '../baselines/baseline.ts';
import type { OpenRouter, VirtualRouter, VirtualWorld } from './router.ts';
import type { SimulatedRequest } from './simulated-request.ts';
import type { VirtualServer } from './virtual-server.ts';

/** As many as the exchange makes by default. */
const ATTEMPTS_MAX = 3;

interface MutableView extends InstanceView {
  telemetry: Telemetry;
  isReady: boolean;
  inFlight: number;
  pendingTokens: number;
}

/**
 * A baseline before the fleet. It sees what the exchange sees: telemetry as old, its own requests at once, and servers that
 * are down once a poll or a connection has shown it; what one instance refuses it asks of another.
 */
export function baselineRouter(
  open: OpenBaseline,
  truthOf: (world: VirtualWorld) => Truth,
): OpenRouter {
  return async (world) => {
    const { rng, plan } = world;
    const { instances, objective } = plan;
    const baseline = open({ rng, instances, objective, truth: truthOf(world) });
    return new BaselineRouter(baseline, world);
  };
}

class BaselineRouter implements VirtualRouter {
  readonly #baseline: Baseline;
  readonly #world: VirtualWorld;
  readonly #views: readonly MutableView[];

  constructor(baseline: Baseline, world: VirtualWorld) {
    this.#baseline = baseline;
    this.#world = world;
    this.#views = world.servers.map(({ place, instance }) => ({
      place,
      instance,
      telemetry: NO_TELEMETRY,
      isReady: true,
      inFlight: 0,
      pendingTokens: 0,
    }));
    for (const view of this.#views) this.#poll(view);
  }

  submit(request: SimulatedRequest, onDone: () => void): void {
    new Errand(request, this.#baseline, this.#world, this.#views, onDone).go();
  }

  #poll(view: MutableView): void {
    const { clock, servers, plan } = this.#world;
    const { lifecycle, telemetry } = servers[view.place]!.probe();
    view.telemetry = telemetry;
    view.isReady = lifecycle === 'ready';
    clock.after(plan.pollMs, () => this.#poll(view));
  }
}

/** One request, over all of its attempts. */
class Errand {
  readonly #request: SimulatedRequest;
  readonly #baseline: Baseline;
  readonly #world: VirtualWorld;
  readonly #views: readonly MutableView[];
  readonly #onDone: () => void;
  readonly #tried = new Set<number>();
  readonly #known: {
    readonly index: number;
    readonly promptTokens: number;
    readonly blocks: readonly number[] | null;
  };
  #patience: Timer | null = null;

  // oxlint-disable-next-line max-params
  constructor(
    request: SimulatedRequest,
    baseline: Baseline,
    world: VirtualWorld,
    views: readonly MutableView[],
    onDone: () => void,
  ) {
    this.#request = request;
    this.#baseline = baseline;
    this.#world = world;
    this.#views = views;
    this.#onDone = onDone;
    const { promptTokens, blocks } = request.asked;
    this.#known = { index: request.index, promptTokens, blocks };
  }

  go(): void {
    const { asked } = this.#request;
    const fitting = this.#views.filter(
      ({ place, instance: { spec } }) =>
        !this.#tried.has(place) && asked.promptTokens < spec.kvBlocks * spec.blockSize,
    );
    const ready = fitting.filter(({ isReady }) => isReady);
    if (ready.length === 0 || this.#tried.size >= ATTEMPTS_MAX) {
      return this.#finish(this.#tried.size === 0 ? 'rejected' : 'failed');
    }
    const view = this.#baseline.pick(this.#known, ready) as MutableView;
    this.#tried.add(view.place);
    this.#baseline.sent?.(this.#known, view);
    this.#send(view, this.#world.servers[view.place]!);
  }

  #send(view: MutableView, server: VirtualServer): void {
    const { clock, plan } = this.#world;
    const request = this.#request;
    const tokens = request.asked.promptTokens;
    const leave = (): void => {
      view.inFlight--;
      if (request.firstTokenMs === null) view.pendingTokens -= tokens;
    };
    view.inFlight++;
    view.pendingTokens += tokens;
    const submission = server.submit(request, {
      onFirstToken: () => {
        view.pendingTokens -= tokens;
        request.firstTokenMs = clock.monotonicMs();
        const ttftMs = request.firstTokenMs - request.arrivedMs;
        this.#baseline.firstToken?.({ place: view.place, request: this.#known, ttftMs });
      },
      onEnd: ({ outputTokens }) => {
        leave();
        this.#baseline.ended?.(this.#known, view.place, outputTokens);
        this.#finish('ok');
      },
      onCut: () => {
        const hasBegun = request.firstTokenMs !== null;
        leave();
        view.isReady = false;
        this.#baseline.ended?.(this.#known, view.place, 0);
        if (hasBegun) this.#finish('failed');
        else this.#again();
      },
    });
    if (submission.kind === 'accepted') {
      this.#patience ??= clock.after(plan.patienceMs, () => {
        leave();
        submission.cancel();
        this.#baseline.ended?.(this.#known, view.place, 0);
        this.#finish('failed');
      });
      return;
    }
    leave();
    this.#baseline.ended?.(this.#known, view.place, 0);
    if (submission.kind === 'refused') view.isReady = false;
    this.#again();
  }

  /** Another attempt has the patience of a client anew. */
  #again(): void {
    if (this.#patience !== null) this.#world.clock.cancel(this.#patience);
    this.#patience = null;
    this.#world.clock.after(0, () => this.go());
  }

  #finish(status: 'ok' | 'rejected' | 'failed'): void {
    const { clock } = this.#world;
    if (this.#patience !== null) clock.cancel(this.#patience);
    this.#request.status = status;
    this.#request.endedMs = clock.monotonicMs();
    this.#onDone();
  }
}
