import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TextSpan } from '../../contract/index.ts';
import { createPiiTagger } from './index.ts';

const MODELS = new URL('../../../models/', import.meta.url);
const tagger = createPiiTagger(readFileSync(new URL('pii.safetensors', MODELS)));

interface Case {
  readonly text: string;
  readonly spans: readonly TextSpan[];
}

const { cases } = JSON.parse(readFileSync(new URL('fixtures/pii.json', MODELS), 'utf8')) as {
  readonly cases: readonly Case[];
};

describe('the shipped tagger', () => {
  test.each(cases)('finds in "$text" what the trainer found', ({ text, spans }) => {
    const found = tagger.tag(text);
    const places = (all: readonly TextSpan[]): unknown =>
      all.map(({ start, end, type }) => `${type} ${text.slice(start, end)}`);
    expect(places(found)).toEqual(places(spans));
    found.forEach(({ start, confidence }, i) => {
      expect(start).toBe(spans[i]!.start);
      expect(confidence).toBeCloseTo(spans[i]!.confidence, 2);
    });
  });
});
