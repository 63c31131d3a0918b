import type { Rng, VirtualClock } from '../../kernel/index.ts';
import type { FleetPlan } from '../fleet-file.ts';
import type { SimulatedRequest } from './simulated-request.ts';
import type { VirtualServer } from './virtual-server.ts';

/** All that a router of a run stands in. */
export interface VirtualWorld {
  readonly plan: FleetPlan;
  readonly clock: VirtualClock;
  readonly rng: Rng;
  readonly servers: readonly VirtualServer[];
  /** Request by its index. */
  readonly requests: (index: number) => SimulatedRequest;
  /** To be called by who leaves work in the queue of microtasks: it is done before time moves on. */
  readonly settle: () => void;
}

/** Brings requests to servers. `onDone` is called once per request, its status and times being set. */
export interface VirtualRouter {
  submit(request: SimulatedRequest, onDone: () => void): void;
}

export type OpenRouter = (world: VirtualWorld) => Promise<VirtualRouter>;
