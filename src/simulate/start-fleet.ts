import type { Clock, Rng } from '../kernel/index.ts';
import { DEMO_FLEET } from './demo-fleet.ts';
import type { SimulatedSpec } from './engine-spec.ts';
import type { SimulatedServer } from './simulated-server.ts';
import { createSimulatedServer } from './simulated-server.ts';

export interface DemoFleetOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  /** The first server's port, the next ones' follow; any free ports where not given. */
  readonly basePort?: number;
  readonly speedup?: number;
  /** `DEMO_FLEET` where not given. */
  readonly specs?: readonly SimulatedSpec[];
}

export interface DemoFleet {
  readonly servers: readonly SimulatedServer[];
  /** `BOURSE_SIM_<ID>_URL` of every server, for the policy file to refer to. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** The variable that carries the address of an instance: upper case, and `_` for what is no letter or digit. */
export const urlVariable = (id: string): string =>
  `BOURSE_SIM_${id.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}_URL`;

/** Starts every server of the fleet, or none: rejects with `BRS_LISTEN` where a port is taken. */
export async function startDemoFleet(options: DemoFleetOptions): Promise<DemoFleet> {
  const { clock, rng, basePort, speedup = 1, specs = DEMO_FLEET } = options;
  const servers: SimulatedServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    for (const [index, spec] of specs.entries()) {
      const port = basePort === undefined ? 0 : basePort + index;
      servers.push(await createSimulatedServer({ spec, clock, rng, port, speedup }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const env = Object.fromEntries(servers.map(({ spec, url }) => [urlVariable(spec.id), url]));
  return { servers, env, close };
}
