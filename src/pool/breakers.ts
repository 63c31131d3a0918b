import type { Clock, InstanceId, Rng } from '../kernel/index.ts';
import type {
  AttemptResult,
  BourseEvent,
  Breakers,
  CircuitPass,
  HealthConfig,
  InstanceRates,
  Recovery,
  SharedRate,
  SharedRates,
} from '../contract/index.ts';
import { hasRoom, limitsOf, openMeter, roomAfterMs, take } from './rate-meter.ts';
import type { RateMeter } from './rate-meter.ts';
import { PendingPrefill } from './pending-prefill.ts';

export interface BreakerOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Read whenever a circuit changes, so that a reloaded policy applies. */
  readonly config: () => HealthConfig['breaker'];
  readonly onEvent: (event: BourseEvent) => void;
  /** Unset: there is no other worker to share instances' rates with. */
  readonly rates?: SharedRates | undefined;
}

interface Circuit {
  inFlight: number;
  readonly prefill: PendingPrefill;
  failures: number;
  /** When the circuit may be tried again; 0 while it is closed. Half-open is: open, and that time has come. */
  openUntilMs: number;
  /** How long it was opened for last: the next time doubles it. */
  openedForMs: number;
  hasTrial: boolean;
  /** Whether it was opened by an instance that said itself when to come back. */
  isLimited: boolean;
  /** How many may be in flight while it comes back; 0: any number. */
  ramp: number;
  /** Null where its owner sets no rate, or workers share it. */
  meter: RateMeter | null;
  /** The same, of all workers together, and the rates that it is for. */
  shared: SharedRate | null;
  sharedRates: InstanceRates | null;
}

const AT_REST: Readonly<Omit<Circuit, 'prefill'>> = {
  inFlight: 0,
  failures: 0,
  openUntilMs: 0,
  openedForMs: 0,
  hasTrial: false,
  isLimited: false,
  ramp: 0,
  meter: null,
  shared: null,
  sharedRates: null,
};

/** Above this many known instances, those at rest are forgotten: they come and go by the admin API. */
const CIRCUITS_MAX = 4_096;
/** With so many at once, an instance that comes back is back. */
const RAMP_MAX = 64;
/** Openings are stretched by up to this share, so that workers do not try again all at once. */
const JITTER_RATIO = 0.2;
/** Whatever an instance asks for, it is tried again in an hour. */
const ASKED_MS_MAX = 3_600_000;
/** When to come back, where only the requests under way know. */
const TRIAL_MS = 1_000;

/**
 * A worker's circuit breakers. A circuit opens after so many failures in a row, or at once for as
 * long as a rate-limited instance asks; when its time is over one request is let through (half-open),
 * whose end closes it or opens it for twice as long. An aborted request says nothing of the instance, nor does one whose connection had
 * been closed while idle.
 * One that is back gets a few requests at once, and twice as many with each success; a failure among
 * them opens it again. One whose owner's rate is used up is passed over until there is room.
 */
export function createBreakers(options: BreakerOptions): Breakers {
  return new CircuitBreakers(options);
}

class CircuitBreakers implements Breakers {
  readonly #options: BreakerOptions;
  readonly #circuits = new Map<InstanceId, Circuit>();

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  inFlight(instance: InstanceId): number {
    return this.#circuits.get(instance)?.inFlight ?? 0;
  }

