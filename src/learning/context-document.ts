import type { ContextRecord } from '../contract/index.ts';
import { isContextRecord } from '../estimate/index.ts';

/** Null where it is unsound. */
export function readContext(value: unknown): ContextRecord | null {
  if (typeof value !== 'object' || value === null) return null;
  const { space, mean, covariance, levelVariance, spread, weight, atMs } =
    value as Partial<ContextRecord>;
  const record = { space, mean, covariance, levelVariance, spread, weight, atMs } as ContextRecord;
  return isContextRecord(record) ? record : null;
}
