import type { LocalLoad, PromptPrefix, Registry, SessionPlacement } from './contract/index.ts';
import { CONTEXT_IN_VIEW } from './contract/index.ts';
import type { BidDesk, ContextReader, ContextSeen, FleetSnapshot } from './contract/index.ts';
import type { MarketView, Stages, Topic } from './contract/index.ts';
import type { PlacementMemory } from './app-placement.ts';
import { bidQuestions, DEFAULT_MARKET, quoteBids } from './market/index.ts';
import type { TopicReader } from './signals/index.ts';

export interface QuoteParts {
  readonly registry: Registry;
  /** Read for every request. */
  readonly load: () => LocalLoad;
  readonly placements: PlacementMemory;
  readonly topics: TopicReader;
  /** Null: nothing is learned from neighbours. */
  readonly contexts: ContextReader | null;
  /** Unset: no bidder is asked, and the house quotes for all. */
  readonly bids?: BidDesk | undefined;
}

/** The stage that asks for bids, with what a worker remembers at hand for those who ask. */
export function createQuotes(parts: QuoteParts): Stages['quotes'] {
  const { registry, topics, contexts, bids } = parts;
  const owners = new OwnersInFleet();
  const { prefixes, sessions } = parts.placements;
  const continuing = new Set<string>();
  for (const { kind, continuesChat: isAble } of registry.engines) {
    if (isAble === true) continuing.add(kind);
  }
  const hasRouter = registry.hasRouter === true;
  const continuesChat = (engine: string): boolean => continuing.has(engine);

  return (workload, mandate, { fleet, beliefs, policy }, signals) => {
    const { session, caller } = workload;
    let opened: PromptPrefix | null | undefined;
    owners.look(fleet);
    const { market, learning } = policy.config;
    const { halfLifeMs, byDifficulty } = learning.accuracy;
    const view: MarketView = {
      fleet,
      load: parts.load(),
      beliefs,
      continuesChat,
      accuracyHalfLifeMs: halfLifeMs,
      byDifficulty,
      topic: (): Topic => topics.read(workload, signals, policy.slots, byDifficulty),
      context: (topic: Topic): ContextSeen => {
        const seen = signals.share(CONTEXT_IN_VIEW);
        seen.context ??= contexts?.read(workload, signals, topic) ?? null;
        return seen;
      },
      hasRouter,
      prefix: (): PromptPrefix | null =>
        opened === undefined ? (opened = prefixes.open(workload, mandate, fleet)) : opened,
      reserve: owners.exist ? (market ?? DEFAULT_MARKET) : undefined,
      session: (): SessionPlacement | null =>
        session === null ? null : sessions.of(caller.tenant, session),
    };
    const { bidders } = registry;
    if (bids === undefined || !owners.quote) return quoteBids(workload, mandate, view, bidders);
    const tellsPrices = market?.tellsPrices ?? false;
    const house = bidders[0];
    const questions = bidQuestions(workload, mandate, view, { house, tellsPrices });
    if (questions.length === 0) return quoteBids(workload, mandate, view, bidders);
    return bids
      .ask(questions)
      .then((external) => quoteBids(workload, mandate, { ...view, external }, bidders));
  };
}

/** Whether instances of a fleet have owners, and owners that quote: looked at once for each snapshot. */
class OwnersInFleet {
  exist = false;
  quote = false;
  #fleet: FleetSnapshot | null = null;

  look(fleet: FleetSnapshot): void {
    if (fleet === this.#fleet) return;
    this.#fleet = fleet;
    this.exist = fleet.states.some(({ instance }) => instance.owner !== undefined);
    this.quote = fleet.states.some(({ instance }) => instance.bidder !== undefined);
  }
}
