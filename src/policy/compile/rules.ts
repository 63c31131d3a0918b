import type { AttemptPlan, Config, InstanceRule, Limits, Mandate } from '../../contract/index.ts';
import type { ModelId } from '../../kernel/index.ts';
import { weightsOf } from '../config/build-config.ts';
import { DEFAULT_MODE, NO_LIMITS, reweigh } from '../config/modes.ts';
import { NO_INJECTION } from '../injection/compile.ts';
import type { CompiledInjection } from '../injection/compile.ts';
import type { PolicyFile } from '../schema/index.ts';
import type { Condition } from './condition.ts';
import { compileEvaluator } from './evaluator.ts';
import type { Evaluate } from './evaluator.ts';
import { compileRule, selectorOf } from './selector.ts';

export interface CompiledConstraint {
  readonly name: string;
  /** Its place in the file. */
  readonly index: number;
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
  readonly name: string;
  /** Its place in the file; null for the implied default. */
  readonly index: number | null;
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

/** In the order of their conditions' cost: one that refuses spares the dearer ones. */
export function compileConstraints(
  constraints: PolicyFile['constraints'],
  conditions: readonly (Condition | null)[],
): readonly CompiledConstraint[] {
  const compiled = constraints.map((constraint, index): CompiledConstraint => {
    const { name, refuse = null } = constraint;
    const condition = conditions[index] ?? null;
    const rule =
      refuse === null
        ? compileRule(name, selectorOf(constraint.require), selectorOf(constraint.forbid))
        : null;
    return {
      name,
      index,
      condition,
      evaluate: condition === null ? null : compileEvaluator(condition, true),
      rule,
      refusal: refuse,
      text: `${name}: ${rule?.text ?? 'refuse'}`,
    };
  });
  return compiled.sort((a, b) => (a.condition?.cost ?? -1) - (b.condition?.cost ?? -1));
}

/** In the order in which they are tried, with a default at the end if none always matches. */
export function compileRoutes(
  routes: PolicyFile['routes'],
  parts: RouteParts,
  config: Config,
): readonly CompiledRoute[] {
  const compiled = routes
    .map((route, index) => compileRoute(route, index, parts, config))
    .sort((a, b) => a.tier - b.tier || b.priority - a.priority);
  if (compiled.some((route) => route.evaluate === null)) return compiled;
  const isTaken = compiled.some((route) => route.name === 'default');
  return [...compiled, impliedDefault(isTaken ? 'implied-default' : 'default', config)];
}

function compileRoute(
  route: PolicyFile['routes'][number],
  index: number,
  parts: RouteParts,
  config: Config,
): CompiledRoute {
  const { use, name } = route;
  const condition = parts.conditions[index] ?? null;
  const injection = parts.injections[index] ?? NO_INJECTION;
  const models = use.models === '*' ? null : new Set(use.models as ModelId[]);
  return {
    name,
    index,
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
      answer: use.answer?.text ?? null,
      attempts: attemptsOf(use.attempts, config.attempts),
    },
    injection,
  };
}

function impliedDefault(name: string, config: Config): CompiledRoute {
  return {
    name,
    index: null,
    tier: Number.POSITIVE_INFINITY,
    priority: Number.NEGATIVE_INFINITY,
    condition: null,
    evaluate: null,
    mandate: plainMandate(name, config),
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
  };
}
