import type { InstanceRates, RateAmounts } from '../contract/index.ts';

const MINUTE_MS = 60_000;

/**
 * What may still be asked of an instance by the only worker: a bucket of requests and one of tokens, each of which
 * fills in a minute. Tokens are taken as a bid expects them, so that the bucket may go below empty; it
 * has room again when it is above.
 */
export interface RateMeter {
  readonly rates: InstanceRates;
  /** Per minute; Infinity where there is no limit. */
  readonly requestsMax: number;
  readonly tokensMax: number;
  requests: number;
  tokens: number;
  filledMs: number;
}

/** Once in a minute it may always be asked. */
export function limitsOf({ requestsPerMinute, tokensPerMinute }: InstanceRates): RateAmounts {
  return {
    requests: Math.max(1, requestsPerMinute ?? Infinity),
    tokens: Math.max(1, tokensPerMinute ?? Infinity),
  };
}

export function openMeter(rates: InstanceRates, nowMs: number): RateMeter {
  const { requests: requestsMax, tokens: tokensMax } = limitsOf(rates);
  return {
    rates,
    requestsMax,
    tokensMax,
    requests: requestsMax,
    tokens: tokensMax,
    filledMs: nowMs,
  };
}

export function hasRoom(meter: RateMeter, nowMs: number): boolean {
  fill(meter, nowMs);
  return meter.requests >= 1 && meter.tokens > 0;
}

/** Milliseconds until it has room. */
export function roomAfterMs(meter: RateMeter, nowMs: number): number {
  if (hasRoom(meter, nowMs)) return 0;
  const requests = Math.max(0, 1 - meter.requests) / meter.requestsMax;
  const tokens = Math.max(0, -meter.tokens) / meter.tokensMax;
  return Math.max(1, Math.max(requests, tokens) * MINUTE_MS);
}

export function take(meter: RateMeter, tokens: number, nowMs: number): void {
  fill(meter, nowMs);
  meter.requests -= 1;
  meter.tokens -= tokens;
}

function fill(meter: RateMeter, nowMs: number): void {
  const share = Math.max(0, nowMs - meter.filledMs) / MINUTE_MS;
  meter.filledMs = nowMs;
  meter.requests = filled(meter.requests, meter.requestsMax, share);
  meter.tokens = filled(meter.tokens, meter.tokensMax, share);
}

const filled = (left: number, max: number, share: number): number =>
  max === Infinity ? max : Math.min(max, left + max * share);
