import type { InstanceId } from '../kernel/index.ts';
import { NO_TELEMETRY } from '../contract/index.ts';
import type { Beliefs, Estimate, FleetSnapshot, Instance } from '../contract/index.ts';
import type { Model, Telemetry } from '../contract/index.ts';
import { COLD_TIMING, loadPrice, occupancy, paceOf, powerWatts } from '../estimate/index.ts';
import type { Occupancy, Pace } from '../estimate/index.ts';
import { accuracyOf } from './accuracy.ts';
import { Forecast } from './forecast.ts';

/**
 * What is known of an instance before anybody asks. Everything that does not depend on the request is
 * worked out when its cause changes (beliefs, requests in flight), not for every quote.
 */
export class Standing {
  readonly instance: Instance;
  readonly accuracy: Estimate | null;
  /** Of its model; shared by the instances of it. */
  readonly forecast: Forecast;
  busy: Occupancy;
  /** What costs are multiplied by for load. */
  price = 1;
  /** What the batch that a request would join draws; 0 where the power curve is unknown. */
  batchWatts = 0;
  readonly #telemetry: Telemetry;
  #inFlight = -1;
  #beliefs: Beliefs | null = null;
  #pace: Pace | null = null;

  constructor(instance: Instance, telemetry: Telemetry, forecast: Forecast) {
    this.instance = instance;
    this.accuracy = accuracyOf(instance.model);
    this.forecast = forecast;
    this.#telemetry = telemetry;
    this.busy = occupancy(instance, telemetry, 0);
  }

  paceIn(beliefs: Beliefs): Pace {
    if (this.#pace !== null && beliefs === this.#beliefs) return this.#pace;
    this.#beliefs = beliefs;
    return (this.#pace = paceOf(beliefs.timing.get(this.instance.id) ?? COLD_TIMING));
  }

  /** Brings `busy` and what follows from it up to the worker's own count. */
  load(inFlight: number): void {
    if (inFlight === this.#inFlight) return;
    this.#inFlight = inFlight;
    const busy = occupancy(this.instance, this.#telemetry, inFlight);
    const { power } = this.instance.model;
    this.busy = busy;
    this.price = loadPrice(busy.kvUsageRatio, busy.ahead / busy.slots);
    this.batchWatts = power === null ? 0 : powerWatts(power, Math.max(1, busy.batch));
  }
}

/** The standings of one fleet, built once for each snapshot: snapshots are immutable. */
export class Standings {
  readonly #byId = new Map<InstanceId, Standing>();
  #fleet: FleetSnapshot | null = null;

  of(fleet: FleetSnapshot, instance: Instance): Standing {
    if (fleet !== this.#fleet) this.#build(fleet);
    const standing = this.#byId.get(instance.id);
    if (standing !== undefined && standing.instance === instance) return standing;
    const state = fleet.states.find((each) => each.instance.id === instance.id);
    return new Standing(instance, state?.telemetry ?? NO_TELEMETRY, new Forecast(instance.model));
  }

  #build(fleet: FleetSnapshot): void {
    const forecasts = new Map<Model, Forecast>();
    this.#byId.clear();
    for (const { instance, telemetry } of fleet.states) {
      let forecast = forecasts.get(instance.model);
      if (forecast === undefined) {
        forecast = new Forecast(instance.model);
        forecasts.set(instance.model, forecast);
      }
      this.#byId.set(instance.id, new Standing(instance, telemetry, forecast));
    }
    this.#fleet = fleet;
  }
}
