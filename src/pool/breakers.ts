import type { Clock, InstanceId, Rng } from '../kernel/index.ts';
import type { BourseEvent, Breakers, CircuitPass, HealthConfig } from '../contract/index.ts';

export interface BreakerOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Read whenever a circuit changes, so that a reloaded policy applies. */
  readonly config: () => HealthConfig['breaker'];
  readonly onEvent: (event: BourseEvent) => void;
}

interface Circuit {
  inFlight: number;
  pendingTokens: number;
  failures: number;
  /** When the circuit may be tried again; 0 while it is closed. Half-open is: open, and that time has come. */
  openUntilMs: number;
  /** How long it was opened for last: the next time doubles it. */
  openedForMs: number;
  hasTrial: boolean;
}

const AT_REST: Readonly<Circuit> = {
  inFlight: 0,
  pendingTokens: 0,
  failures: 0,
  openUntilMs: 0,
  openedForMs: 0,
  hasTrial: false,
};

/** Above this many known instances, those at rest are forgotten: they come and go by the admin API. */
const CIRCUITS_MAX = 4_096;
/** Openings are stretched by up to this share, so that workers do not try again all at once. */
const JITTER_RATIO = 0.2;

/**
 * A worker's circuit breakers. A circuit opens after so many failures in a row, or at once for as
 * long as a rate-limited instance asks; when its time is over one request is let through (half-open),
 * whose end closes it or opens it for twice as long. An aborted request says nothing of the instance.
 */
export function createBreakers(options: BreakerOptions): Breakers {
  const { clock, rng, config, onEvent } = options;
  const circuits = new Map<InstanceId, Circuit>();

  function create(instance: InstanceId): Circuit {
    if (circuits.size >= CIRCUITS_MAX) {
      for (const [id, { inFlight, openUntilMs }] of circuits) {
        if (inFlight === 0 && openUntilMs === 0) circuits.delete(id);
      }
    }
    const circuit = { ...AT_REST };
    circuits.set(instance, circuit);
    return circuit;
  }

  const mayPass = (circuit: Circuit): boolean =>
    circuit.openUntilMs === 0 || (!circuit.hasTrial && clock.monotonicMs() >= circuit.openUntilMs);

  function open(instance: InstanceId, circuit: Circuit, wantedMs: number): void {
    const forMs = wantedMs * (1 + JITTER_RATIO * rng.next());
    circuit.openUntilMs = Math.max(circuit.openUntilMs, clock.monotonicMs() + forMs);
    onEvent({ kind: 'circuit-opened', instance, forMs: Math.round(forMs) });
  }

  function succeed(instance: InstanceId, circuit: Circuit, pass: CircuitPass): void {
    circuit.failures = 0;
    // An answer that was under way when the circuit opened proves nothing about the next request.
    if (pass === 'normal') return;
    circuit.openUntilMs = 0;
    circuit.openedForMs = 0;
    onEvent({ kind: 'circuit-closed', instance });
  }

  function fail(instance: InstanceId, circuit: Circuit, pass: CircuitPass): void {
    const { failures, openMs, openMsMax } = config();
    circuit.failures++;
    if (pass === 'normal') {
      // Requests that were under way when the circuit opened do not lengthen it.
      if (circuit.openUntilMs !== 0 || circuit.failures < failures) return;
    }
    circuit.openedForMs = Math.min(openMsMax, Math.max(openMs, circuit.openedForMs * 2));
    open(instance, circuit, circuit.openedForMs);
  }

  return {
    inFlight: (instance) => circuits.get(instance)?.inFlight ?? 0,
    pendingTokens: (instance) => circuits.get(instance)?.pendingTokens ?? 0,
    isAvailable(instance) {
      const circuit = circuits.get(instance);
      return circuit === undefined || mayPass(circuit);
    },
    begin(instance) {
      const circuit = circuits.get(instance) ?? create(instance);
      if (!mayPass(circuit)) return null;
      circuit.inFlight++;
      if (circuit.openUntilMs === 0) return 'normal';
      circuit.hasTrial = true;
      return 'trial';
    },
    prefill(instance, tokens) {
      const circuit = circuits.get(instance) ?? create(instance);
      circuit.pendingTokens = Math.max(0, circuit.pendingTokens + tokens);
    },
    end(instance, pass, result, retryAfterMs) {
      const circuit = circuits.get(instance) ?? create(instance);
      circuit.inFlight = Math.max(0, circuit.inFlight - 1);
      if (pass === 'trial') circuit.hasTrial = false;
      if (result === 'aborted') return;
      if (result === 'ok') succeed(instance, circuit, pass);
      else if (result === 'rate-limited' && retryAfterMs !== null) {
        open(instance, circuit, Math.min(retryAfterMs, config().openMsMax));
      } else fail(instance, circuit, pass);
    },
  };
}
