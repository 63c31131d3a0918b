/** A date of the calendar; months and days count from 1. */
export interface LocalDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const HOUR_MS = 3_600_000;
/** No zone is further from UTC. */
const OFFSET_MS_MAX = 15 * HOUR_MS;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
    });
    formats.set(timeZone, format);
  }
  return format;
}

/** The date in a zone. Throws `RangeError` for a zone that there is not. */
export function localDate(timeZone: string, atMs: number): LocalDate {
  const found = { year: 0, month: 0, day: 0 };
  for (const { type, value } of formatOf(timeZone).formatToParts(atMs)) {
    if (type === 'year' || type === 'month' || type === 'day') found[type] = Number(value);
  }
  return found;
}

export function dayAfter({ year, month, day }: LocalDate): LocalDate {
  const next = new Date(Date.UTC(year, month - 1, day + 1));
  return { year: next.getUTCFullYear(), month: next.getUTCMonth() + 1, day: next.getUTCDate() };
}

/**
 * The first moment at which a zone's date is this one or a later one: midnight, or where the clock is
 * put forward over midnight, what follows it. It depends on the date alone, so that days neither
 * overlap nor leave a gap, whatever the zone's clock does.
 */
export function startOfDate(timeZone: string, date: LocalDate): number {
  const wanted = numberOf(date);
  const utcMidnightMs = Date.UTC(date.year, date.month - 1, date.day);
  let beforeMs = utcMidnightMs - OFFSET_MS_MAX;
  let fromMs = utcMidnightMs + OFFSET_MS_MAX;
  while (fromMs - beforeMs > 1) {
    const middleMs = Math.floor((beforeMs + fromMs) / 2);
    if (numberOf(localDate(timeZone, middleMs)) >= wanted) fromMs = middleMs;
    else beforeMs = middleMs;
  }
  return fromMs;
}

const numberOf = ({ year, month, day }: LocalDate): number => (year * 100 + month) * 100 + day;
