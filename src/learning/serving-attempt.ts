import type { AttemptRecord, Outcome } from '../contract/index.ts';

/** The attempt that served the client to its end; null where none did. */
export function servingAttempt({
  status,
  httpStatus,
  instance,
  attempts,
}: Outcome): AttemptRecord | null {
  if (status !== 'ok' || httpStatus < 200 || httpStatus >= 300) return null;
  const last = attempts.at(-1);
  return last !== undefined && last.result === 'ok' && last.instance === instance ? last : null;
}
