import { expect, test } from 'vitest';
import { outcomeNamed } from '../../test/contract/outcome-named.ts';
import type { AttemptRecord } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { detailOf, outcomeOf } from './outcome-row.ts';

const [attempt] = outcomeNamed('x').attempts as [AttemptRecord];
const share = {
  role: 'step',
  model: 'm' as ModelId,
  usage: { promptTokens: 3, cachedTokens: 1, outputTokens: 2, isEstimated: false },
  costPicoUsd: 7,
  energyMicrojoules: 1,
  confidence: { kind: 'meanLogprob', value: -0.25, believed: 0.5 },
} as const;

test.each<[string, Partial<AttemptRecord>]>([
  ['neither', {}],
  ['the quote of a bidder', { quoted: { energyJoules: 2 } }],
  ['a share of the charge', { share }],
  ['both', { quoted: { energyJoules: null }, share }],
])('an attempt with %s is the same after it was stored', (_, more) => {
  const outcome = outcomeNamed('d-0-1', { attempts: [{ ...attempt, ...more }] });
  const { usage } = outcome;
  const row = {
    decision: outcome.decision,
    at_ms: outcome.atMs,
    tenant: outcome.tenant,
    prompt_tokens: usage.promptTokens,
    cached_tokens: usage.cachedTokens,
    output_tokens: usage.outputTokens,
    pico_usd: outcome.costPicoUsd,
    microjoules: outcome.energyMicrojoules,
    detail: detailOf(outcome),
  };
  expect(outcomeOf(row).attempts).toEqual(outcome.attempts);
});
