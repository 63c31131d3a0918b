/** A server that asks for more than a day is asked again in a day. */
export const RETRY_AFTER_MS_MAX = 86_400_000;

const DECIMAL = /^\d{1,9}(\.\d{1,3})?$/;

/** What a header says of a wait in units of `unitMs`, in milliseconds; null where it is no such number. */
export function readWait(value: string | undefined, unitMs: number): number | null {
  if (value === undefined || !DECIMAL.test(value)) return null;
  return Math.min(Number(value) * unitMs, RETRY_AFTER_MS_MAX);
}
