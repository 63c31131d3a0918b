import type { Breakers, PromptPrefix, Registry, SessionPlacement } from './contract/index.ts';
import type { Stages, Topic } from './contract/index.ts';
import type { PlacementMemory } from './app-placement.ts';
import { quoteBids } from './market/index.ts';
import type { TopicReader } from './signals/index.ts';

export interface QuoteParts {
  readonly registry: Registry;
  readonly breakers: Breakers;
  readonly placements: PlacementMemory;
  readonly topics: TopicReader;
}

/** The stage that asks for bids, with what a worker remembers at hand for those who ask. */
export function createQuotes(parts: QuoteParts): Stages['quotes'] {
  const { registry, breakers, topics } = parts;
  const { prefixes, sessions } = parts.placements;
  const continuing = new Set<string>();
  for (const { kind, continuesChat: isAble } of registry.engines) if (isAble) continuing.add(kind);
  const continuesChat = (engine: string): boolean => continuing.has(engine);

  return (workload, mandate, { fleet, beliefs, policy }, signals) => {
    const { session, caller } = workload;
    let opened: PromptPrefix | null | undefined;
    const view = {
      fleet,
      load: breakers,
      beliefs,
      continuesChat,
      accuracyHalfLifeMs: policy.config.learning.accuracy.halfLifeMs,
      topic: (): Topic => topics.read(workload, signals, policy.slots),
      prefix: (): PromptPrefix | null =>
        opened === undefined ? (opened = prefixes.open(workload, mandate, fleet)) : opened,
      session: (): SessionPlacement | null =>
        session === null ? null : sessions.of(caller.tenant, session),
    };
    return quoteBids(workload, mandate, view, registry.bidders);
  };
}
