import { andThen, isPromise } from '../kernel/index.ts';
import type { MaybeAsync, ModelId } from '../kernel/index.ts';
import type {
  Caller,
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
  Workload,
} from '../contract/index.ts';
import { isRefusal, virtualModel } from '../contract/index.ts';
import { explainRules } from './compile/explain-rules.ts';
import { Rulebook } from './compile/rulebook.ts';
import type { Rules } from './compile/rulebook.ts';
import { FLEET_IN_VIEW, POOL_KIND } from './compile/pool-signal.ts';
import type { CompiledRecipe } from './compile/rule-sets.ts';
import { plainMandate } from './compile/rules.ts';
import type { CompiledConstraint, CompiledRoute } from './compile/rules.ts';
import { barringRules, NamedModels } from './named-models.ts';
import { embeddingsNeedName, forbiddenModel, forbiddenRecipe } from './refusals.ts';
import { TermsReader } from './terms.ts';
import { withTools } from './tools/bind.ts';
import type { Terms } from './terms.ts';

export interface PolicyParts {
  readonly generation: number;
  readonly config: Config;
  readonly slots: readonly SignalSlot[];
  /** In the order of evaluation. */
  readonly constraints: readonly CompiledConstraint[];
  /** In the order in which they are tried; the last one always matches. */
  readonly routes: readonly CompiledRoute[];
  readonly recipes: readonly CompiledRecipe[];
}

/** By the recipe that a request asks for; the policy's own under null. */
type Rulebooks = ReadonlyMap<string | null, Rulebook>;

/** What one request asks, as far as its policy is concerned. */
interface Ask {
  readonly workload: Workload;
  readonly requestedModel: string;
  readonly signals: SignalReader;
  readonly fleet: FleetSnapshot;
  readonly terms: Terms;
  readonly rulebook: Rulebook;
  /** The models that the client named; null where it left the choice to the market. */
  readonly named: ReadonlySet<ModelId> | null;
}

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
  readonly #parts: PolicyParts;
  readonly #rulebooks: Rulebooks;
  readonly #recipes: ReadonlyMap<string, CompiledRecipe>;
  readonly #terms: TermsReader;
  readonly #named: NamedModels;
  readonly #namedMandate: Mandate;
  readonly #readsFleet: boolean;

  constructor(parts: PolicyParts, rulebooks = rulebooksOf(parts)) {
    this.generation = parts.generation;
    this.config = parts.config;
    this.slots = parts.slots;
    this.#parts = parts;
    this.#rulebooks = rulebooks;
    this.#recipes = new Map(parts.recipes.map((recipe) => [recipe.name, recipe]));
    this.#terms = new TermsReader(parts.config);
    this.#named = new NamedModels(parts.config.models);
    this.#readsFleet = parts.slots.some((slot) => slot.kind === POOL_KIND);
    const named = parts.config.cache?.named ?? null;
    this.#namedMandate = {
      ...plainMandate(NAMED_ROUTE, parts.config),
      isNamed: true,
      ...(named !== null && { cache: named }),
    };
  }

  decide(
    workload: Workload,
    signals: SignalReader,
    fleet: FleetSnapshot,
    preferences: TenantPreferences | null,
  ): MaybeAsync<Mandate | Refusal> {
    const { requestedModel } = workload;
    const asked = virtualModel(requestedModel);
    if (asked !== null && workload.surface === 'embeddings') {
      return embeddingsNeedName(requestedModel);
    }
    const recipe = this.#recipeOf(asked);
    if (recipe !== null && !mayAsk(workload.caller, recipe)) return forbiddenRecipe(recipe.name);
    const named = asked === null ? this.#named.find(requestedModel, fleet) : null;
    if (isRefusal(named)) return named;
    const terms = this.#terms.read(workload, preferences, recipe?.name ?? null);
    if (isRefusal(terms)) return terms;
    if (this.#readsFleet) signals.share(FLEET_IN_VIEW).fleet = fleet;
    const rulebook = this.#rulebooks.get(recipe?.name ?? null)!;
    const ask: Ask = { requestedModel, workload, signals, fleet, terms, rulebook, named };
    const rules = rulebook.matchConstraints(signals);
    return isPromise(rules)
      ? rules.then((matched) => this.#conclude(ask, matched))
      : this.#conclude(ask, rules);
  }

  explain(
    mandateRoute: string,
    readings: readonly (SpentReading | undefined)[],
    requestedModel = '',
  ): RuleTree {
    const recipe = this.#recipeOf(virtualModel(requestedModel));
    const { constraints, routes } = this.#rulebooks.get(recipe?.name ?? null)!;
    const isNamed = mandateRoute === NAMED_ROUTE;
    const tree = explainRules(constraints, isNamed ? [] : routes, readings);
    return recipe === null ? tree : { recipe: recipe.name, ...tree };
  }

  observe(readings: readonly (SpentReading | undefined)[], requestedModel: string): Policy {
    const asked = virtualModel(requestedModel);
    const name = this.#recipeOf(asked)?.name ?? null;
    const before = this.#rulebooks.get(name)!;
    const after = before.observe(readings, asked === null);
    if (after === before) return this;
    return new CompiledPolicy(this.#parts, new Map([...this.#rulebooks, [name, after]]));
  }

  #recipeOf(asked: string | null): CompiledRecipe | null {
    return asked === null || asked === '' ? null : (this.#recipes.get(asked) ?? null);
  }

  #conclude(ask: Ask, rules: Rules): MaybeAsync<Mandate | Refusal> {
    if (isRefusal(rules)) return rules;
    const { named, terms } = ask;
    if (named !== null) {
      const barring = barringRules(named, rules, ask.fleet);
      if (barring.length > 0) return forbiddenModel(ask.requestedModel, barring);
      const mandate = this.#terms.apply({ ...this.#namedMandate, models: named }, terms, rules);
      return withTools(mandate, null, ask);
    }
    const route = ask.rulebook.chooseRoute(ask.signals);
    return isPromise(route)
      ? route.then((chosen) => this.#grant(chosen, ask, rules))
      : this.#grant(route, ask, rules);
  }

  #grant(
    route: CompiledRoute,
    ask: Ask,
    rules: readonly InstanceRule[],
  ): MaybeAsync<Mandate | Refusal> {
    return andThen(this.#inject(route, ask, rules), (mandate) =>
      withTools(mandate, route.injection.tools, ask),
    );
  }

  /** The mandate of the route that decided, with what it injects settled for this request. */
  #inject(route: CompiledRoute, ask: Ask, rules: readonly InstanceRule[]): MaybeAsync<Mandate> {
    const { mandate, injection: compiled } = route;
    const { terms } = ask;
    if (compiled.settle === null) return this.#terms.apply(mandate, terms, rules);
    const canThink = compiled.readsDifficulty && canAnyThink(mandate.models, rules, ask.fleet);
    const settled = compiled.settle(ask.signals, canThink);
    return isPromise(settled)
      ? settled.then((injection) => this.#terms.apply({ ...mandate, injection }, terms, rules))
      : this.#terms.apply({ ...mandate, injection: settled }, terms, rules);
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

function mayAsk({ roles }: Caller, recipe: CompiledRecipe): boolean {
  return recipe.roles === null || roles.some((role) => recipe.roles!.has(role));
}

function rulebooksOf(parts: PolicyParts): Rulebooks {
  const recipes = parts.recipes.map((recipe) => [recipe.name, new Rulebook(recipe)] as const);
  return new Map([[null, new Rulebook(parts)], ...recipes]);
}
