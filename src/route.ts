/**
 * The director: every stage of a request, in the order of the ladder, and nothing but the order.
 * `decide` changes nothing in the world; `serve` does what was decided.
 */
import { andThen } from './kernel/index.ts';
import type { MaybeAsync } from './kernel/index.ts';
import { isRefusal } from './contract/index.ts';
import type {
  CacheCandidate,
  CacheHit,
  Award,
  AwardedDecision,
  Decision,
  FlowController,
  FlowRelay,
  Ingress,
  Refusal,
} from './contract/index.ts';
import type { ResponseSink, Route, Stages } from './contract/index.ts';

type Auction = (...asked: Parameters<Stages['quotes']>) => MaybeAsync<Award | Refusal>;

export function createDirector(stage: Stages): Route {
  const auction: Auction = (workload, mandate, world, signals) =>
    andThen(stage.quotes(workload, mandate, world, signals), (quotes) =>
      stage.award(quotes, mandate),
    );

  function decide(ingress: Ingress): MaybeAsync<Decision> {
    const world = stage.world();
    const workload = stage.resolve(stage.workload(ingress));
    const signals = stage.signals(workload, world.policy);
    return andThen(stage.policy(workload, signals, world), (mandate): MaybeAsync<Decision> => {
      const { policy, fleet } = world;
      if (isRefusal(mandate)) {
        return { workload, policy, signals, fleet, mandate: null, hit: null, result: mandate };
      }
      const decideBeside = (found: CacheHit | CacheCandidate | null): MaybeAsync<Decision> => {
        if (found?.kind === 'stored-hit') {
          const result = NO_AUCTION;
          return { workload, policy, signals, fleet, mandate, hit: found, result };
        }
        return andThen(auction(workload, mandate, world, signals), (result): Decision => {
          if (found?.kind !== 'candidate') {
            return { workload, policy, signals, fleet, mandate, hit: found, result };
          }
          const hit = stage.weigh(found, result, mandate);
          return { workload, policy, signals, fleet, mandate, hit, result, candidate: found };
        });
      };
      return andThen(stage.cache(workload, mandate, world, signals), decideBeside);
    });
  }

  function serveTo(flow: FlowRelay, decision: Decision, client: ResponseSink): MaybeAsync<void> {
    stage.remember(decision);
    if (decision.hit !== null) return flow.attach(stage.replay(decision, decision.hit, client));
    if (!isAwarded(decision)) return flow.attach(stage.refuse(decision, client));
    return andThen(stage.reserve(decision), (reservation) => {
      if (isRefusal(reservation)) {
        return flow.attach(stage.refuse({ ...decision, result: reservation }, client));
      }
      const guarded = stage.guards(decision, client);
      const run = flow.isAborted ? stage.leave : stage.attempts;
      const attempts = run(decision, reservation, guarded, (result) =>
        stage.learn(stage.settle(decision, reservation, result)),
      );
      return flow.attach(attempts);
    });
  }

  function serve(decision: Decision, client: ResponseSink): FlowController {
    const flow = stage.relay();
    stage.guarded(() => serveTo(flow, decision, client), client);
    return flow;
  }

  /** What the market says of the same request as things stand. */
  function askAgain(decision: Decision): MaybeAsync<Decision> {
    const { workload, mandate, signals } = decision;
    if (mandate === null || decision.hit !== null) return decision;
    const world = stage.world();
    return andThen(auction(workload, mandate, world, signals), (result) => {
      return { ...decision, fleet: world.fleet, result };
    });
  }

  function handle(ingress: Ingress, client: ResponseSink): FlowController {
    const flow = stage.relay();
    const work = (): MaybeAsync<void> =>
      andThen(decide(ingress), (decision) =>
        andThen(stage.turn(decision, askAgain, flow), (due) => serveTo(flow, due, client)),
      );
    stage.guarded(work, client);
    return flow;
  }

  return { decide, serve, handle, nextId: stage.nextId, view: stage.view };
}

/** The result of a request that a stored answer ends: nobody was asked to bid. */
const NO_AUCTION: Award = {
  kind: 'award',
  ranked: [],
  excluded: [],
  clearingScore: null,
  propensity: 1,
};

function isAwarded(decision: Decision): decision is AwardedDecision {
  return decision.mandate !== null && decision.result.kind === 'award';
}
