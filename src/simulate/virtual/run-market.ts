import { createRng, createVirtualClock } from '../../kernel/index.ts';
import type { FleetEvent, FleetPlan } from '../fleet-file.ts';
import type { TraceRequest } from '../traces/trace.ts';
import type { OpenRouter, VirtualWorld } from './router.ts';
import { SimulatedRequest } from './simulated-request.ts';
import { VirtualServer } from './virtual-server.ts';

export interface MarketRun {
  readonly requests: readonly SimulatedRequest[];
  /** From the first arrival to the last end. */
  readonly spanMs: number;
  /** Of the whole fleet, its idle time included. */
  readonly fleetJoules: number;
}

export interface MarketOptions {
  readonly plan: FleetPlan;
  /** By time. */
  readonly offered: readonly TraceRequest[];
  readonly open: OpenRouter;
  readonly seed: number;
  readonly onProgress?: (done: number, offered: number) => void;
}

/** Requests belong to so many tenants, by chance. */
const TENANTS = 8;
const PROGRESS_EVERY = 512;

/** One router before one fleet, from the first arrival to the end of the last answer, in virtual time. */
export async function runMarket(options: MarketOptions): Promise<MarketRun> {
  const { plan, offered, open, seed, onProgress } = options;
  const clock = createVirtualClock();
  const servers = plan.instances.map(
    (instance, place) => new VirtualServer(place, instance, { clock, seed }),
  );
  const tenants = createRng(seed + 0x7e4a);
  const requests = offered.map(
    (asked, index) =>
      new SimulatedRequest(index, asked, `tenant-${Math.floor(tenants.next() * TENANTS)}`),
  );
  let isUnsettled = false;
  const world: VirtualWorld = {
    plan,
    clock,
    rng: createRng(seed + 0x0b0e),
    servers,
    requests: (index) => requests[index]!,
    settle: () => {
      isUnsettled = true;
    },
  };
  const router = await open(world);
  const startMs = clock.monotonicMs();
  for (const event of plan.events) schedule(event, world);
  let done = 0;
  const arrive = (request: SimulatedRequest): void => {
    request.arrivedMs = clock.monotonicMs();
    const next = requests[request.index + 1];
    if (next !== undefined) {
      clock.after(startMs + next.asked.atMs - clock.monotonicMs(), () => arrive(next));
    }
    router.submit(request, () => {
      done++;
      request.release();
      if (done % PROGRESS_EVERY === 0) onProgress?.(done, requests.length);
    });
  };
  clock.after(0, () => arrive(requests[0]!));
  while (done < requests.length && clock.step()) {
    if (!isUnsettled) continue;
    isUnsettled = false;
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  onProgress?.(done, requests.length);
  return {
    requests,
    spanMs: clock.monotonicMs() - startMs,
    fleetJoules: servers.reduce((sum, { engine }) => sum + engine.stats().energyJoules, 0),
  };
}

function schedule({ instance, atMs, untilMs, slowdown }: FleetEvent, world: VirtualWorld): void {
  const server = world.servers.find((one) => one.instance.id === instance)!;
  world.clock.after(atMs, () => {
    if (slowdown === null) server.goDown();
    else server.setSlowdown(slowdown);
  });
  world.clock.after(untilMs, () => {
    if (slowdown === null) server.comeUp();
    else server.setSlowdown(1);
  });
}
