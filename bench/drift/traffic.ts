import { NO_BELIEFS } from '../../src/contract/index.ts';
import type { Award, Beliefs } from '../../src/contract/index.ts';
import { createRng } from '../../src/kernel/index.ts';
import type { DecisionId } from '../../src/kernel/index.ts';
import { accuracyConfig } from '../../src/learning/fixtures/accuracy-config.ts';
import { createLearners } from '../../src/learning/index.ts';
import { awardBids, createHouseBidder, quoteBids } from '../../src/market/index.ts';
import {
  instanceOf,
  mandateOf,
  modelOf,
  stateOf,
  viewOf,
  workloadOf,
} from '../../src/market/fixtures/request.ts';

const NOW = 1_700_000_000_000;

export interface Rivals {
  /** Accuracy of the model that loses 15 points, and of the other one. */
  readonly drifting: number;
  readonly steady: number;
  /** Sampled requests before the loss. */
  readonly before: number;
}

/** How many of the sampled requests after a silent loss the model still wins, until it wins none of fifty. */
export function wonAfterLoss({ drifting, steady, before }: Rivals, seed: number): number {
  const rng = createRng(seed);
  const learners = createLearners();
  const house = [createHouseBidder()];
  const card = (mean: number) => ({ accuracy: { default: mean, byDomain: new Map() } });
  const states = [
    stateOf(instanceOf('drifting', { model: modelOf('drifting', card(drifting)) })),
    stateOf(instanceOf('steady', { model: modelOf('steady', card(steady)) })),
  ];
  const objective = { usdPerError: 0.05, usdPerSecond: 0.0001, usdPerKilojoule: 0 };
  const mandate = mandateOf({ objective });
  const config = { reputation: { alpha: 0.05, graceRatio: 1.1 }, accuracy: accuracyConfig() };
  const rates = new Map([
    ['drifting', drifting],
    ['steady', steady],
  ]);
  let beliefs: Beliefs = NO_BELIEFS;
  let won = 0;
  let lostInARow = 0;
  for (let i = 0; i < before + 3_000 && lostInARow < 50; i++) {
    const workload = workloadOf({ receivedAtMs: NOW + 1_000 * i });
    const quotes = quoteBids(workload, mandate, viewOf(states, { beliefs }), house);
    const winner = (awardBids(quotes, mandate) as Award).ranked[0]!.instance.model.id;
    if (i === before) rates.set('drifting', drifting - 0.15);
    if (i >= before) {
      lostInARow = winner === 'drifting' ? 0 : lostInARow + 1;
      if (winner === 'drifting') won++;
    }
    const verdict = {
      decision: `d-0-${i}` as DecisionId,
      source: 'score' as const,
      atMs: workload.receivedAtMs,
      model: winner,
      domain: null,
      band: null,
      score: rng.next() < rates.get(winner)! ? 1 : 0,
    };
    for (const learner of learners) {
      beliefs = learner.learnVerdicts?.(beliefs, [verdict], config) ?? beliefs;
    }
  }
  return won;
}
