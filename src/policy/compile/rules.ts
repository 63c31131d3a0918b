import type { AttemptPlan, Config, InstanceRule, Limits, Mandate } from '../../contract/index.ts';
import type { ModelId } from '../../kernel/index.ts';
import { weightsOf } from '../config/build-config.ts';
import { cacheRuleOf } from '../config/cache.ts';
import { DEFAULT_MODE, NO_LIMITS, reweigh } from '../config/modes.ts';
import { NO_INJECTION } from '../injection/compile.ts';
import type { CompiledInjection } from '../injection/compile.ts';
import type { Path } from '../document/place.ts';
import type { PolicyFile } from '../schema/index.ts';
import { explorationPart } from '../config/exploration.ts';
import { attemptPlansOf } from './attempt-plans.ts';
import type { Condition } from './condition.ts';
import { fixedAnswerOf } from '../tools/fixed-answer.ts';
import { withToolRule } from '../tools/compile.ts';
import { compileEvaluator } from './evaluator.ts';
import type { Evaluate } from './evaluator.ts';
import { compileRule, selectorOf } from './selector.ts';

export interface CompiledConstraint {
  readonly name: string;
  /** Its place among the constraints that stand with it. */
  readonly index: number;
  /** Its place in the document. */
  readonly path: Path;
  readonly condition: Condition | null;
  /** Null: it always applies. */
  readonly evaluate: Evaluate | null;
  /** Null where the constraint refuses. */
  readonly rule: InstanceRule | null;
  readonly refusal: string | null;
  /** What it does, as explanations show it. */
  readonly text: string;
}

export interface CompiledRoute {
  /** As decisions call it: that of a recipe is RECIPE/ROUTE. */
  readonly name: string;
  /** Its place among the routes that stand with it; null for the implied default. */
  readonly index: number | null;
  /** Its place in the document; null for the implied default. */
  readonly path: Path | null;
  readonly tier: number;
  readonly priority: number;
  readonly condition: Condition | null;
  /** Null: it always matches. */
  readonly evaluate: Evaluate | null;
  /** What it gives when nobody else has a say: no constraint, no tenant, no preference of the request. */
  readonly mandate: Mandate;
  readonly injection: CompiledInjection;
}

/** What was compiled of each route before the policy was known to be sound, in the order of the file. */
export interface RouteParts {
  readonly conditions: readonly (Condition | null)[];
  readonly injections: readonly CompiledInjection[];
}

/** Shared by every request that no constraint binds. */
export const NO_RULES: readonly InstanceRule[] = [];

/** Where rules stand: in the policy itself, or in a recipe. */
export interface RulePlace {
  readonly recipe: string | null;
  readonly path: Path;
}

/** Those of the policy itself. */
const AT_TOP: RulePlace = { recipe: null, path: [] };

/** In the order of evaluation. */
export function compileConstraints(
  constraints: PolicyFile['constraints'],
  conditions: readonly (Condition | null)[],
  { path }: RulePlace = AT_TOP,
): readonly CompiledConstraint[] {
  const compiled = constraints.map((constraint, index): CompiledConstraint => {
    const { name, refuse = null } = constraint;
    const condition = conditions[index] ?? null;
    const rule =
      refuse === null
        ? withToolRule(
            compileRule(name, selectorOf(constraint.require), selectorOf(constraint.forbid)),
            name,
            constraint.tools,
          )
        : null;
    return {
      name,
      index,
      path: [...path, 'constraints', index],
      condition,
      evaluate: condition === null ? null : compileEvaluator(condition, true),
      rule,
      refusal: refuse,
      text: `${name}: ${rule?.text ?? 'refuse'}`,
    };
  });
  return cheapestConstraintsFirst(compiled);
}

/** In the order of their conditions' cost: one that refuses spares the dearer ones. */
export const cheapestConstraintsFirst = (
  constraints: readonly CompiledConstraint[],
): readonly CompiledConstraint[] =>
  constraints.toSorted((a, b) => (a.condition?.cost ?? -1) - (b.condition?.cost ?? -1));

/** In the order in which they are tried, with a default at the end if none always matches. */
export function compileRoutes(
  routes: PolicyFile['routes'],
  parts: RouteParts,
  config: Config,
  place: RulePlace = AT_TOP,
): readonly CompiledRoute[] {
  const compiled = routes
    .map((route, index) => compileRoute({ route, index, place }, parts, config))
    .sort((a, b) => a.tier - b.tier || b.priority - a.priority);
  if (compiled.some((route) => route.evaluate === null)) return compiled;
  const isTaken = routes.some((route) => route.name === 'default');
  const name = routeName(isTaken ? 'implied-default' : 'default', place);
  return [...compiled, impliedDefault(name, config)];
}

