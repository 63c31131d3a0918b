import type { Instance, Occupancy, Telemetry } from '../contract/index.ts';

/** With less of its KV memory in use, requests that wait are only on their way into the batch. */
const SCARCE_KV_RATIO = 0.8;

/** What a worker has dispatched itself and not seen the end of. */
export interface OwnLoad {
  readonly inFlight: number;
  /** Of the requests that the poll counted, those that were its own. */
  readonly polled: number;
  readonly pendingTokens: number;
}

/**
 * The poll knows of everybody's requests but is old; the worker's own count is fresh but knows only
 * its own. So the others are taken from the poll, and its own as they are. An engine that lets requests wait
 * beside free slots is out of KV memory: what it runs is then all that it can.
 */
export function occupancy(instance: Instance, telemetry: Telemetry, own: OwnLoad): Occupancy {
  const running = count(telemetry.runningRequests);
  const waiting = count(telemetry.waitingRequests);
  const present = Math.max(0, running + waiting - own.polled) + own.inFlight;
  const capacity = Math.max(1, instance.maxRunning);
  const isMemoryBound =
    waiting > 0 && running > 0 && (telemetry.kvUsageRatio ?? 1) >= SCARCE_KV_RATIO;
  const slots = isMemoryBound ? Math.min(capacity, running) : capacity;
  const ahead = Math.max(0, present - slots + 1);
  return {
    batch: Math.min(slots, present + 1),
    ahead,
    slots,
    turns: ahead / slots,
    kvUsageRatio: telemetry.kvUsageRatio ?? Math.min(1, present / capacity),
    pendingTokens: own.pendingTokens,
  };
}

/** Requests of its own that a poll has counted, if it saw as many. */
export function polledOf(telemetry: Telemetry, inFlight: number): number {
  return Math.min(inFlight, count(telemetry.runningRequests) + count(telemetry.waitingRequests));
}

/** What a server says is not believed blindly: no queue is longer than this. */
const REQUESTS_MAX = 1e6;

function count(value: number | null): number {
  return value !== null && value > 0 ? Math.min(value, REQUESTS_MAX) : 0;
}
