import type { Clock } from './kernel/index.ts';
import type { AttemptsResult, AwardedDecision, Outcome, ResponseSink } from './contract/index.ts';
import type { KeeperClient, LookUp, Registry, Stages } from './contract/index.ts';
import { ResponseCache, lookUpFixed, replayFixed, replayStored } from './cache/index.ts';
import { fixedOutcome } from './keeper/index.ts';

export interface CacheStageParts {
  readonly keeper: Pick<KeeperClient, 'world' | 'report'> &
    Partial<Pick<KeeperClient, 'tellCache' | 'onCache'>>;
  readonly registry: Pick<Registry, 'openTexts'>;
  readonly clock: Clock;
}

export interface CacheStages {
  readonly lookUp: LookUp;
  readonly replay: Stages['replay'];
  /** The client's sink, with the answer written down while it passes. */
  readonly record: (decision: AwardedDecision, client: ResponseSink) => ResponseSink;
  /** Gives the outcome on; the answer is stored in a while. */
  readonly noted: (
    decision: AwardedDecision,
    result: Pick<AttemptsResult, 'bid'>,
    outcome: Outcome,
  ) => Outcome;
}

/** The stages of the cache. A route without one costs a look at its mandate. */
export function createCacheStages({ keeper, registry, clock }: CacheStageParts): CacheStages {
  const cache = new ResponseCache({
    clock,
    config: () => keeper.world().policy.config.cache,
    openTexts: registry.openTexts ?? null,
    tell: (news) => keeper.tellCache?.(news),
  });
  keeper.onCache?.((news) => cache.hear(news));
  return {
    lookUp: (workload, mandate, { fleet }, signals) =>
      mandate.cache === undefined || mandate.answer !== null
        ? lookUpFixed(workload, mandate)
        : cache.lookUp(workload, mandate, fleet, signals),
    replay: (decision, hit, client) => {
      keeper.report(fixedOutcome(decision, clock));
      if (hit.kind === 'cache-hit') return replayFixed(decision, hit, client);
      cache.served(decision, hit);
      return replayStored(decision, hit, client, clock);
    },
    record: (decision, client) =>
      decision.mandate.cache === undefined ? client : cache.recording(decision, client),
    noted: (decision, { bid }, outcome) => {
      if (decision.mandate.cache !== undefined) cache.settled(outcome, bid);
      return outcome;
    },
  };
}