/** How decisions call a route. */
export const routeName = (name: string, { recipe }: Pick<RulePlace, 'recipe'>): string =>
  recipe === null ? name : `${recipe}/${name}`;

interface RouteAt {
  readonly route: PolicyFile['routes'][number];
  readonly index: number;
  readonly place: RulePlace;
}

/** Null: any model. Those that only grade answers are left out. */
function everyModel({ models }: Config): ReadonlySet<ModelId> | null {
  if (models.every(({ isJudge }) => isJudge !== true)) return null;
  return new Set(models.filter(({ isJudge }) => isJudge !== true).map(({ id }) => id));
}

function compileRoute(
  { route, index, place }: RouteAt,
  parts: RouteParts,
  config: Config,
): CompiledRoute {
  const { use } = route;
  const name = routeName(route.name, place);
  const condition = parts.conditions[index] ?? null;
  const injection = parts.injections[index] ?? NO_INJECTION;
  const models = use.models === '*' ? everyModel(config) : new Set(use.models as ModelId[]);
  return {
    name,
    index,
    path: [...place.path, 'routes', index],
    tier: route.tier,
    priority: route.priority,
    condition,
    evaluate: condition === null ? null : compileEvaluator(condition, false),
    mandate: {
      ...plainMandate(name, config),
      models,
      mode: use.mode,
      objective: reweigh(config.modes.get(use.mode)!, weightsOf(use.weights)),
      limits: limitsOf(use.limits),
      injection: injection.plain,
      answer: fixedAnswerOf(use.answer),
      ...explorationPart(config.learning.exploration, use.exploration),
      attempts: attemptsOf(use.attempts, config.attempts),
      ...(use.queue !== undefined && { queue: use.queue }),
      ...cacheOf(route.cache),
      ...attemptPlansOf(use),
    },
    injection,
  };
}

function impliedDefault(name: string, config: Config): CompiledRoute {
  return {
    name,
    index: null,
    path: null,
    tier: Number.POSITIVE_INFINITY,
    priority: Number.NEGATIVE_INFINITY,
    condition: null,
    evaluate: null,
    mandate: {
      ...plainMandate(name, config),
      models: everyModel(config),
      ...explorationPart(config.learning.exploration),
    },
    injection: NO_INJECTION,
  };
}

/** Any model, the default mode, nothing injected. */
export function plainMandate(route: string, config: Config): Mandate {
  return {
    kind: 'mandate',
    route,
    isNamed: false,
    models: null,
    rules: NO_RULES,
    mode: DEFAULT_MODE,
    objective: config.modes.get(DEFAULT_MODE)!,
    limits: NO_LIMITS,
    injection: NO_INJECTION.plain,
    answer: null,
    tools: null,
    attempts: config.attempts,
  };
}

function limitsOf(limits: PolicyFile['routes'][number]['use']['limits']): Limits {
  if (limits === undefined) return NO_LIMITS;
  return {
    maxCostUsd: limits.maxCostUsd ?? null,
    maxTtftMs: limits.maxTtftMs ?? null,
    maxLatencyMs: limits.maxLatencyMs ?? null,
    minAccuracy: limits.minAccuracy ?? null,
    maxEnergyJoules: limits.maxEnergyJoules ?? null,
    quantile: limits.quantile,
  };
}

function cacheOf(file: PolicyFile['routes'][number]['cache']): Pick<Mandate, 'cache'> {
  const rule = file === undefined ? null : cacheRuleOf(file);
  return rule === null ? {} : { cache: rule };
}

function attemptsOf(
  override: PolicyFile['routes'][number]['use']['attempts'],
  attempts: AttemptPlan,
): AttemptPlan {
  if (override === undefined) return attempts;
  return {
    max: override.max ?? attempts.max,
    connectTimeoutMs: override.connectTimeoutMs ?? attempts.connectTimeoutMs,
    firstTokenTimeoutMs: override.firstTokenTimeoutMs ?? attempts.firstTokenTimeoutMs,
    idleTimeoutMs: override.idleTimeoutMs ?? attempts.idleTimeoutMs,
    totalTimeoutMs: override.totalTimeoutMs ?? attempts.totalTimeoutMs,
    continueCut: override.continueCut ?? attempts.continueCut ?? true,
  };
}
