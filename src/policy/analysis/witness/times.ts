import type { Assignment } from '../../../contract/index.ts';

const MINUTE_MS = 60_000;
const WEEK_MINUTES = 7 * 24 * 60;
const STEP_MINUTES = 15;
/** Mondays, 00:00 UTC, of a winter and of a summer. */
const MONDAYS_MS = [Date.UTC(2026, 0, 5), Date.UTC(2026, 6, 6)];

/** Times to try, the likeliest first: as if a zone were UTC, or off by whole quarters of an hour. */
export function* timesFor(example: Assignment): Iterable<string> {
  const minutes = [...example].flatMap(([name, value]) =>
    name.startsWith('time ') && typeof value === 'number' ? [value] : [],
  );
  const tried = new Set<number>();
  for (const mondayMs of MONDAYS_MS) {
    for (const minute of minutes) {
      for (let shift = 0; shift <= 14 * 60; shift += STEP_MINUTES) {
        for (const offset of [shift, -shift]) {
          const whole = (((minute - offset) % WEEK_MINUTES) + WEEK_MINUTES) % WEEK_MINUTES;
          const atMs = mondayMs + whole * MINUTE_MS;
          if (tried.has(atMs)) continue;
          tried.add(atMs);
          yield new Date(atMs).toISOString().replace('.000Z', 'Z');
        }
      }
    }
  }
}
