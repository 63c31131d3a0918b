import type { Config, Engine } from '../contract/index.ts';
import { carbonOf } from './carbon.ts';
import { fleetOf } from './instance-overlay.ts';
import type { FleetEntry } from './instance-overlay.ts';
import type { Overlay } from './overlay.ts';

/** The instances that there are, each with the carbon intensity of its place. */
export function fleetEntries(
  config: Config,
  { instances, carbon }: Overlay,
  engines: readonly Engine[] | undefined,
): FleetEntry[] {
  return fleetOf(config, instances, engines).map((entry) => ({
    ...entry,
    carbon: carbonOf(entry.instance, config.carbon, carbon),
  }));
}
