import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TextSpan } from '../contract/index.ts';
import { Placeholders, StreamRestorer, redact, redactAll, restore } from './redaction.ts';
import type { RedactionPolicy } from './redaction.ts';

const NAMED: RedactionPolicy = { actions: {}, otherwise: 'placeholder' };

function span(text: string, value: string, type: string, from = 0): TextSpan {
  const start = text.indexOf(value, from);
  return { start, end: start + value.length, type, confidence: 1 };
}

/** Texts in which placeholders of the client's own are frequent, and spans anywhere in them. */
const redactable = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        '<PERSON_1>',
        '<PERSON_2>',
        '<GPE_1>',
        '<PERSON_',
        '<',
        '>',
        '1>',
        '<<PERSON_1>>',
      ),
    ),
    { maxLength: 8 },
  )
  .chain((parts) => {
    const text = parts.join('');
    const cuts = fc.array(fc.nat({ max: text.length }), { maxLength: 8 });
    return fc.record({
      text: fc.constant(text),
      spans: fc.tuple(cuts, fc.constantFrom('PERSON', 'GPE')).map(([places, type]) => {
        const sorted = [...new Set(places)].sort((a, b) => a - b);
        const spans: TextSpan[] = [];
        for (let i = 0; i + 1 < sorted.length; i += 2) {
          spans.push({ start: sorted[i]!, end: sorted[i + 1]!, type, confidence: 1 });
        }
        return spans;
      }),
    });
  });

describe('redaction', () => {
  test('names values, the same value by the same name over several texts', () => {
    const first = 'Anna met Bob in Oslo.';
    const { text, placeholders } = redact(
      first,
      [span(first, 'Anna', 'PERSON'), span(first, 'Bob', 'PERSON'), span(first, 'Oslo', 'GPE')],
      NAMED,
    );
    expect(text).toBe('<PERSON_1> met <PERSON_2> in <GPE_1>.');
    const second = 'Where is Bob?';
    const again = redact(second, [span(second, 'Bob', 'PERSON')], NAMED, placeholders);
    expect(again.text).toBe('Where is <PERSON_2>?');
    expect(restore('<PERSON_2> is in <GPE_1>, <PERSON_9> is not.', placeholders)).toBe(
      'Bob is in Oslo, <PERSON_9> is not.',
    );
  });

  test('masks and keeps by type', () => {
    const text = 'Card 4111-1111 of Anna';
    const spans = [span(text, '4111-1111', 'CREDIT_CARD'), span(text, 'Anna', 'PERSON')];
    const policy: RedactionPolicy = { actions: { CREDIT_CARD: 'mask' }, otherwise: 'keep' };
    expect(redact(text, spans, policy).text).toBe('Card ****-**** of Anna');
  });

  test('gives no name that a text of the client has', () => {
    const texts = ['I am Anna', 'What does <PERSON_1> mean?'].map((text) => ({
      text,
      spans: text.includes('Anna') ? [span(text, 'Anna', 'PERSON')] : [],
    }));
    const placeholders = new Placeholders();
    const redacted = redactAll(texts, NAMED, placeholders);
    expect(redacted).toEqual(['I am <PERSON_2>', 'What does <PERSON_1> mean?']);
    expect(redacted.map((text) => restore(text, placeholders))).toEqual(
      texts.map(({ text }) => text),
    );
  });

  test('restores every text that it redacted, whatever the client wrote', () => {
    fc.assert(
      fc.property(fc.array(redactable, { maxLength: 3 }), (texts) => {
        const placeholders = new Placeholders();
        const redacted = redactAll(texts, NAMED, placeholders);
        expect(redacted.map((text) => restore(text, placeholders))).toEqual(
          texts.map(({ text }) => text),
        );
      }),
    );
  });

  test('restores a stream cut anywhere as it restores the whole', () => {
    const cuts = fc.array(fc.nat({ max: 60 }), { maxLength: 10 });
    fc.assert(
      fc.property(redactable, cuts, ({ text, spans }, places) => {
        const { text: redacted, placeholders } = redact(text, spans, NAMED);
        const restorer = new StreamRestorer(placeholders);
        const sorted = places
          .map((place) => Math.min(place, redacted.length))
          .sort((a, b) => a - b);
        let out = '';
        let from = 0;
        for (const place of [...sorted, redacted.length]) {
          out += restorer.push(redacted.slice(from, place));
          from = place;
        }
        expect(out + restorer.end()).toBe(text);
      }),
    );
  });

  test('holds back no more of a stream than a name is long', () => {
    const text = 'Anna';
    const { placeholders } = redact(text, [span(text, 'Anna', 'PERSON')], NAMED);
    const restorer = new StreamRestorer(placeholders);
    expect(restorer.push('a < b and <PERS')).toBe('a < b and ');
    expect(restorer.push('ON_1> or')).toBe('Anna or');
    expect(restorer.push(` <${'A'.repeat(100)}`)).toBe(` <${'A'.repeat(100)}`);
    expect(restorer.push('<')).toBe('');
    expect(restorer.end()).toBe('<');
  });
});
