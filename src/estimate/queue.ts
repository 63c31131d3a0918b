import type { Instance, Telemetry } from '../contract/index.ts';

/** How busy an instance is, as far as one can tell. */
export interface Occupancy {
  /** Sequences in the batch that a new request would join, itself included. */
  readonly batch: number;
  /** Requests that have to leave before a new one starts. */
  readonly ahead: number;
  /** Sequences that run at once. */
  readonly slots: number;
  /** Share of KV memory in use, 0–1; of the slots where the engine does not tell. */
  readonly kvUsageRatio: number;
}

/** With less of its KV memory in use, requests that wait are only on their way into the batch. */
const SCARCE_KV_RATIO = 0.8;

/**
 * The poll knows of everybody's requests but is old; the worker's own count is fresh but knows only
 * its own. Requests in both are counted once: the larger of the two stands. An engine that lets
 * requests wait beside free slots is out of KV memory: what it runs is then all that it can.
 */
export function occupancy(
  instance: Instance,
  telemetry: Telemetry,
  ownInFlight: number,
): Occupancy {
  const running = count(telemetry.runningRequests);
  const waiting = count(telemetry.waitingRequests);
  const present = Math.max(running + waiting, ownInFlight);
  const capacity = Math.max(1, instance.maxRunning);
  const isMemoryBound =
    waiting > 0 && running > 0 && (telemetry.kvUsageRatio ?? 1) >= SCARCE_KV_RATIO;
  const slots = isMemoryBound ? Math.min(capacity, running) : capacity;
  return {
    batch: Math.min(slots, present + 1),
    ahead: Math.max(0, present - slots + 1),
    slots,
    kvUsageRatio: telemetry.kvUsageRatio ?? Math.min(1, present / capacity),
  };
}

/** What a server says is not believed blindly: no queue is longer than this. */
const REQUESTS_MAX = 1e6;

function count(value: number | null): number {
  return value !== null && value > 0 ? Math.min(value, REQUESTS_MAX) : 0;
}

/**
 * Milliseconds until a slot is free: `slots` sequences of `serviceMs` each end at a rate of
 * `slots / serviceMs`, and `ahead` of them have to.
 */
export function waitMs({ ahead, slots }: Occupancy, serviceMs: number): number {
  return (ahead * serviceMs) / slots;
}

/** Variance of that wait when service times are exponential. */
export function waitVariance({ ahead, slots }: Occupancy, serviceMs: number): number {
  const each = serviceMs / slots;
  return ahead * each * each;
}
