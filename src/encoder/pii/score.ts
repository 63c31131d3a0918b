import type { TextSpan } from '../../contract/index.ts';
import { canonicalPiiType } from './types.ts';

export type ScoredSpan = Pick<TextSpan, 'start' | 'end' | 'type'>;

/** One text with what is in it and what was found; with `text`, spans that only white space parts are one. */
export interface ScoredText {
  readonly text?: string;
  readonly expected: readonly ScoredSpan[];
  readonly found: readonly ScoredSpan[];
}

export interface SpanScores {
  readonly precision: number;
  readonly recall: number;
  /** Recall counts twice as much as precision: 5·P·R / (4·P + R). */
  readonly f2: number;
}

export interface SpanCounts {
  readonly expected: number;
  readonly found: number;
  readonly matched: number;
}

/** `overlap`: same type, and the spans share more than half of what they cover together. `exact`: same offsets. */
export type SpanMatch = 'overlap' | 'exact';

const SHARE_MIN = 0.5;

/** Micro-averaged over all types. Every span is matched once at most. Nothing expected, nothing found: 1. */
export function scoreSpans(texts: readonly ScoredText[], match: SpanMatch = 'overlap'): SpanScores {
  const sum = { expected: 0, found: 0, matched: 0 };
  for (const counts of countSpans(texts, match).values()) {
    sum.expected += counts.expected;
    sum.found += counts.found;
    sum.matched += counts.matched;
  }
  return scoresOf(sum);
}

export function scoresOf({ expected, found, matched }: SpanCounts): SpanScores {
  const precision = found === 0 ? (expected === 0 ? 1 : 0) : matched / found;
  const recall = expected === 0 ? 1 : matched / expected;
  const divisor = 4 * precision + recall;
  return { precision, recall, f2: divisor === 0 ? 0 : (5 * precision * recall) / divisor };
}

/** Per type; a match counts for the type that was expected. */
export function countSpans(
  texts: readonly ScoredText[],
  match: SpanMatch,
): ReadonlyMap<string, SpanCounts> {
  const counts = new Map<string, { expected: number; found: number; matched: number }>();
  const of = (type: string): { expected: number; found: number; matched: number } => {
    let entry = counts.get(type);
    if (entry === undefined) counts.set(type, (entry = { expected: 0, found: 0, matched: 0 }));
    return entry;
  };
  for (const { text, expected, found } of texts) {
    const wanted = inOrder(expected, match === 'overlap' ? text : undefined);
    const given = inOrder(found, match === 'overlap' ? text : undefined);
    for (const span of wanted) of(span.type).expected++;
    for (const span of given) of(span.type).found++;
    for (const span of matches(wanted, given, match)) of(span.type).matched++;
  }
  return counts;
}

/** The wanted spans that a given one matches. Both are sorted: overlaps lie in a moving window. */
function matches(
  wanted: readonly ScoredSpan[],
  given: readonly ScoredSpan[],
  match: SpanMatch,
): ScoredSpan[] {
  const hits: ScoredSpan[] = [];
  const isTaken = new Uint8Array(given.length);
  let from = 0;
  for (const span of wanted) {
    while (from < given.length && given[from]!.end <= span.start) from++;
    for (let i = from; i < given.length && given[i]!.start < span.end; i++) {
      if (isTaken[i] === 1 || !isMatch(span, given[i]!, match)) continue;
      isTaken[i] = 1;
      hits.push(span);
      break;
    }
  }
  return hits;
}

function isMatch(a: ScoredSpan, b: ScoredSpan, match: SpanMatch): boolean {
  if (a.type !== b.type) return false;
  if (match === 'exact') return a.start === b.start && a.end === b.end;
  const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return shared / (Math.max(a.end, b.end) - Math.min(a.start, b.start)) > SHARE_MIN;
}

/** Sorted, in our own type names; with `text`, neighbours of one type that only white space parts are joined. */
function inOrder(spans: readonly ScoredSpan[], text: string | undefined): readonly ScoredSpan[] {
  const sorted = spans
    .map(({ start, end, type }) => ({ start, end, type: canonicalPiiType(type) }))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  if (text === undefined) return sorted;
  const joined: { start: number; end: number; type: string }[] = [];
  for (const span of sorted) {
    const last = joined.at(-1);
    const isNeighbour =
      last?.type === span.type &&
      last.end <= span.start &&
      text.slice(last.end, span.start).trim() === '';
    if (isNeighbour) last.end = span.end;
    else joined.push(span);
  }
  return joined;
}
