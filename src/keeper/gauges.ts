import type { World } from '../contract/index.ts';
import type { BalanceBook } from './balance-book.ts';
import { usedRatios } from './balance-view.ts';
import { METRICS } from './metrics-catalogue.ts';
import type { Sample } from './metric-sums.ts';

export interface GaugeSources {
  readonly world: World;
  readonly book: BalanceBook;
  readonly queueLength: number;
  readonly isWritable: boolean;
  readonly workers: number;
  readonly nowMs: number;
}

/** More balances than this are not shown one by one. */
const BALANCES_SHOWN_MAX = 500;

export function gaugesOf(sources: GaugeSources): Map<string, readonly Sample[]> {
  const { policy, beliefs } = sources.world;
  const single = (value: number): Sample[] => [{ labels: {}, value }];
  return new Map<string, readonly Sample[]>([
    ...instanceGauges(sources.world),
    [METRICS.budgetUsed.name, budgetSamples(sources)],
    [METRICS.storeQueue.name, single(sources.queueLength)],
    [METRICS.storeWritable.name, single(sources.isWritable ? 1 : 0)],
    [METRICS.policyGeneration.name, single(policy.generation)],
    [METRICS.beliefsGeneration.name, single(beliefs.generation)],
    [METRICS.workers.name, single(sources.workers)],
  ]);
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
function budgetSamples({ book, nowMs }: GaugeSources): Sample[] {
  const samples: Sample[] = [];
  for (const rule of book.rules) {
    if (rule.scope.user !== null) continue;
    for (const balance of book.current(rule, nowMs)) {
      if (samples.length >= BALANCES_SHOWN_MAX) return samples;
      for (const { quantity, ratio } of usedRatios({ rule, balance })) {
        samples.push({ labels: { rule: rule.id, scope: balance.scope, quantity }, value: ratio });
      }
    }
  }
  return samples;
}
