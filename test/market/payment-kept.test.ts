import { expect, test } from 'vitest';
import type { Outcome } from '../../src/contract/index.ts';
import type { InstanceId } from '../../src/kernel/index.ts';
import { OutcomeDecoder, OutcomeEncoder } from '../../src/keeper/outcome-codec.ts';
import { detailOf, outcomeOf } from '../../src/store/outcome-row.ts';
import { outcomeNamed } from '../contract/outcome-named.ts';

const plain = outcomeNamed('d-0-plain');
const paid: Outcome = {
  ...outcomeNamed('d-0-paid'),
  attempts: plain.attempts.map((attempt) => ({ ...attempt, quoted: { energyJoules: 3 } })),
  payment: {
    owner: 'them',
    tariff: 'clearing',
    picoUsd: -5,
    clearingPicoUsd: 10,
    clearedBy: 'reserve',
    timePicoUsd: 9,
    latenessPicoUsd: 3,
    energyPicoUsd: 2,
    believedPicoUsd: 1,
  },
  bidMisses: [{ instance: 'j' as InstanceId, cause: 'late' }],
};

test('payments, quotes and misses cross to the keeper', () => {
  const encoder = new OutcomeEncoder();
  const decoder = new OutcomeDecoder();
  for (let i = 0; i < 2; i++) {
    expect(decoder.decode(encoder.encode([plain, paid, plain]))).toEqual([plain, paid, plain]);
  }
});

test('and are in the ledger', () => {
  for (const outcome of [plain, paid]) {
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
    expect(outcomeOf(row)).toEqual(outcome);
  }
});
