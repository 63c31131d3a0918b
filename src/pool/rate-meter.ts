import type { InstanceRates } from '../contract/index.ts';

const MINUTE_MS = 60_000;

/**
 * What one worker may still ask of an instance: a bucket of requests and one of tokens, each of which
 * fills in a minute. Tokens are taken as a bid expects them, so that the bucket may go below empty; it
 * has room again when it is above.
 */
export interface RateMeter {
  readonly rates: InstanceRates;
  /** Per minute, of this worker; Infinity where there is no limit. */
  readonly requestsMax: number;
  readonly tokensMax: number;
  requests: number;
  tokens: number;
  filledMs: number;
}

/** `share` of the rates, 0–1. A worker may always ask once in a minute. */
export function openMeter(rates: InstanceRates, share: number, nowMs: number): RateMeter {
  const requestsMax = Math.max(1, (rates.requestsPerMinute ?? Infinity) * share);
  const tokensMax = Math.max(1, (rates.tokensPerMinute ?? Infinity) * share);
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
