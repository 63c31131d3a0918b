/**
 * The wiring: here, and nowhere else, stages meet the director, and each meets its observer.
 */
import { andThen, createDecisionIds, isPromise } from './kernel/index.ts';
import type { Clock, DecisionIds, MaybeAsync, Rng } from './kernel/index.ts';
import type {
  BidDesk,
  Breakers,
  KeeperClient,
  Observer,
  Registry,
  Route,
} from './contract/index.ts';
import type {
  Award,
  Bid,
  Decision,
  FleetSnapshot,
  Refusal,
  Stages,
  Upstream,
} from './contract/index.ts';
import { isRefusal } from './contract/index.ts';
import { containAttempts, createRelay, decidePolicy, refusedEvent } from './app-stages.ts';
import { guarded, leaveUnasked, observed, refuse, withQuotes } from './app-stages.ts';
import type { Judging } from './app-judges.ts';
import type { CacheCounts } from './keeper/index.ts';
import { createCacheStages } from './app-cache.ts';
import type { KvEvents } from './app-kv-events.ts';
import { PlacementMemory } from './app-placement.ts';
import { createLearnedOrder } from './app-learned-order.ts';
import { createQuotes } from './app-quotes.ts';
import { createAttempts } from './attempts/index.ts';
import { behindGuards, guardSink, openGuard } from './guard/index.ts';
import { reserveFor, reserveRequestOf, settleResult } from './keeper/index.ts';
import { awardBids, createAward, Turns, weighCandidate, withPayment } from './market/index.ts';
import type { DecisionLog } from './market/index.ts';
import { resolveConversation } from './memory/index.ts';
import { createDirector } from './route.ts';
import { createTopicReader, openSignals } from './signals/index.ts';
import { readWorkload } from './workload/index.ts';

export interface ExchangeParts {
  readonly keeper: Pick<KeeperClient, 'worker' | 'world' | 'budgets' | 'report'> &
    Partial<
      Pick<KeeperClient, 'tellPlacements' | 'onPlacements' | 'tellCache' | 'onCache' | 'cachePeers'>
    >;
  readonly registry: Registry;
  readonly decisions: DecisionLog;
  /** Unset: of its own making, in which the log of decisions cannot read the count. */
  readonly ids?: DecisionIds;
  readonly upstream: Upstream;
  readonly breakers: Breakers;
  readonly observer: Observer;
  readonly clock: Clock;
  readonly rng: Rng;
  /** False: the best score always wins, whatever the policy says. */
  readonly explores?: boolean;
  /** Unset: bidders are not asked, and the house quotes for all. */
  readonly bids?: BidDesk;
  /** Unset: nobody listens to engines' events of their KV memory. */
  readonly kvEvents?: KvEvents;
  /** Unset: nobody counts what becomes of requests at the cache. */
  readonly counts?: CacheCounts;
  /** Unset: nobody looks at answers. */
  readonly judging?: Judging;
}

/** Bids that are asked for again: none where nobody may serve any more. */
const rankedOf = (award: Award | Refusal): readonly Bid[] => (isRefusal(award) ? [] : award.ranked);

/** One exchange: the director over the built-in stages; the observer hears the time of those that can be long. */
export function createExchange(parts: ExchangeParts): Route {
  const { keeper, registry, decisions, observer, clock, judging } = parts;
  const ids = parts.ids ?? createDecisionIds(keeper.worker, parts.rng, clock);
  const timed = <A extends readonly unknown[], R>(name: string, stage: (...args: A) => R) =>
    observed({ name, stage, observer, clock });
  const onEvent = (event: Parameters<Observer['on']>[0]): void => observer.on(event);
  const fleet = (): FleetSnapshot => keeper.world().fleet;
  const attempts = createAttempts({
    ...parts,
    engines: registry.engines,
    onEvent,
    fleet,
    pay: withPayment,
    beliefs: () => keeper.world().beliefs,
    requote: ({ workload, mandate, signals, policy }) =>
      andThen(stages.quotes(workload, mandate, { ...keeper.world(), policy }, signals), (quotes) =>
        rankedOf(awardBids(quotes, mandate)),
      ),
  });

  const placements = new PlacementMemory(keeper, parts.kvEvents);
  const served = placements.feedBy(containAttempts(attempts, clock));
  const order = createLearnedOrder(() => keeper.world());
  const topics = createTopicReader(registry.signals, clock);
  const contexts = registry.openContexts?.(clock) ?? null;
  const { lookUp, depart, replay, record, noted } = createCacheStages(parts);

  const turns = new Turns(clock, parts.breakers);

  const stages: Stages = {
    world: () => order.world(),
    workload: timed('workload', readWorkload),
    resolve: resolveConversation,
    signals: (workload, policy) => openSignals(policy.slots, workload, clock),
    policy: timed('policy', decidePolicy),
    cache: lookUp,
    quotes: timed(
      'quotes',
      createQuotes({ ...parts, load: () => turns.load, placements, topics, contexts }),
    ),
    award: timed('award', parts.explores === false ? awardBids : createAward(parts.rng)),
    weigh: weighCandidate,
    turn: inTurn(turns, depart),

    remember: (decision) => {
      decisions.remember(decision);
      order.observe(decision);
    },
    replay,
    refuse: (decision, client) => {
      decisions.remember(decision);
      observer.on(refusedEvent(decision));
      return refuse(decision, client);
    },
    reserve: timed('reserve', reserveBy(keeper.budgets)),
    guards: (decision, client) =>
      guardSink(openGuard(decision.mandate, decision.workload, onEvent), record(decision, client)),
    attempts: timed(
      'dispatch',
      behindGuards(judging === undefined ? served : judging.over(served)),
    ),
    leave: leaveUnasked(clock),
    settle: timed('settle', (decision, held, result) =>
      noted(decision, result, settleResult(decision, held, result, clock.nowMs())),
    ),
    learn: (outcome) => keeper.report(outcome),

    relay: createRelay,
    guarded,
    nextId: ids.next,
    view: (id) => decisions.view(id),
  };
  judging?.serveWith({ ...stages, attempts: served });
  return createDirector(stages);
}

type Depart = Stages['turn'];

const inTurn =
  (turns: Turns, depart: Depart): Stages['turn'] =>
  (decision, askAgain, flow) =>
    departIn(turns.take(decision, askAgain, flow), askAgain, depart);

function departIn(
  due: MaybeAsync<Decision>,
  askAgain: Parameters<Depart>[1],
  depart: Depart,
): MaybeAsync<Decision> {
  return isPromise(due) ? departLater(due, askAgain, depart) : depart(due, askAgain);
}

/** Apart, so that a decision that waits for nothing makes no closure. */
const departLater = (
  due: Promise<Decision>,
  askAgain: Parameters<Depart>[1],
  depart: Depart,
): Promise<Decision> => due.then((decision) => depart(decision, askAgain));

const reserveBy =
  (budgets: KeeperClient['budgets']): Stages['reserve'] =>
  (decision) =>
    andThen(reserveFor(decision, reserveRequestOf(decision), budgets), (held) =>
      isRefusal(held) ? withQuotes(held, decision) : held,
    );
