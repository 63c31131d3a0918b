import { createHash } from 'node:crypto';
import { isPromise } from './kernel/index.ts';
import type { Clock } from './kernel/index.ts';
import { isRefusal } from './contract/index.ts';
import type { AttemptsResult, AwardedDecision, Decision, Outcome } from './contract/index.ts';
import type { CacheNews, ResponseSink, StoredHit } from './contract/index.ts';
import type { KeeperClient, LookUp, Registry, Stages } from './contract/index.ts';
import { ResponseCache, lookUpFixed, replayFixed, replayStored } from './cache/index.ts';
import { fixedOutcome } from './keeper/index.ts';
import type { CacheCounts } from './keeper/index.ts';

export interface CacheStageParts {
  readonly keeper: Pick<KeeperClient, 'worker' | 'world' | 'report'> &
    Partial<Pick<KeeperClient, 'tellCache' | 'onCache' | 'cachePeers'>>;
  readonly registry: Pick<Registry, 'openTexts'>;
  readonly clock: Clock;
  /** Unset: nobody counts. */
  readonly counts?: CacheCounts | undefined;
}

export interface CacheStages {
  readonly lookUp: LookUp;
  /** The decision when its model may be asked; another one that answers is there by then. */
  readonly depart: Stages['turn'];
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

type AskAgain = Parameters<Stages['turn']>[1];

/** Who has waited for longer asks the market again, as things stand. */
const STALE_MS = 100;

const isUnanswered = (decision: Decision): decision is AwardedDecision =>
  decision.hit === null && decision.mandate !== null && !isRefusal(decision.result);

async function departed(
  decision: Decision,
  found: Promise<StoredHit | null>,
  { askAgain, clock }: { readonly askAgain: AskAgain; readonly clock: Clock },
): Promise<Decision> {
  const startedMs = clock.monotonicMs();
  const hit = await found;
  if (hit !== null) return { ...decision, hit };
  return clock.monotonicMs() - startedMs > STALE_MS ? askAgain(decision) : decision;
}

/** As the cache tells routes apart: who names a model meets none. */
const routeOf = ({ mandate }: Decision): string =>
  mandate === null ? '' : mandate.isNamed ? 'named' : mandate.route;

/** What this worker stores, and what it learns by asking a model all the same. */
function countNews(news: readonly CacheNews[], counts: CacheCounts): void {
  for (const each of news) {
    if (each.kind === 'stored') counts.stored(each.entry.route);
    else if (each.kind === 'compared' && each.compared.isExplored) {
      counts.explored(each.compared.rule, each.compared.isSame);
    }
  }
}

/** The stages of the cache. A route without one costs a look at its mandate. */
export function createCacheStages(parts: CacheStageParts): CacheStages {
  const { keeper, registry, clock, counts } = parts;
  const cache = new ResponseCache({
    clock,
    digest: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    config: () => keeper.world().policy.config.cache,
    openTexts: registry.openTexts ?? null,
    worker: keeper.worker,
    tell: (news) => {
      keeper.tellCache?.(news);
      if (counts !== undefined) countNews(news, counts);
    },
    ...(keeper.cachePeers !== undefined && { peers: keeper.cachePeers }),
  });
  keeper.onCache?.((news) => cache.hear(news));
  counts?.readFrom(() => cache.standing());
  return {
    lookUp: (workload, mandate, { fleet }, signals) =>
      mandate.cache === undefined || mandate.answer !== null
        ? lookUpFixed(workload, mandate)
        : cache.lookUp(workload, mandate, fleet, signals),
    depart: (decision, askAgain) => {
      if (decision.mandate?.cache === undefined || !isUnanswered(decision)) return decision;
      const found = cache.depart(decision);
      if (isPromise(found)) return departed(decision, found, { askAgain, clock });
      return found === null ? decision : { ...decision, hit: found };
    },
    replay: (decision, hit, client) => {
      keeper.report(fixedOutcome(decision, clock));
      if (hit.kind === 'cache-hit') return replayFixed(decision, hit, client);
      cache.served(decision, hit);
      counts?.served(routeOf(decision), hit);
      return replayStored(decision, hit, client, clock);
    },
    record: (decision, client) => {
      if (decision.mandate.cache === undefined) return client;
      const status = counts === undefined ? null : cache.statusOf(decision.workload);
      if (status !== null) counts!.looked(routeOf(decision), status);
      return cache.recording(decision, client);
    },
    noted: (decision, { bid }, outcome) => {
      if (decision.mandate.cache !== undefined) cache.settled(outcome, bid);
      return outcome;
    },
  };
}
