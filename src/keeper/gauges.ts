import type { World } from '../contract/index.ts';
import { accuracyPosterior } from '../estimate/index.ts';
import type { BalanceBook } from './balance-book.ts';
import { usedRatios } from './balance-view.ts';
import type { BudgetWatch } from './budget-watch.ts';
import { judgeViews } from './accuracy-view.ts';
import { cacheGauges } from './cache-gauges.ts';
import type { WorkerGauges } from './cache-gauges.ts';
import { METRICS } from './metrics-catalogue.ts';
import type { Sample } from './metric-sums.ts';

export interface GaugeSources {
  readonly world: World;
  readonly book: BalanceBook;
  readonly watch: BudgetWatch;
  readonly queueLength: number;
  readonly isWritable: boolean;
  readonly workers: number;
  readonly told: readonly WorkerGauges[];
  readonly nowMs: number;
}

/** More balances than this are not shown one by one. */
const BALANCES_SHOWN_MAX = 500;

export function gaugesOf(sources: GaugeSources): Map<string, readonly Sample[]> {
  const { policy, beliefs } = sources.world;
  const single = (value: number): Sample[] => [{ labels: {}, value }];
  return new Map<string, readonly Sample[]>([
    ...instanceGauges(sources.world),
    ...budgetGauges(sources),
    ...cacheGauges(sources.told),
    [METRICS.storeQueue.name, single(sources.queueLength)],
    [METRICS.storeWritable.name, single(sources.isWritable ? 1 : 0)],
    [METRICS.policyGeneration.name, single(policy.generation)],
    [METRICS.beliefsGeneration.name, single(beliefs.generation)],
    [METRICS.modelAccuracy.name, accuracySamples(sources)],
    [METRICS.judgeReliability.name, judgeSamples(sources)],
    [METRICS.workers.name, single(sources.workers)],
  ]);
}

function accuracySamples({ world: { policy, beliefs }, nowMs }: GaugeSources): Sample[] {
  const { models, learning } = policy.config;
  const at = { nowMs, halfLifeMs: learning.accuracy.halfLifeMs };
  return models.flatMap((model) => {
    const accuracy = accuracyPosterior(model, beliefs, null, at);
    return accuracy === null ? [] : [{ labels: { model: model.id }, value: accuracy.mean }];
  });
}

function judgeSamples({ world: { policy, beliefs }, nowMs }: GaugeSources): Sample[] {
  return judgeViews(policy.config, beliefs, nowMs).map(({ judge, reliability }) => ({
    labels: { judge },
    value: reliability,
  }));
}

function instanceGauges({ fleet }: World): [string, Sample[]][] {
  const states: Sample[] = [];
  const running: Sample[] = [];
  const waiting: Sample[] = [];
  const kvUsage: Sample[] = [];
  for (const { instance, lifecycle, telemetry } of fleet.states) {
    const labels = { instance: instance.id, model: instance.model.id };
    states.push({ labels: { ...labels, state: lifecycle }, value: 1 });
    const add = (samples: Sample[], value: number | null): void => {
      if (value !== null) samples.push({ labels, value });
    };
    add(running, telemetry.runningRequests);
    add(waiting, telemetry.waitingRequests);
    add(kvUsage, telemetry.kvUsageRatio);
  }
  return [
    [METRICS.instanceState.name, states],
    [METRICS.instanceRunning.name, running],
    [METRICS.instanceWaiting.name, waiting],
    [METRICS.instanceKvUsage.name, kvUsage],
  ];
}

/** Only current balances, and none that tells users apart: their names are the clients'. */
function budgetGauges({ book, watch, nowMs }: GaugeSources): [string, Sample[]][] {
  const used: Sample[] = [];
  const leads: Sample[] = [];
  const prices: Sample[] = [];
  let shown = 0;
  for (const rule of book.rules) {
    if (rule.scope.user !== null) continue;
    for (const balance of book.current(rule, nowMs)) {
      if (shown++ >= BALANCES_SHOWN_MAX) break;
      const labels = { rule: rule.id, scope: balance.scope };
      for (const { quantity, ratio } of usedRatios({ rule, balance })) {
        used.push({ labels: { ...labels, quantity }, value: ratio });
      }
      for (const [quantity, pace] of Object.entries(watch.viewOf(balance).pace)) {
        const { spentRatio, elapsedRatio, shadowPrice } = pace;
        leads.push({ labels: { ...labels, quantity }, value: spentRatio - elapsedRatio });
        prices.push({ labels: { ...labels, quantity }, value: shadowPrice });
      }
    }
  }
  return [
    [METRICS.budgetUsed.name, used],
    [METRICS.budgetLead.name, leads],
    [METRICS.shadowPrice.name, prices],
  ];
}
