import { createRng, createVirtualClock } from '../../kernel/index.ts';
import { mixHash, uniformOf } from '../hash.ts';
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

/** Requests belong to so many tenants, by chance; those that go on from one another to one. */
const TENANTS = 8;
/** The first block of a trace may be a system prompt that all have in common. */
const OWN_BLOCK = 1;
const PROGRESS_EVERY = 512;

/** One router before one fleet, from the first arrival to the end of the last answer, in virtual time. */
export async function runMarket(options: MarketOptions): Promise<MarketRun> {
  const { plan, offered, open, seed, onProgress } = options;
  const clock = createVirtualClock();
  const servers = plan.instances.map(
    (instance, place) => new VirtualServer(place, instance, { clock, seed }),
  );
  const requests = offered.map((asked, index) => {
    const session = asked.session === undefined ? null : `session-${asked.session.id}`;
    return new SimulatedRequest(index, asked, `tenant-${tenantOf(asked, index, seed)}`, session);
  });
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
  const followers = followersIn(requests);
  const timely = requests.filter((request) => !followers.ids.has(request.index));
  const arrive = (request: SimulatedRequest): void => {
    request.arrivedMs = clock.monotonicMs();
    router.submit(request, () => {
      done++;
      request.release();
      const next = followers.of.get(request.index);
      if (next !== undefined) clock.after(next.asked.session!.thinkMs, () => arrive(next));
      if (done % PROGRESS_EVERY === 0) onProgress?.(done, requests.length);
    });
  };
  const arriveAt = (place: number): void => {
    const request = timely[place];
    if (request === undefined) return;
    clock.after(Math.max(0, startMs + request.asked.atMs - clock.monotonicMs()), () => {
      arriveAt(place + 1);
      arrive(request);
    });
  };
  arriveAt(0);
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

/** Requests that wait for the answer to another of their session, by that other. */
function followersIn(requests: readonly SimulatedRequest[]): {
  readonly of: ReadonlyMap<number, SimulatedRequest>;
  readonly ids: ReadonlySet<number>;
} {
  const of = new Map<number, SimulatedRequest>();
  const ids = new Set<number>();
  const last = new Map<number, number>();
  for (const request of requests) {
    const { session } = request.asked;
    if (session === undefined) continue;
    const before = last.get(session.id);
    last.set(session.id, request.index);
    if (before === undefined) continue;
    of.set(before, request);
    ids.add(request.index);
  }
  return { of, ids };
}

function tenantOf({ blocks, session }: TraceRequest, index: number, seed: number): number {
  const own = session?.id ?? blocks?.[OWN_BLOCK] ?? -1 - index;
  return Math.floor(uniformOf(mixHash(own, seed), 1) * TENANTS);
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
