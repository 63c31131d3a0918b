import type { Effort, SpentReading } from '../../contract/index.ts';

/** From which difficulty on an effort is worth it; below `low`, none is. */
export interface EffortScale {
  readonly low: number;
  readonly medium: number;
  readonly high: number;
}

/**
 * Measured by `bench/reasoning`: fewer tokens for as many right answers as evenly spaced bounds. Little
 * thinking is cheap for what it brings, so it starts early; most of the tokens go with `high`.
 */
export const DEFAULT_SCALE: EffortScale = { low: 0.15, medium: 0.3, high: 0.8 };

/** The effort for a difficulty: the chance that a small model fails. Null where it is unknown: the client's request stands. */
export function effortFor(scale: EffortScale, reading: SpentReading | undefined): Effort | null {
  const difficulty = reading?.value ?? null;
  if (typeof difficulty !== 'number') return null;
  if (difficulty >= scale.high) return 'high';
  if (difficulty >= scale.medium) return 'medium';
  return difficulty >= scale.low ? 'low' : 'off';
}
