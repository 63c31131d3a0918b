import type { CarbonConfig, CarbonIntensity, CarbonView, Instance } from '../contract/index.ts';

/** What was pushed, by place. It stands in for what the policy says until it is taken back. */
export type CarbonOverlay = ReadonlyMap<string, PushedCarbon>;

export interface PushedCarbon {
  readonly gramsPerKilowattHour: number;
  readonly untilMs: number;
}

/** Of an instance's place; undefined where nobody says. */
export function carbonOf(
  instance: Instance,
  config: CarbonConfig | undefined,
  pushed: CarbonOverlay,
): CarbonIntensity | undefined {
  if (config === undefined) return undefined;
  const place = instance.labels.get(config.label) ?? instance.model.labels.get(config.label);
  if (place === undefined) return undefined;
  const own = pushed.get(place);
  if (own !== undefined) return own;
  const gramsPerKilowattHour = config.gramsPerKilowattHour.get(place);
  return gramsPerKilowattHour === undefined ? undefined : { gramsPerKilowattHour, untilMs: null };
}

/** Every place of which anybody says anything. */
export function carbonViews(
  config: CarbonConfig,
  pushed: CarbonOverlay,
  nowMs: number,
): readonly CarbonView[] {
  const places = new Set([...config.gramsPerKilowattHour.keys(), ...pushed.keys()]);
  return [...places].map((place) => {
    const own = pushed.get(place);
    const isStale = own !== undefined && own.untilMs <= nowMs;
    const grams = own?.gramsPerKilowattHour ?? config.gramsPerKilowattHour.get(place)!;
    return {
      place,
      gramsPerKilowattHour: isStale ? null : grams,
      source: own === undefined ? 'policy' : 'pushed',
      until: own === undefined ? null : new Date(own.untilMs).toISOString(),
    };
  });
}
