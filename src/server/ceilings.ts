import { fault, isPromise } from '../kernel/index.ts';
import type { Clock, Fault, MaybeAsync, TenantId } from '../kernel/index.ts';
import type { Config, SharedRate, SharedRates, TenantConfig } from '../contract/index.ts';

/** What one tenant has in flight, and the tokens left in its rate bucket. */
export interface TenantGate {
  readonly tenant: TenantId;
  inFlight: number;
  concurrencyLimit: number | null;
  ratePerMinute: number | null;
  /** In place of the bucket below, where workers share the rate. */
  shared: SharedRate | null;
  tokens: number;
  refilledMs: number;
}

/**
 * Sheds load before any work is done: requests in flight over all tenants and per tenant, of this
 * worker, and a token bucket of requests per minute, of all workers together.
 */
export class Ceilings {
  readonly #clock: Clock;
  readonly #rates: SharedRates | null;
  readonly #gates = new Map<TenantId, TenantGate>();
  #limit = 0;
  #inFlight = 0;
  #tenants: readonly TenantConfig[] = [];

  /** Without `rates` this worker is the only one. */
  constructor(clock: Clock, rates?: SharedRates) {
    this.#clock = clock;
    this.#rates = rates ?? null;
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

  /** Counts a request in, or says why it has to wait. Rejects with `BRS_KEEPER_LOST`. */
  enter(tenant: TenantId): MaybeAsync<TenantGate | Fault> {
    if (this.#inFlight >= this.#limit) return overloaded();
    const gate = this.#gates.get(tenant) ?? this.#openGate(tenant);
    if (gate.concurrencyLimit !== null && gate.inFlight >= gate.concurrencyLimit) {
      return fault('BRS_CONCURRENCY', { limit: gate.concurrencyLimit }, { retryAfterSeconds: 1 });
    }
    if (gate.shared !== null) return this.#enterShared(gate, gate.shared);
    if (gate.ratePerMinute !== null) {
      const waitMs = this.#takeToken(gate, gate.ratePerMinute);
      if (waitMs > 0) return rateFault(gate, waitMs);
    }
    gate.inFlight++;
    this.#inFlight++;
    return gate;
  }

  leave(gate: TenantGate): void {
    gate.inFlight--;
    this.#inFlight--;
  }

  /** It counts as in flight while the keeper is asked. */
  #enterShared(gate: TenantGate, shared: SharedRate): MaybeAsync<TenantGate | Fault> {
    gate.inFlight++;
    this.#inFlight++;
    const waitMs = shared.admit();
    if (!isPromise(waitMs)) return this.#entered(gate, waitMs);
    return waitMs.then(
      (ms) => this.#entered(gate, ms),
      (error) => {
        this.leave(gate);
        throw error;
      },
    );
  }

  #entered(gate: TenantGate, waitMs: number): TenantGate | Fault {
    if (waitMs === 0) return gate;
    this.leave(gate);
    return rateFault(gate, waitMs);
  }

  #openGate(tenant: TenantId): TenantGate {
    const gate: TenantGate = {
      tenant,
      inFlight: 0,
      concurrencyLimit: null,
      ratePerMinute: null,
      shared: null,
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
    const ceilings = own ?? this.#tenants.find((entry) => entry.id === '*');
    const rate = ceilings?.requestsPerMinute ?? null;
    if (rate !== null && gate.ratePerMinute === null) gate.tokens = rate;
    gate.concurrencyLimit = ceilings?.concurrency ?? null;
    gate.ratePerMinute = rate;
    gate.tokens = Math.min(gate.tokens, rate ?? 0);
    const limits = { requests: rate ?? Infinity, tokens: Infinity };
    gate.shared = rate === null ? null : (this.#rates?.of(`tenant/${gate.tenant}`, limits) ?? null);
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

function rateFault({ ratePerMinute }: TenantGate, waitMs: number): Fault {
  const seconds = Math.ceil(waitMs / 1000);
  return fault('BRS_RATE', { limit: ratePerMinute ?? 0, seconds }, { retryAfterSeconds: seconds });
}

function overloaded(): Fault {
  return fault('BRS_OVERLOADED', { seconds: 1 }, { retryAfterSeconds: 1 });
}
