import { describe, expect, test } from 'vitest';
import type { HeadTask } from '../contract/index.ts';
import { createFastModels } from './fast-models.ts';
import { isShipped, shippedFile, shippedFixture } from './fixtures/shipped.ts';

interface Case {
  readonly text: string;
  readonly probabilities?: readonly number[];
  readonly logMean?: number;
  readonly logDeviation?: number;
}

const TASKS: readonly HeadTask[] = [
  'domain',
  'complexity',
  'reasoning',
  'attack',
  'output-length',
  'feedback',
  'fact-check',
];
const models = createFastModels(shippedFile);

describe.each(TASKS)('the shipped head %s', (task) => {
  test.skipIf(!isShipped(`${task}.safetensors`))('says what its trainer computed', () => {
    const { cases } = shippedFixture(task) as { readonly cases: readonly Case[] };
    expect(cases.length).toBeGreaterThan(10);
    const head = models.head(task);
    for (const { text, probabilities, logMean, logDeviation } of cases) {
      const read = models.read(text);
      if (task === 'output-length') {
        const estimate = head.estimate(read);
        expect(estimate.logMean, text).toBeCloseTo(logMean!, 2);
        expect(estimate.logDeviation, text).toBeCloseTo(logDeviation!, 2);
        continue;
      }
      const own = head.classify(read);
      probabilities!.forEach((share, i) => {
        expect(Math.abs(own.probabilities[i]! - share), text).toBeLessThan(1e-3);
      });
    }
  });
});
