/**
 * The wiring: here, and nowhere else, stages meet the director, and each meets its observer.
 */
import { andThen, createDecisionIds } from './kernel/index.ts';
import type { Clock, Rng } from './kernel/index.ts';
import type { Breakers, KeeperClient, Observer, Registry, Route } from './contract/index.ts';
import type { FleetSnapshot, Stages, Upstream } from './contract/index.ts';
import { isRefusal } from './contract/index.ts';
import { containAttempts, createRelay, decidePolicy, refusedEvent } from './app-stages.ts';
import { guarded, observed, refuse, withQuotes } from './app-stages.ts';
import { PlacementMemory } from './app-placement.ts';
import { createLearnedOrder } from './app-learned-order.ts';
import { createQuotes } from './app-quotes.ts';
import { createAttempts } from './attempts/index.ts';
import { lookUpFixed, replayFixed } from './cache/index.ts';
import { behindGuards, guardSink, openGuard } from './guard/index.ts';
import { fixedOutcome, reserveFor, reserveRequestOf, settleResult } from './keeper/index.ts';
import { awardBids } from './market/index.ts';
import type { DecisionLog } from './market/index.ts';
import { resolveConversation } from './memory/index.ts';
import { createDirector } from './route.ts';
import { createTopicReader, openSignals } from './signals/index.ts';
import { readWorkload } from './workload/index.ts';

export interface ExchangeParts {
  readonly keeper: Pick<KeeperClient, 'worker' | 'world' | 'budgets' | 'report'> &
    Partial<Pick<KeeperClient, 'tellPlacements' | 'onPlacements'>>;
  readonly registry: Registry;
  readonly decisions: DecisionLog;
  readonly upstream: Upstream;
  readonly breakers: Breakers;
  readonly observer: Observer;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** One exchange: the director over the built-in stages; the observer hears the time of those that can be long. */
export function createExchange(parts: ExchangeParts): Route {
  const { keeper, registry, decisions, breakers, observer, clock } = parts;
  const timed = <A extends readonly unknown[], R>(name: string, stage: (...args: A) => R) =>
    observed({ name, stage, observer, clock });
  const onEvent = (event: Parameters<Observer['on']>[0]): void => observer.on(event);
  const fleet = (): FleetSnapshot => keeper.world().fleet;
  const attempts = createAttempts({ ...parts, engines: registry.engines, onEvent, fleet });

  const placements = new PlacementMemory(keeper);
  const order = createLearnedOrder(() => keeper.world());
  const topics = createTopicReader(registry.signals, clock);

  const stages: Stages = {
    world: () => order.world(),
    workload: timed('workload', readWorkload),
    resolve: resolveConversation,
    signals: (workload, policy) => openSignals(policy.slots, workload, clock),
    policy: timed('policy', decidePolicy),
    cache: lookUpFixed,
    quotes: timed('quotes', createQuotes({ registry, breakers, placements, topics })),
    award: timed('award', awardBids),

    remember: (decision) => {
      decisions.remember(decision);
      order.observe(decision);
    },
    replay: (decision, hit, client) => {
      const flow = replayFixed(decision, hit, client);
      keeper.report(fixedOutcome(decision, clock));
      return flow;
    },
    refuse: (decision, client) => {
      decisions.remember(decision);
      observer.on(refusedEvent(decision));
      return refuse(decision, client);
    },
    reserve: timed('reserve', (decision) =>
      andThen(reserveFor(decision, reserveRequestOf(decision), keeper.budgets), (held) =>
        isRefusal(held) ? withQuotes(held, decision) : held,
      ),
    ),
    guards: (decision, client) =>
      guardSink(openGuard(decision.mandate, decision.workload, onEvent), client),
    attempts: timed('dispatch', behindGuards(placements.feedBy(containAttempts(attempts, clock)))),
    settle: timed('settle', (decision, held, result) =>
      settleResult(decision, held, result, clock.nowMs()),
    ),
    learn: (outcome) => keeper.report(outcome),

    relay: createRelay,
    guarded,
    nextId: createDecisionIds(keeper.worker, parts.rng),
    view: (id) => decisions.view(id),
  };
  return createDirector(stages);
}