  pendingTokens(instance: InstanceId): number {
    const circuit = this.#circuits.get(instance);
    return circuit?.prefill.tokensLeft(this.#options.clock.monotonicMs()) ?? 0;
  }

  isAvailable(instance: InstanceId): boolean {
    const circuit = this.#circuits.get(instance);
    return circuit === undefined || this.#mayPass(circuit);
  }

  recovery(instance: InstanceId): Recovery {
    const circuit = this.#of(instance);
    const { openUntilMs, isLimited, meter, shared } = circuit;
    const nowMs = this.#options.clock.monotonicMs();
    if (openUntilMs !== 0) return { afterMs: Math.max(TRIAL_MS, openUntilMs - nowMs), isLimited };
    const sharedMs = shared === null ? 0 : shared.roomAfterMs();
    const roomMs = meter === null ? sharedMs : roomAfterMs(meter, nowMs);
    return { afterMs: Math.max(TRIAL_MS, roomMs), isLimited: roomMs > 0 };
  }

  begin(instance: InstanceId): CircuitPass | null {
    const circuit = this.#of(instance);
    if (!this.#mayPass(circuit)) return null;
    circuit.inFlight++;
    if (circuit.openUntilMs === 0) return 'normal';
    circuit.hasTrial = true;
    return 'trial';
  }

  spend(instance: InstanceId, rates: InstanceRates, tokens: number): void {
    const circuit = this.#of(instance);
    const { clock, rates: sharedRates } = this.#options;
    if (sharedRates !== undefined) {
      if (circuit.shared === null || circuit.sharedRates !== rates) {
        circuit.shared = sharedRates.of(`instance/${instance}`, limitsOf(rates));
        circuit.sharedRates = rates;
      }
      circuit.shared.take(tokens);
      return;
    }
    const nowMs = clock.monotonicMs();
    const known = circuit.meter;
    const meter = known !== null && known.rates === rates ? known : openMeter(rates, nowMs);
    circuit.meter = meter;
    take(meter, tokens, nowMs);
  }

  prefill(instance: InstanceId, tokens: number): void {
    const { prefill } = this.#of(instance);
    const nowMs = this.#options.clock.monotonicMs();
    if (tokens > 0) prefill.begin(tokens, nowMs);
    else prefill.end(-tokens, nowMs);
  }

  end(
    instance: InstanceId,
    pass: CircuitPass,
    result: AttemptResult,
    retryAfterMs: number | null,
  ): void {
    const circuit = this.#of(instance);
    circuit.inFlight = Math.max(0, circuit.inFlight - 1);
    if (pass === 'trial') circuit.hasTrial = false;
    if (result === 'aborted' || result === 'stale') return;
    if (result === 'ok') this.#succeed(instance, circuit, pass);
    else if (retryAfterMs !== null) this.#rest(instance, circuit, retryAfterMs);
    else this.#fail(instance, circuit, pass);
  }

  #of(instance: InstanceId): Circuit {
    return this.#circuits.get(instance) ?? this.#create(instance);
  }

  #create(instance: InstanceId): Circuit {
    const circuits = this.#circuits;
    if (circuits.size >= CIRCUITS_MAX) {
      for (const [id, { inFlight, openUntilMs, meter, shared }] of circuits) {
        if (inFlight > 0 || openUntilMs !== 0) continue;
        if (meter === null && shared === null) circuits.delete(id);
      }
    }
    const circuit = { ...AT_REST, prefill: new PendingPrefill() };
    circuits.set(instance, circuit);
    return circuit;
  }

  #mayPass(circuit: Circuit): boolean {
    const { clock } = this.#options;
    if (circuit.meter !== null && !hasRoom(circuit.meter, clock.monotonicMs())) return false;
    if (circuit.shared !== null && !circuit.shared.hasRoom()) return false;
    if (circuit.ramp !== 0 && circuit.inFlight >= circuit.ramp) return false;
    return (
      circuit.openUntilMs === 0 || (!circuit.hasTrial && clock.monotonicMs() >= circuit.openUntilMs)
    );
  }

  /** As long as it asks for, and no longer: clients are told the same. */
  #rest(instance: InstanceId, circuit: Circuit, askedMs: number): void {
    circuit.isLimited = true;
    circuit.ramp = 0;
    this.#open(instance, circuit, Math.min(askedMs, ASKED_MS_MAX));
  }

  #open(instance: InstanceId, circuit: Circuit, forMs: number): void {
    const { clock, onEvent } = this.#options;
    circuit.openUntilMs = Math.max(circuit.openUntilMs, clock.monotonicMs() + forMs);
    onEvent({ kind: 'circuit-opened', instance, forMs: Math.round(forMs) });
  }

  #succeed(instance: InstanceId, circuit: Circuit, pass: CircuitPass): void {
    circuit.failures = 0;
    // An answer that was under way when the circuit opened proves nothing about the next request.
    if (pass === 'normal') {
      if (circuit.ramp !== 0 && circuit.openUntilMs === 0) climb(circuit);
      return;
    }
    circuit.openUntilMs = 0;
    circuit.isLimited = false;
    circuit.ramp = this.#options.config().rampFrom ?? 0;
    if (circuit.ramp === 0) circuit.openedForMs = 0;
    this.#options.onEvent({ kind: 'circuit-closed', instance });
  }

  #fail(instance: InstanceId, circuit: Circuit, pass: CircuitPass): void {
    const { failures, openMs, openMsMax } = this.#options.config();
    circuit.failures++;
    if (pass === 'normal') {
      // Requests that were under way when the circuit opened do not lengthen it.
      if (circuit.openUntilMs !== 0) return;
      if (circuit.ramp === 0 && circuit.failures < failures) return;
    }
    circuit.ramp = 0;
    circuit.isLimited = false;
    circuit.openedForMs = Math.min(openMsMax, Math.max(openMs, circuit.openedForMs * 2));
    const stretch = 1 + JITTER_RATIO * this.#options.rng.next();
    this.#open(instance, circuit, circuit.openedForMs * stretch);
  }
}

/** A success while an instance comes back: twice as many may be in flight. */
function climb(circuit: Circuit): void {
  circuit.ramp *= 2;
  if (circuit.ramp < RAMP_MAX) return;
  circuit.ramp = 0;
  circuit.openedForMs = 0;
}
