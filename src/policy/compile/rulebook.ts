import { isPromise } from '../../kernel/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';
import type { InstanceRule, Refusal, SignalReader, Truth } from '../../contract/index.ts';
import { isRefusal } from '../../contract/index.ts';
import { refusedByConstraint } from '../refusals.ts';
import { StepsBegun } from './ahead.ts';
import type { StepsAhead } from './ahead.ts';
import type { Readings } from './condition.ts';
import { OrderLearner } from './order-learner.ts';
import type { Arrangement } from './order-learner.ts';
import { NO_RULES } from './rules.ts';
import type { CompiledConstraint, CompiledRoute } from './rules.ts';

/** The rules that bind a request, or the refusal of the first that refuses. */
export type Rules = readonly InstanceRule[] | Refusal;

/**
 * The rules that a request is decided by, those of the policy or of a recipe, in an order of evaluation.
 * Immutable: what is learned of the order gives another one.
 */
export class Rulebook {
  /** In the order of evaluation. */
  readonly constraints: readonly CompiledConstraint[];
  /** In the order in which they are tried; the last one always matches. */
  readonly routes: readonly CompiledRoute[];
  readonly #constraintsAhead: StepsAhead;
  readonly #routesAhead: StepsAhead;
  /** Made when there is something to learn from: most policies that are only checked never get that far. */
  #learner: OrderLearner | null;

  constructor(
    { constraints, routes, constraintsAhead, routesAhead }: RulesInOrder,
    learner: OrderLearner | null = null,
  ) {
    this.constraints = constraints;
    this.routes = routes;
    this.#constraintsAhead = certainlyAhead(constraints, constraintsAhead);
    this.#routesAhead = routesAhead ?? [];
    this.#learner = learner;
  }

  /** Learns from what a decision by these rules read; gives those that decide from then on. */
  observe(readings: Readings, isNamed: boolean): Rulebook {
    this.#learner ??= new OrderLearner(this.constraints, this.routes);
    const arrangement = this.#learner.observe(readings, isNamed);
    return arrangement === null ? this : new Rulebook(arrangement, this.#learner);
  }

  /** All constraints apply; an unknown condition counts as matching: a constraint protects when in doubt. */
  matchConstraints(signals: SignalReader): MaybeAsync<Rules> {
    let rules: readonly InstanceRule[] = NO_RULES;
    for (let i = 0; i < this.constraints.length; i++) {
      const truth = this.#applies(i, signals);
      if (isPromise(truth)) {
        const steps = new StepsBegun(i, truth, (step) => this.#applies(step, signals));
        return this.#matchRest(steps, i, rules);
      }
      if (truth === false) continue;
      const after = withConstraint(rules, this.constraints[i]!);
      if (isRefusal(after)) return after;
      rules = after;
    }
    return rules;
  }

  /** The first route that is true; an unknown one is none. */
  chooseRoute(signals: SignalReader): MaybeAsync<CompiledRoute> {
    for (let i = 0; ; i++) {
      const route = this.routes[i]!;
      if (route.evaluate === null) return route;
      const truth = route.evaluate(signals);
      if (isPromise(truth)) {
        const steps = new StepsBegun(i, truth, (step) => this.#matches(step, signals));
        return this.#chooseAmongRest(steps, i);
      }
      if (truth === true) return route;
    }
  }

  #applies(constraint: number, signals: SignalReader): MaybeAsync<Truth> {
    const { evaluate } = this.constraints[constraint]!;
    return evaluate === null ? true : evaluate(signals);
  }

  #matches(route: number, signals: SignalReader): MaybeAsync<Truth> {
    const { evaluate } = this.routes[route]!;
    return evaluate === null ? true : evaluate(signals);
  }

  async #matchRest(
    steps: StepsBegun<Truth>,
    first: number,
    matched: readonly InstanceRule[],
  ): Promise<Rules> {
    let rules = matched;
    for (let i = first; i < this.constraints.length; i++) {
      let truth = steps.at(i);
      if (isPromise(truth)) {
        steps.upTo(this.#constraintsAhead[i]!);
        truth = await truth;
      }
      if (truth === false) continue;
      const after = withConstraint(rules, this.constraints[i]!);
      if (isRefusal(after)) return after;
      rules = after;
    }
    return rules;
  }

  async #chooseAmongRest(steps: StepsBegun<Truth>, first: number): Promise<CompiledRoute> {
    for (let i = first; ; i++) {
      let truth = steps.at(i);
      if (isPromise(truth)) {
        steps.upTo(this.#routesAhead[i] ?? i);
        truth = await truth;
      }
      if (truth === true) return this.routes[i]!;
    }
  }
}

type RulesInOrder = Pick<Arrangement, 'constraints' | 'routes'> & Partial<Arrangement>;

/** Every constraint is evaluated unless one before it refuses: past those that do not, it is certain. */
function certainlyAhead(
  constraints: readonly CompiledConstraint[],
  likely: StepsAhead = [],
): StepsAhead {
  return constraints.map((_constraint, i) => {
    const refuser = constraints.findIndex((one, at) => at >= i && one.refusal !== null);
    const certain = refuser < 0 ? constraints.length - 1 : refuser;
    return Math.max(certain, likely[i] ?? i);
  });
}

function withConstraint(rules: readonly InstanceRule[], constraint: CompiledConstraint): Rules {
  if (constraint.rule !== null) return [...rules, constraint.rule];
  return refusedByConstraint(constraint.refusal ?? '');
}
