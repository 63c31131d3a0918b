import type { PowerCurve } from '../contract/index.ts';

/**
 * Watts drawn by an instance that runs `batch` sequences:
 * `P(b) = P_idle + P_range / (1 + e^(−k(log2 b − x0)))`, times the GPUs (the logistic power curve of
 * DESIGN §5; k = steepness, x0 = midpoint). An empty batch draws idle power.
 */
export function powerWatts(curve: PowerCurve, batch: number): number {
  if (batch <= 0) return curve.idleWatts * curve.gpus;
  const rise = 1 + Math.exp(-curve.steepness * (Math.log2(batch) - curve.midpoint));
  return curve.gpus * (curve.idleWatts + (curve.peakWatts - curve.idleWatts) / rise);
}

/** Joules of a prefill, which runs at full power. */
export function prefillJoules(curve: PowerCurve, prefillMs: number): number {
  return (curve.peakWatts * curve.gpus * prefillMs) / 1000;
}

/** A sequence's share of what its batch draws while it decodes. */
export function decodeJoules(batchWatts: number, batch: number, decodeMs: number): number {
  return (batchWatts * decodeMs) / 1000 / batch;
}

/**
 * Joules that one request adds: prefill at full power for its own prefill time, and decode at the
 * power of the batch, shared among the sequences in it.
 */
export function requestEnergyJoules(
  curve: PowerCurve,
  run: { readonly batch: number; readonly prefillMs: number; readonly decodeMs: number },
): number {
  const batch = Math.max(1, run.batch);
  const decode = decodeJoules(powerWatts(curve, batch), batch, run.decodeMs);
  return prefillJoules(curve, run.prefillMs) + decode;
}
