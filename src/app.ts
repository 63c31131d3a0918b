/**
 * The wiring: here, and nowhere else, stages meet the director, and each meets its observer.
 */
import { andThen, createDecisionIds } from './kernel/index.ts';
import type { Clock, Rng } from './kernel/index.ts';
import type { Breakers, KeeperClient, Observer, Registry, Route } from './contract/index.ts';
import type { Stages, Upstream } from './contract/index.ts';
import { isRefusal } from './contract/index.ts';
import { containAttempts, createRelay, refusedEvent, guarded } from './app-stages.ts';
import { observed, refuse, withQuotes } from './app-stages.ts';
import { createAttempts } from './attempts/index.ts';
import { lookUpFixed, replayFixed } from './cache/index.ts';
import { guardSink, openNoGuard } from './guard/index.ts';
import { reserveRequestOf, settleResult } from './keeper/index.ts';
import { awardBids, quoteBids } from './market/index.ts';
import type { DecisionLog } from './market/index.ts';
import { resolveConversation } from './memory/index.ts';
import { createDirector } from './route.ts';
import { openSignals } from './signals/index.ts';
import { readWorkload } from './workload/index.ts';

export interface ExchangeParts {
  readonly keeper: Pick<KeeperClient, 'worker' | 'world' | 'budgets' | 'report'>;
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
  const attempts = createAttempts({ ...parts, engines: registry.engines, onEvent });

  const stages: Stages = {
    world: () => keeper.world(),
    workload: timed('workload', readWorkload),
    resolve: resolveConversation,
    signals: (workload, policy) => openSignals(policy.slots, workload, clock),
    policy: timed('policy', (workload, signals, world) => {
      const preferences = world.preferences.get(workload.caller.tenant) ?? null;
      return world.policy.decide(workload, signals, world.fleet, preferences);
    }),
    cache: lookUpFixed,
    quotes: timed('quotes', (workload, mandate, world) => {
      const view = { fleet: world.fleet, load: breakers, beliefs: world.beliefs };
      return quoteBids(workload, mandate, view, registry.bidders);
    }),
    award: timed('award', awardBids),

    remember: (decision) => decisions.remember(decision),
    replay: replayFixed,
    refuse: (decision, client) => {
      decisions.remember(decision);
      observer.on(refusedEvent(decision));
      return refuse(decision, client);
    },
    reserve: timed('reserve', (decision) =>
      andThen(keeper.budgets.reserve(reserveRequestOf(decision)), (held) =>
        isRefusal(held) ? withQuotes(held, decision) : held,
      ),
    ),
    guards: (decision, client) =>
      guardSink(openNoGuard(decision.mandate, decision.workload), client),
    attempts: timed('dispatch', containAttempts(attempts, clock)),
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
