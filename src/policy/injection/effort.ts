import type { Effort, SpentReading } from '../../contract/index.ts';

/** From which difficulty on an effort is worth it; below `low`, none is. */
export interface EffortScale {
  readonly low: number;
  readonly medium: number;
  readonly high: number;
}

export const DEFAULT_SCALE: EffortScale = { low: 0.25, medium: 0.5, high: 0.75 };

/** The effort for a difficulty: the chance that a small model fails. Null where it is unknown: the client's request stands. */
export function effortFor(scale: EffortScale, reading: SpentReading | undefined): Effort | null {
  const difficulty = reading?.value ?? null;
  if (typeof difficulty !== 'number') return null;
  if (difficulty >= scale.high) return 'high';
  if (difficulty >= scale.medium) return 'medium';
  return difficulty >= scale.low ? 'low' : 'off';
}
