import { expect, test } from 'vitest';
import { NO_BELIEFS } from '../../src/contract/index.ts';
import type { Award, Beliefs } from '../../src/contract/index.ts';
import { createRng } from '../../src/kernel/index.ts';
import type { DecisionId } from '../../src/kernel/index.ts';
import { accuracyConfig } from '../../src/learning/fixtures/accuracy-config.ts';
import { createLearners } from '../../src/learning/index.ts';
import { createHouseBidder, awardBids, quoteBids } from '../../src/market/index.ts';
import {
  instanceOf,
  mandateOf,
  modelOf,
  stateOf,
  viewOf,
  workloadOf,
} from '../../src/market/fixtures/request.ts';

const STEADY = 800;
const AFTER = 600;
const NOW = 1_700_000_000_000;
const config = { reputation: { alpha: 0.05, graceRatio: 1.1 }, accuracy: accuracyConfig() };

/** Sampled requests that a model still wins after it has silently lost 15 points; its rival stays as it is. */
function wonAfterLoss(seed: number): number {
  const rng = createRng(seed);
  const learner = createLearners().find(({ name }) => name === 'accuracy')!;
  const house = [createHouseBidder()];
  const card = (by: number) => ({ accuracy: { default: by, byDomain: new Map<string, number>() } });
  const states = [
    stateOf(instanceOf('drifting', { model: modelOf('drifting', card(0.87)) })),
    stateOf(instanceOf('steady', { model: modelOf('steady', card(0.8)) })),
  ];
  const objective = { usdPerError: 0.05, usdPerSecond: 0.0001, usdPerKilojoule: 0 };
  const mandate = mandateOf({ objective });
  const rates: Record<string, number> = { drifting: 0.87, steady: 0.8 };
  let beliefs: Beliefs = NO_BELIEFS;
  let won = 0;
  for (let i = 0; i < STEADY + AFTER; i++) {
    const workload = workloadOf({ receivedAtMs: NOW + 1_000 * i });
    const quotes = quoteBids(workload, mandate, viewOf(states, { beliefs }), house);
    const winner = (awardBids(quotes, mandate) as Award).ranked[0]!.instance.model.id;
    if (i === STEADY) rates['drifting']! -= 0.15;
    if (i >= STEADY && winner === 'drifting') won++;
    const verdict = {
      decision: `d-0-${i}` as DecisionId,
      source: 'score' as const,
      atMs: workload.receivedAtMs,
      model: winner,
      domain: null,
      band: null,
      score: rng.next() < rates[winner]! ? 1 : 0,
    };
    beliefs = learner.learnVerdicts!(beliefs, [verdict], config);
  }
  return won;
}

test('a model that silently loses 15 points loses its traffic within 200 sampled requests', () => {
  const won = Array.from({ length: 30 }, (_, i) => wonAfterLoss(i + 1)).toSorted((a, b) => a - b);
  expect(won[15]).toBeLessThan(110);
  expect(won[25]).toBeLessThanOrEqual(200);
});
