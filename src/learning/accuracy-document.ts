import type { AccuracyRecord, DriftAlarm, DriftRecord } from '../contract/index.ts';
import { isAccuracyRecord } from '../estimate/index.ts';
import { LEVELS_WATCHED, UNWATCHED } from './drift.ts';

type Members = Readonly<Record<string, unknown>>;

/** Null where it is unsound. */
export function readAccuracy(value: unknown): AccuracyRecord | null {
  const { right, wrong, atMs } = membersOf(value) as Partial<AccuracyRecord>;
  const record = { right, wrong, atMs } as AccuracyRecord;
  return isAccuracyRecord(record) ? record : null;
}

/** Null where it is unsound. One of an earlier shape has its watch begin anew, and knows of the last alarm. */
export function readDrift(value: unknown): DriftRecord | null {
  const { reference, likelihoods, ratios, evidence, suspected, alarm } = membersOf(value);
  const found = alarm === null ? null : readAlarm(alarm);
  if (found === undefined || !isAmount(evidence)) return null;
  if (likelihoods === undefined) return { ...UNWATCHED, alarm: found };
  const known = readReference(reference);
  const doubted = readSuspected(suspected);
  if (known === null || doubted === null || !isLevels(likelihoods) || !isLevels(ratios))
    return null;
  return { reference: known, likelihoods, ratios, evidence, suspected: doubted, alarm: found };
}

const isLevels = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length === LEVELS_WATCHED && value.every(Number.isFinite);

function readSuspected(value: unknown): DriftRecord['suspected'] | null {
  const { right, wrong, count, scored, evidence } = membersOf(value);
  const isSound = [right, wrong, count, scored, evidence].every(isAmount);
  return isSound ? ({ right, wrong, count, scored, evidence } as DriftRecord['suspected']) : null;
}

function readReference(value: unknown): DriftRecord['reference'] | null {
  const { right, wrong, atMs, offsets } = membersOf(value);
  if (!isAmount(right) || !isAmount(wrong) || !isAmount(atMs)) return null;
  const isSound = Object.values(membersOf(offsets)).every(
    (pair) => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite),
  );
  if (!isSound) return null;
  return { right, wrong, atMs, offsets: membersOf(offsets) as DriftRecord['reference']['offsets'] };
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
