import type { Clock, Rng, Timer } from '../kernel/index.ts';
import { NO_TELEMETRY } from '../contract/index.ts';
import type {
  BourseEvent,
  CarbonIntensity,
  EngineFeatures,
  FleetSnapshot,
  HealthConfig,
  InstanceState,
} from '../contract/index.ts';
import type { Instance, Probe, Prober, Telemetry } from '../contract/index.ts';
import type { FleetEntry } from './instance-overlay.ts';

const POLL_MS_MAX = 30_000;
/** What was seen more polls ago than this says nothing any more. */
const STALE_POLLS = 5;
/** Answers that come close together make one snapshot. */
const PUBLISH_MS = 20;

const NO_FEATURES: EngineFeatures = { hasResponses: false };

interface Watched {
  instance: Instance;
  isDraining: boolean;
  carbon: CarbonIntensity | undefined;
  probe: Probe | null;
  observedAtMs: number | null;
  observedMonotonicMs: number;
  failures: number;
  timer: Timer | null;
}

export interface TelemetryOptions {
  readonly prober: Prober;
  readonly clock: Clock;
  readonly rng: Rng;
  /** The instances of `fleet` are the same objects as long as the list did not change. */
  onSnapshot(fleet: FleetSnapshot): void;
  onEvent(event: BourseEvent): void;
}

/** Looks at every instance once per poll; at one that is down less and less often. */
export class TelemetryWatch {
  readonly #options: TelemetryOptions;
  #health: Pick<HealthConfig, 'pollMs' | 'timeoutMs'> = { pollMs: 1_000, timeoutMs: 1_000 };
  #watched = new Map<string, Watched>();
  #snapshot: FleetSnapshot = { generation: 0, states: [] };
  #publishing: Timer | null = null;
  #isClosed = false;

  constructor(options: TelemetryOptions) {
    this.#options = options;
  }

  get snapshot(): FleetSnapshot {
    return this.#snapshot;
  }

  /** Replaces the list, and returns its snapshot at once. What is known of an instance with the same URL stays known. */
  setFleet(entries: readonly FleetEntry[], health: HealthConfig): FleetSnapshot {
    this.#health = health;
    const before = this.#watched;
    this.#watched = new Map();
    for (const { instance, isDraining, carbon } of entries) {
      const known = before.get(instance.id);
      before.delete(instance.id);
      const isSame =
        known?.instance.url === instance.url && known.instance.engine === instance.engine;
      const watched = isSame ? known : newlyWatched(instance);
      if (!isSame && known !== undefined) this.#forget(known);
      watched.instance = instance;
      watched.isDraining = isDraining;
      watched.carbon = carbon;
      this.#watched.set(instance.id, watched);
      if (!isSame) void this.#poll(watched);
    }
    for (const gone of before.values()) this.#forget(gone);
    return this.#refresh();
  }

  close(): void {
    this.#isClosed = true;
    for (const watched of this.#watched.values()) this.#forget(watched);
    this.#watched.clear();
    if (this.#publishing !== null) this.#options.clock.cancel(this.#publishing);
  }

  #forget(watched: Watched): void {
    if (watched.timer !== null) this.#options.clock.cancel(watched.timer);
    watched.timer = null;
  }

  #isWatched(watched: Watched): boolean {
    return this.#watched.get(watched.instance.id) === watched && !this.#isClosed;
  }

  async #poll(watched: Watched): Promise<void> {
    watched.timer = null;
    const probe = await this.#probe(watched.instance);
    if (!this.#isWatched(watched)) return;
    const { clock } = this.#options;
    const hasChanged = watched.probe?.lifecycle !== probe.lifecycle;
    watched.failures = probe.lifecycle === 'ready' ? 0 : watched.failures + 1;
    watched.probe = probe;
    if (probe.lifecycle === 'ready') {
      watched.observedAtMs = clock.nowMs();
      watched.observedMonotonicMs = clock.monotonicMs();
    }
    if (hasChanged) {
      const { lifecycle, reason } = probe;
      this.#options.onEvent({
        kind: 'instance-state',
        instance: watched.instance.id,
        lifecycle,
        reason,
      });
    }
    watched.timer = clock.after(this.#delayMs(watched), () => void this.#poll(watched));
    this.#publishing ??= clock.after(PUBLISH_MS, () => {
      this.#publishing = null;
      this.#options.onSnapshot(this.#refresh());
    });
  }

  /** A prober that breaks its word and rejects is an instance that is down. */
  async #probe(instance: Instance): Promise<Probe> {
    try {
      return await this.#options.prober.probe(instance, this.#health.timeoutMs);
    } catch {
      const reason = 'it could not be probed';
      return { lifecycle: 'down', reason, telemetry: NO_TELEMETRY, features: NO_FEATURES };
    }
  }

  /** Doubles with each failure in a row, spread by ± 20 % so that a fleet that fell together is not asked together. */
  #delayMs({ failures }: Watched): number {
    const { pollMs } = this.#health;
    if (failures === 0) return pollMs;
    const delayMs = Math.min(
      pollMs * 2 ** Math.min(failures - 1, 16),
      Math.max(pollMs, POLL_MS_MAX),
    );
    return delayMs * (0.8 + 0.4 * this.#options.rng.next());
  }

  #refresh(): FleetSnapshot {
    const staleMs = this.#options.clock.monotonicMs() - STALE_POLLS * this.#health.pollMs;
    const states = [...this.#watched.values()].map((watched) => stateOf(watched, staleMs));
    this.#snapshot = { generation: this.#snapshot.generation + 1, states };
    return this.#snapshot;
  }
}

const newlyWatched = (instance: Instance): Watched => ({
  instance,
  isDraining: false,
  carbon: undefined,
  probe: null,
  observedAtMs: null,
  observedMonotonicMs: Number.NEGATIVE_INFINITY,
  failures: 0,
  timer: null,
});

function stateOf(watched: Watched, staleMs: number): InstanceState {
  const { instance, isDraining, carbon, probe, observedAtMs, observedMonotonicMs } = watched;
  const isFresh = probe?.lifecycle === 'ready' && observedMonotonicMs >= staleMs;
  const telemetry: Telemetry = isFresh ? probe.telemetry : NO_TELEMETRY;
  const features = probe?.features ?? NO_FEATURES;
  const known = { instance, telemetry, observedAtMs, features };
  const seen = carbon === undefined ? known : { ...known, carbon };
  if (isDraining) return { ...seen, lifecycle: 'draining', reason: 'drained by the operator' };
  if (probe === null) return { ...seen, lifecycle: 'unknown', reason: 'not yet asked' };
  return { ...seen, lifecycle: probe.lifecycle, reason: probe.reason };
}
