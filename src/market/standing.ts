import type { InstanceId } from '../kernel/index.ts';
import { NO_TELEMETRY } from '../contract/index.ts';
import type { Beliefs, Estimate, FleetSnapshot, Instance } from '../contract/index.ts';
import type { InstanceState, LocalLoad, MarketView, Model, Occupancy } from '../contract/index.ts';
import {
  COLD_TIMING,
  loadPrice,
  occupancy,
  Pace,
  polledOf,
  PressureGauge,
  powerWatts,
} from '../estimate/index.ts';
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
  readonly #state: InstanceState;
  /** Of the requests that its telemetry counts, those of this worker. */
  readonly #polled: number;
  #inFlight = -1;
  #pendingTokens = -1;
  #beliefs: Beliefs | null = null;
  #pace: Pace | null = null;

  /** `before`: the standing in the snapshot before. */
  constructor(
    state: InstanceState,
    forecast: Forecast,
    inFlight: number,
    before: Standing | undefined,
  ) {
    const { instance, telemetry, observedAtMs } = state;
    this.instance = instance;
    this.accuracy = accuracyOf(instance.model);
    this.forecast = forecast;
    this.#state = state;
    const isSamePoll = before !== undefined && before.#state.observedAtMs === observedAtMs;
    this.#polled = isSamePoll ? before.#polled : polledOf(telemetry, inFlight);
    this.busy = this.#occupancy(inFlight, 0);
  }

  get isReady(): boolean {
    return this.#state.lifecycle === 'ready';
  }

  paceIn(beliefs: Beliefs): Pace {
    if (this.#pace !== null && beliefs === this.#beliefs) return this.#pace;
    this.#beliefs = beliefs;
    return (this.#pace = new Pace(beliefs.timing.get(this.instance.id) ?? COLD_TIMING));
  }

  /** Brings `busy` and what follows from it up to the worker's own counts. */
  load(inFlight: number, pendingTokens: number): void {
    if (inFlight === this.#inFlight && pendingTokens === this.#pendingTokens) return;
    this.#inFlight = inFlight;
    this.#pendingTokens = pendingTokens;
    const busy = this.#occupancy(inFlight, pendingTokens);
    const { power } = this.instance.model;
    this.busy = busy;
    this.price = loadPrice(busy.kvUsageRatio, busy.turns);
    this.batchWatts = power === null ? 0 : powerWatts(power, Math.max(1, busy.batch));
  }

  #occupancy(inFlight: number, pendingTokens: number): Occupancy {
    const own = { inFlight, polled: this.#polled, pendingTokens };
    return occupancy(this.instance, this.#state.telemetry, own);
  }
}

/** For so long a reading of the fleet's pressure stands. */
const PRESSURE_MS = 100;

/** The standings of one fleet, built once for each snapshot: snapshots are immutable. */
export class Standings {
  #byId = new Map<InstanceId, Standing>();
  #fleet: FleetSnapshot | null = null;
  #pressure = 0;
  #pressureAtMs = -Infinity;

  /** `PressureGauge.perToken` of the fleet, at a wall time. */
  pressure({ fleet, beliefs, load }: MarketView, nowMs: number): number {
    if (fleet !== this.#fleet) this.#build(fleet, load);
    const ageMs = nowMs - this.#pressureAtMs;
    if (ageMs >= 0 && ageMs < PRESSURE_MS) return this.#pressure;
    const gauge = new PressureGauge();
    for (const standing of this.#byId.values()) {
      const { demand } = beliefs.timing.get(standing.instance.id) ?? COLD_TIMING;
      if (!demand || !standing.isReady) continue;
      gauge.add(demand, standing.paceIn(beliefs).prefillMsPerToken(standing.busy), nowMs);
    }
    this.#pressureAtMs = nowMs;
    return (this.#pressure = gauge.perToken());
  }

  of(fleet: FleetSnapshot, instance: Instance, load: LocalLoad): Standing {
    if (fleet !== this.#fleet) this.#build(fleet, load);
    const standing = this.#byId.get(instance.id);
    if (standing !== undefined && standing.instance === instance) return standing;
    const known = fleet.states.find((each) => each.instance.id === instance.id);
    const state = { ...(known ?? UNSEEN), instance };
    return new Standing(state, new Forecast(instance.model), load.inFlight(instance.id), undefined);
  }

  #build(fleet: FleetSnapshot, load: LocalLoad): void {
    const forecasts = new Map<Model, Forecast>();
    const before = this.#byId;
    this.#byId = new Map();
    for (const state of fleet.states) {
      const { id, model } = state.instance;
      let forecast = forecasts.get(model);
      if (forecast === undefined) {
        forecast = new Forecast(model);
        forecasts.set(model, forecast);
      }
      this.#byId.set(id, new Standing(state, forecast, load.inFlight(id), before.get(id)));
    }
    this.#fleet = fleet;
    this.#pressureAtMs = -Infinity;
  }
}

const UNSEEN: Omit<InstanceState, 'instance'> = {
  lifecycle: 'unknown',
  telemetry: NO_TELEMETRY,
  observedAtMs: null,
  reason: null,
  features: { hasResponses: false },
};
