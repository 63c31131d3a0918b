import type { AccuracyRecord, DriftAlarm, DriftRecord, TopicTally } from '../contract/index.ts';
import { isAccuracyRecord } from '../estimate/index.ts';

type Members = Readonly<Record<string, unknown>>;

/** Null where it is unsound. */
export function readAccuracy(value: unknown): AccuracyRecord | null {
  const { right, wrong, atMs } = membersOf(value) as Partial<AccuracyRecord>;
  const record = { right, wrong, atMs } as AccuracyRecord;
  return isAccuracyRecord(record) ? record : null;
}

/** Null where it is unsound. */
export function readDrift(value: unknown): DriftRecord | null {
  const { reference, evidence, suspected, alarm } = membersOf(value);
  const known = readTally(reference);
  const doubted = readTally(suspected);
  const { atMs } = membersOf(reference);
  const { count } = membersOf(suspected);
  const found = alarm === null ? null : readAlarm(alarm);
  if (known === null || doubted === null || found === undefined) return null;
  if (!isAmount(evidence) || !isAmount(atMs) || !isAmount(count)) return null;
  return {
    reference: { ...known, atMs },
    evidence,
    suspected: { ...doubted, count },
    alarm: found,
  };
}

function readTally(value: unknown): TopicTally | null {
  const { right, wrong, topics } = membersOf(value);
  if (!isAmount(right) || !isAmount(wrong)) return null;
  const entries = Object.entries(membersOf(topics));
  const isSound = entries.every(
    ([, pair]) => Array.isArray(pair) && pair.length === 2 && pair.every(isAmount),
  );
  return isSound ? { right, wrong, topics: membersOf(topics) as TopicTally['topics'] } : null;
}

/** Undefined where it is unsound. */
function readAlarm(value: unknown): DriftAlarm | undefined {
  const { atMs, before, after, verdicts } = membersOf(value);
  const isSound =
    Number.isFinite(atMs) && isAmount(before) && isAmount(after) && isAmount(verdicts);
  return isSound ? ({ atMs, before, after, verdicts } as DriftAlarm) : undefined;
}

const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null ? (value as Members) : {};

const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Infinity;
