import type { Decision, Policy, World } from './contract/index.ts';

/** The policy of a worker's world, in the order of evaluation that served decisions have taught. */
export interface LearnedOrder {
  /** The same world, as long as nothing changes. */
  world(): World;
  /** Hears of a decision that is served: deciding alone changes nothing. */
  observe(decision: Decision): void;
}

/** A newly loaded policy begins with the order of cost classes. */
export function createLearnedOrder(source: () => World): LearnedOrder {
  let given: World | null = null;
  let arranged: World | null = null;
  let loaded: Policy | null = null;
  let inForce: Policy | null = null;

  return {
    world() {
      const world = source();
      if (world === given && arranged !== null) return arranged;
      if (world.policy !== loaded) {
        loaded = world.policy;
        inForce = world.policy;
      }
      given = world;
      arranged = inForce === loaded ? world : { ...world, policy: inForce! };
      return arranged;
    },

    observe({ policy, signals, workload }) {
      if (policy !== inForce || policy.observe === undefined) return;
      const next = policy.observe(signals.readings(), workload.requestedModel);
      if (next === policy) return;
      inForce = next;
      arranged = null;
    },
  };
}
