import { isPromise } from '../kernel/index.ts';
import type { MaybeAsync, ModelId } from '../kernel/index.ts';
import type {
  Config,
  FleetSnapshot,
  InstanceRule,
  Mandate,
  Policy,
  Refusal,
  RuleTree,
  SignalReader,
  SignalSlot,
  SpentReading,
  TenantPreferences,
  Truth,
  Workload,
} from '../contract/index.ts';
import { isRefusal } from '../contract/index.ts';
import { explainRules } from './compile/explain-rules.ts';
import { FLEET_IN_VIEW, POOL_KIND } from './compile/pool-signal.ts';
import { NO_RULES, plainMandate } from './compile/rules.ts';
import type { CompiledConstraint, CompiledRoute } from './compile/rules.ts';
import { barringRules, NamedModels } from './named-models.ts';
import { embeddingsNeedName, forbiddenModel, refusedByConstraint } from './refusals.ts';
import { TermsReader } from './terms.ts';
import type { Terms } from './terms.ts';
import { isVirtualModel } from './virtual-models.ts';

export interface PolicyParts {
  readonly generation: number;
  readonly config: Config;
  readonly slots: readonly SignalSlot[];
  /** In the order of evaluation. */
  readonly constraints: readonly CompiledConstraint[];
  /** In the order in which they are tried; the last one always matches. */
  readonly routes: readonly CompiledRoute[];
}

/** What one request asks, as far as its policy is concerned. */
interface Ask {
  readonly requestedModel: string;
  readonly signals: SignalReader;
  readonly fleet: FleetSnapshot;
  readonly terms: Terms;
  /** The models that the client named; null where it left the choice to the market. */
  readonly named: ReadonlySet<ModelId> | null;
}

type Rules = readonly InstanceRule[] | Refusal;

/** The name that decisions give to the route of a client that named its model. */
const NAMED_ROUTE = 'named';

/**
 * The policy at work: constraints first, all of them; then routes until one matches, unless the
 * client named a model. It waits only where a signal is a promise.
 */
export class CompiledPolicy implements Policy {
  readonly generation: number;
  readonly config: Config;
  readonly slots: readonly SignalSlot[];
  readonly #constraints: readonly CompiledConstraint[];
  readonly #routes: readonly CompiledRoute[];
  readonly #terms: TermsReader;
  readonly #named: NamedModels;
  readonly #namedMandate: Mandate;
  readonly #readsFleet: boolean;

  constructor(parts: PolicyParts) {
    this.generation = parts.generation;
    this.config = parts.config;
    this.slots = parts.slots;
    this.#constraints = parts.constraints;
    this.#routes = parts.routes;
    this.#terms = new TermsReader(parts.config);
    this.#named = new NamedModels(parts.config.models);
    this.#readsFleet = parts.slots.some((slot) => slot.kind === POOL_KIND);
    this.#namedMandate = { ...plainMandate(NAMED_ROUTE, parts.config), isNamed: true };
  }

  decide(
    workload: Workload,
    signals: SignalReader,
    fleet: FleetSnapshot,
    preferences: TenantPreferences | null,
  ): MaybeAsync<Mandate | Refusal> {
    const { requestedModel } = workload;
    const isVirtual = isVirtualModel(requestedModel);
    if (isVirtual && workload.surface === 'embeddings') return embeddingsNeedName(requestedModel);
    const named = isVirtual ? null : this.#named.find(requestedModel, fleet);
    if (isRefusal(named)) return named;
    const terms = this.#terms.read(workload, preferences);
    if (isRefusal(terms)) return terms;
    if (this.#readsFleet) signals.share(FLEET_IN_VIEW).fleet = fleet;
    const ask: Ask = { requestedModel, signals, fleet, terms, named };
    const rules = this.#matchConstraints(signals, 0, NO_RULES);
    return isPromise(rules)
      ? rules.then((matched) => this.#conclude(ask, matched))
      : this.#conclude(ask, rules);
  }

  explain(mandateRoute: string, readings: readonly (SpentReading | undefined)[]): RuleTree {
    const isNamed = mandateRoute === NAMED_ROUTE;
    return explainRules(this.#constraints, isNamed ? [] : this.#routes, readings);
  }

  /** An unknown condition counts as matching: a constraint protects when in doubt. */
  #matchConstraints(
    signals: SignalReader,
    start: number,
    matched: readonly InstanceRule[],
  ): MaybeAsync<Rules> {
    let rules = matched;
    for (let i = start; i < this.#constraints.length; i++) {
      const constraint = this.#constraints[i]!;
      const truth: MaybeAsync<Truth> =
        constraint.evaluate === null ? true : constraint.evaluate(signals);
      if (isPromise(truth)) {
        const before = rules;
        return truth.then((settled) => {
          const after = settled === false ? before : withConstraint(before, constraint);
          return isRefusal(after) ? after : this.#matchConstraints(signals, i + 1, after);
        });
      }
      if (truth === false) continue;
      const after = withConstraint(rules, constraint);
      if (isRefusal(after)) return after;
      rules = after;
    }
    return rules;
  }

  #conclude(ask: Ask, rules: Rules): MaybeAsync<Mandate | Refusal> {
    if (isRefusal(rules)) return rules;
    const { named, terms } = ask;
    if (named !== null) {
      const barring = barringRules(named, rules, ask.fleet);
      if (barring.length > 0) return forbiddenModel(ask.requestedModel, barring);
      return this.#terms.apply({ ...this.#namedMandate, models: named }, terms, rules);
    }
    const route = this.#chooseRoute(ask.signals, 0);
    return isPromise(route)
      ? route.then((chosen) => this.#grant(chosen, ask, rules))
      : this.#grant(route, ask, rules);
  }

  /** The mandate of the route that decided, with what it injects settled for this request. */
  #grant(route: CompiledRoute, ask: Ask, rules: readonly InstanceRule[]): MaybeAsync<Mandate> {
    const { mandate, injection: compiled } = route;
    const { terms } = ask;
    if (compiled.settle === null) return this.#terms.apply(mandate, terms, rules);
    const canThink = compiled.readsDifficulty && canAnyThink(mandate.models, rules, ask.fleet);
    const settled = compiled.settle(ask.signals, canThink);
    return isPromise(settled)
      ? settled.then((injection) => this.#terms.apply({ ...mandate, injection }, terms, rules))
      : this.#terms.apply({ ...mandate, injection: settled }, terms, rules);
  }

  /** The first route that is true; an unknown one is none. */
  #chooseRoute(signals: SignalReader, start: number): MaybeAsync<CompiledRoute> {
    for (let i = start; ; i++) {
      const route = this.#routes[i]!;
      if (route.evaluate === null) return route;
      const truth = route.evaluate(signals);
      if (isPromise(truth)) {
        return truth.then((settled) =>
          settled === true ? route : this.#chooseRoute(signals, i + 1),
        );
      }
      if (truth === true) return route;
    }
  }
}

/** Whether any instance that may serve has a model with a switch for reasoning. */
function canAnyThink(
  models: Mandate['models'],
  rules: readonly InstanceRule[],
  fleet: FleetSnapshot,
): boolean {
  return fleet.states.some(
    ({ instance }) =>
      instance.model.reasoning !== null &&
      (models === null || models.has(instance.model.id)) &&
      rules.every((rule) => rule.permits(instance)),
  );
}

function withConstraint(rules: readonly InstanceRule[], constraint: CompiledConstraint): Rules {
  if (constraint.rule !== null) return [...rules, constraint.rule];
  return refusedByConstraint(constraint.refusal ?? '');
}
