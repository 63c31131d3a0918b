import { fault } from '../kernel/index.ts';
import type { Clock, Fault, TenantId } from '../kernel/index.ts';
import type { Config, TenantConfig } from '../contract/index.ts';

/** What one tenant has in flight, and the tokens left in its rate bucket. */
export interface TenantGate {
  readonly tenant: TenantId;
  inFlight: number;
  concurrencyLimit: number | null;
  ratePerMinute: number | null;
  tokens: number;
  refilledMs: number;
}

/**
 * Sheds load before any work is done: requests in flight over all tenants and per tenant, and a
 * token bucket of requests per minute. Every worker counts for itself.
 */
export class Ceilings {
  readonly #clock: Clock;
  readonly #gates = new Map<TenantId, TenantGate>();
  #limit = 0;
  #inFlight = 0;
  #tenants: readonly TenantConfig[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Takes new limits; what is in flight stays counted. Gates of tenants that are idle are forgotten. */
  configure(config: Config): void {
    this.#limit = config.server.limits.concurrency;
    this.#tenants = config.tenants;
    for (const [tenant, gate] of this.#gates) {
      if (gate.inFlight === 0 && gate.ratePerMinute === null) this.#gates.delete(tenant);
      else this.#setLimits(gate);
    }
  }

  /** Counts a request in, or says why it has to wait. */
  enter(tenant: TenantId): TenantGate | Fault {
    if (this.#inFlight >= this.#limit) return overloaded();
    const gate = this.#gates.get(tenant) ?? this.#openGate(tenant);
    if (gate.concurrencyLimit !== null && gate.inFlight >= gate.concurrencyLimit) {
      return fault('BRS_CONCURRENCY', { limit: gate.concurrencyLimit }, { retryAfterSeconds: 1 });
    }
    if (gate.ratePerMinute !== null) {
      const waitMs = this.#takeToken(gate, gate.ratePerMinute);
      if (waitMs > 0) {
        const seconds = Math.ceil(waitMs / 1000);
        const details = { limit: gate.ratePerMinute, seconds };
        return fault('BRS_RATE', details, { retryAfterSeconds: seconds });
      }
    }
    gate.inFlight++;
    this.#inFlight++;
    return gate;
  }

  leave(gate: TenantGate): void {
    gate.inFlight--;
    this.#inFlight--;
  }

  #openGate(tenant: TenantId): TenantGate {
    const gate: TenantGate = {
      tenant,
      inFlight: 0,
      concurrencyLimit: null,
      ratePerMinute: null,
      tokens: 0,
      refilledMs: this.#clock.monotonicMs(),
    };
    this.#setLimits(gate);
    gate.tokens = gate.ratePerMinute ?? 0;
    this.#gates.set(tenant, gate);
    return gate;
  }

  #setLimits(gate: TenantGate): void {
    const own = this.#tenants.find((entry) => entry.id === gate.tenant);
    const limits = own ?? this.#tenants.find((entry) => entry.id === '*');
    const rate = limits?.requestsPerMinute ?? null;
    if (rate !== null && gate.ratePerMinute === null) gate.tokens = rate;
    gate.concurrencyLimit = limits?.concurrency ?? null;
    gate.ratePerMinute = rate;
    gate.tokens = Math.min(gate.tokens, rate ?? 0);
  }

  /** Milliseconds until a token is there; 0 where one was taken. */
  #takeToken(gate: TenantGate, ratePerMinute: number): number {
    const nowMs = this.#clock.monotonicMs();
    const refill = ((nowMs - gate.refilledMs) * ratePerMinute) / 60_000;
    gate.tokens = Math.min(ratePerMinute, gate.tokens + refill);
    gate.refilledMs = nowMs;
    if (gate.tokens < 1) return ((1 - gate.tokens) * 60_000) / ratePerMinute;
    gate.tokens--;
    return 0;
  }
}

function overloaded(): Fault {
  return fault('BRS_OVERLOADED', { seconds: 1 }, { retryAfterSeconds: 1 });
}
