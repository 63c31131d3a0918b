import { ConfigIssue } from '../../contract/index.ts';
import type { Interval, Signal, SignalSlot } from '../../contract/index.ts';
import { choicesOf, membersOf, oneOrMany, textOf } from '../shape.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAY = DAYS.join('|');
const DAY_RANGE = new RegExp(`^(${DAY})-(${DAY})$`);
const MINUTE_MS = 60_000;

/**
 * `time: { from: "08:00", to: "18:00", zone: Europe/Berlin, days: [mon, tue] }`: whether the request
 * arrived inside the window, `from` included and `to` not. A window that ends before it begins runs
 * past midnight and belongs to the day on which it begins. One slot per zone: its value is the
 * local day and time, `mon 14:05`.
 */
export const timeSignal: Signal = {
  apiVersion: 1,
  kind: 'time',
  definitionSchema: null,
  conditionSchema: {
    description: 'When the request arrived, on the clock of a time zone.',
    type: 'object',
    properties: {
      from: {
        description: 'Beginning, such as "08:30"; midnight if unset.',
        type: 'string',
        pattern: '^([01]\\d|2[0-3]):[0-5]\\d$',
      },
      to: {
        description: 'End, exclusive; "24:00" if unset. Before `from`: past midnight.',
        type: 'string',
        pattern: '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$',
      },
      zone: { type: 'string', default: 'UTC', description: 'A name of the IANA time zones.' },
      days: {
        description: 'Days on which it begins, such as mon, or mon-fri; every day if unset.',
        ...oneOrMany({ type: 'string', pattern: `^(${DAY})(-(${DAY}))?$` }),
        examples: ['mon-fri', ['sat', 'sun']],
      },
    },
    additionalProperties: false,
    minProperties: 1,
  },
  compile(condition) {
    const members = membersOf(condition, ['from', 'to', 'zone', 'days']);
    const zone = members['zone'] === undefined ? 'UTC' : textOf(members['zone'], ['zone']);
    if (members['from'] === undefined && members['to'] === undefined && !members['days']) {
      throw new ConfigIssue('must have from, to or days');
    }
    const from = timeOf(members['from'], 'from') ?? '00:00';
    const to = timeOf(members['to'], 'to') ?? '24:00';
    if (from === to) throw new ConfigIssue('is an empty window: from and to are the same', ['to']);
    const days = members['days'] === undefined ? DAYS : daysOf(members['days']);
    const isInside = compileWindow(from, to, new Set(days));
    const dayText = days.length === DAYS.length ? '' : ` on ${days.join(', ')}`;
    return {
      slot: slotOf(zone),
      test: (reading) => isInside(reading.value as string),
      text: `time: ${from}–${to} ${zone}${dayText}`,
      claim: {
        kind: 'within',
        of: { kind: 'number', name: `time ${zone}`, range: WEEK, isInteger: true },
        intervals: minutesOf(from, to, days),
      },
    };
  },
};

/** Each day once, in the order of the week; `fri-mon` runs over Sunday. */
function daysOf(value: unknown): readonly string[] {
  const firstOf = (day: unknown): unknown =>
    typeof day === 'string' ? day.replace(DAY_RANGE, '$1') : day;
  const firsts = Array.isArray(value) ? value.map(firstOf) : firstOf(value);
  const starts = choicesOf(firsts, DAYS, ['days']);
  const written: readonly unknown[] = Array.isArray(value) ? value : [value];
  const days = new Set<string>();
  for (const [i, start] of starts.entries()) {
    const [, , end = start] = DAY_RANGE.exec(String(written[i])) ?? [];
    const first = DAYS.indexOf(start);
    const count = (DAYS.indexOf(end) - first + DAYS.length) % DAYS.length;
    for (let j = 0; j <= count; j++) days.add(DAYS[(first + j) % DAYS.length]!);
  }
  return DAYS.filter((day) => days.has(day));
}

function timeOf(value: unknown, key: 'from' | 'to'): string | null {
  if (value === undefined) return null;
  const pattern = key === 'to' ? /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/ : /^([01]\d|2[0-3]):[0-5]\d$/;
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw new ConfigIssue('must be a quoted time such as "08:30"', [key]);
}

function compileWindow(from: string, to: string, days: ReadonlySet<string>) {
  const dayBefore = new Map(DAYS.map((day, i) => [day, DAYS[(i + 6) % 7]!]));
  return (local: string): boolean => {
    const day = local.slice(0, 3);
    const time = local.slice(4);
    if (from < to) return time >= from && time < to && days.has(day);
    return (time >= from && days.has(day)) || (time < to && days.has(dayBefore.get(day)!));
  };
}

const DAY_MINUTES = 24 * 60;
/** Minutes since Monday, 00:00. */
const WEEK: Interval = {
  low: 0,
  high: 7 * DAY_MINUTES,
  isLowOpen: false,
  isHighOpen: true,
};

/** The window as minutes of the week. */
function minutesOf(from: string, to: string, days: readonly string[]): readonly Interval[] {
  const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  return days.flatMap((day) => {
    const start = DAYS.indexOf(day) * DAY_MINUTES;
    const low = start + minuteOf(from);
    const high = start + minuteOf(to) + (from < to ? 0 : DAY_MINUTES);
    const window = { ...WEEK, low, high: Math.min(high, WEEK.high) };
    // Sunday night ends on Monday.
    return high <= WEEK.high ? [window] : [window, { ...WEEK, high: high - WEEK.high }];
  });
}

function slotOf(zone: string): SignalSlot {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  } catch {
    throw new ConfigIssue('must be an IANA time zone such as Europe/Berlin', ['zone']);
  }
  let minute = Number.NaN;
  let local = '';
  return {
    key: `time: ${zone}`,
    kind: 'time',
    cost: 'free',
    read(workload) {
      // Formatting costs microseconds and the answer changes once a minute.
      const now = Math.floor(workload.receivedAtMs / MINUTE_MS);
      if (now !== minute) {
        local = localTime(format, workload.receivedAtMs);
        minute = now;
      }
      return { value: local, confidence: 1 };
    },
  };
}

function localTime(format: Intl.DateTimeFormat, atMs: number): string {
  const parts = new Map(format.formatToParts(atMs).map((part) => [part.type, part.value]));
  return `${parts.get('weekday')!.toLowerCase()} ${parts.get('hour')!}:${parts.get('minute')!}`;
}
