import type { SpanTagger } from '../../contract/index.ts';
import { canonicalPiiType, scoreSpans } from '../../encoder/index.ts';
import type { ScoredSpan } from '../../encoder/index.ts';
import type { EvaluationInput, Measured, Speed } from '../evaluation.ts';
import { problemAt, textOf } from '../records.ts';
import type { DataRecord } from '../records.ts';
import { noDeep } from '../two-speeds.ts';

/** What a first attempt finds: e-mail addresses, long numbers, links. */
const NAIVE: readonly (readonly [string, RegExp])[] = [
  ['EMAIL_ADDRESS', /[\w.+-]+@[\w-]+\.[\w.]+/g],
  ['CREDIT_CARD', /\b(?:\d[ -]?){13,16}\b/g],
  ['IBAN_CODE', /\b[A-Z]{2}\d{2}[A-Z0-9]{10,30}\b/g],
  ['IP_ADDRESS', /\b\d{1,3}(?:\.\d{1,3}){3}\b/g],
  ['DOMAIN_NAME', /\bhttps?:\/\/\S+/g],
  ['PHONE_NUMBER', /\+?\d[\d ().-]{7,}\d/g],
];

/**
 * `{full_text, spans}`: types must agree, and the spans share more than half of what they cover together.
 * Offsets of the data count code points. Types that nobody looks for are left out.
 */
export async function evaluatePii(input: EvaluationInput): Promise<Measured> {
  const { records, stopwatch } = input;
  const { tagger, speed } = taggerOf(input);
  const texts = records.map((record) => textOf(record, 'full_text', 'text'));
  const truth = records.map((record, i) =>
    truthOf(record, texts[i]!).filter(({ type }) => tagger.types.includes(type)),
  );
  const found = await stopwatch.each(texts, (text) => tagger.tag(text));
  const score = (
    spans: readonly (readonly ScoredSpan[])[],
    match: 'overlap' | 'exact' = 'overlap',
  ): ReturnType<typeof scoreSpans> =>
    scoreSpans(
      texts.map((text, i) => ({ text, expected: truth[i]!, found: spans[i]! })),
      match,
    );
  return {
    n: texts.length,
    encoder: speed,
    metrics: { ...score(found), exactF2: score(found, 'exact').f2 },
    baselines: { naivePatterns: { ...score(texts.map(naive)) } },
  };
}

function taggerOf({ understanding, speed }: EvaluationInput): { tagger: SpanTagger; speed: Speed } {
  const deep = speed === 'deep' ? (understanding.deep()?.pii ?? null) : null;
  if (speed === 'deep' && deep === null) throw noDeep('personal data', understanding);
  return { tagger: deep ?? understanding.fast().pii, speed: deep === null ? 'static' : 'deep' };
}

function truthOf(record: DataRecord, text: string): readonly ScoredSpan[] {
  const spans = record.fields['spans'];
  if (!Array.isArray(spans)) throw problemAt(record, 'spans', '"spans" must be a list');
  const unitAt = unitsOfPoints(text);
  return spans.map((span: Readonly<Record<string, unknown>>) => {
    const { entity_type: type, start_position: start, end_position: end } = span;
    if (typeof type === 'string' && typeof start === 'number' && typeof end === 'number') {
      return { type: canonicalPiiType(type), start: unitAt(start), end: unitAt(end) };
    }
    const reason = 'a span needs "entity_type", "start_position" and "end_position"';
    throw problemAt(record, 'spans', reason);
  });
}

function naive(text: string): readonly ScoredSpan[] {
  return NAIVE.flatMap(([type, pattern]) =>
    [...text.matchAll(pattern)].map(({ index, 0: match }) => ({
      type,
      start: index,
      end: index + match.length,
    })),
  );
}

/** From an offset in code points to one in UTF-16 code units. */
function unitsOfPoints(text: string): (point: number) => number {
  if (!/[\ud800-\udbff]/.test(text)) return (point) => point;
  const units = [0];
  for (const character of text) units.push(units.at(-1)! + character.length);
  return (point) => units[point] ?? text.length;
}
