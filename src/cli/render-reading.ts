import type { DecisionView } from '../contract/index.ts';
import { safeText } from './table.ts';

type Signal = DecisionView['signals'][number];

export interface ReadingStyle {
  /** How many members of a record are shown. */
  readonly members: number;
  /** Of a record only this one. */
  readonly only?: string | undefined;
}

/** A reading in few words: `math 0.93, physics 0.04`, `false`, `en (0.83)`. */
export function readingText(signal: Signal, style: ReadingStyle = { members: 3 }): string {
  const { value, confidence, reason, state } = signal;
  const assumed = signal.isAssumed === true ? ', assumed' : '';
  if (state === 'not-needed') return '';
  if (state === 'unknown')
    return assumed !== '' || reason === null ? `unknown${assumed}` : `unknown: ${safeText(reason)}`;
  const isUnsure = confidence !== null && confidence < 1 && typeof value !== 'object';
  const isChance = typeof value === 'number';
  const sureness = isUnsure && !isChance ? ` (${confidence.toFixed(2)})` : '';
  return `${valueText(value, style)}${sureness}${assumed}`;
}

function valueText(value: unknown, style: ReadingStyle): string {
  if (typeof value === 'number') return numberText(value);
  if (typeof value !== 'object' || value === null) return safeText(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : safeText(value.join(', '));
  const { only } = style;
  const own = only === undefined ? undefined : (value as Record<string, unknown>)[only];
  return own === undefined ? membersText(value, style) : valueText(own, style);
}

/** Of probabilities the largest; of other facts the first. */
function membersText(value: object, style: ReadingStyle): string {
  const members = Object.entries(value) as [string, unknown][];
  if (members.length === 0) return 'none';
  const areChances = members.every(([, each]) => typeof each === 'number' && each <= 1);
  const sorted = areChances ? members.toSorted(([, a], [, b]) => Number(b) - Number(a)) : members;
  const shown = sorted.slice(0, style.members).map(([name, each]) => {
    const text = areChances ? Number(each).toFixed(2) : valueText(each, style);
    return `${safeText(name)} ${text}`;
  });
  return `${shown.join(', ')}${members.length > style.members && !areChances ? ', …' : ''}`;
}

const numberText = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toFixed(3)));

/** `0.4 µs`, `387 µs`, `2.4 ms`, `1.20 s`. */
export function timeText(microseconds: number): string {
  if (microseconds < 10) return `${microseconds.toFixed(1)} µs`;
  if (microseconds < 1000) return `${microseconds.toFixed(0)} µs`;
  if (microseconds < 1e6) return `${(microseconds / 1000).toFixed(1)} ms`;
  return `${(microseconds / 1e6).toFixed(2)} s`;
}
