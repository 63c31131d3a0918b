import type {
  AttemptPlan,
  Config,
  Injection,
  InstanceRule,
  Limits,
  Mandate,
} from '../../contract/index.ts';
import type { ModelId } from '../../kernel/index.ts';
import { weightsOf } from '../config/build-config.ts';
import { DEFAULT_MODE, NO_LIMITS, reweigh } from '../config/modes.ts';
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
  readonly priority: number;
  readonly condition: Condition | null;
  /** Null: it always matches. */
  readonly evaluate: Evaluate | null;
  /** What it gives when nobody else has a say: no constraint, no tenant, no preference of the request. */
  readonly mandate: Mandate;
}

/** Shared by every request that no constraint binds. */
export const NO_RULES: readonly InstanceRule[] = [];

const NO_INJECTION: Injection = {
  systemPrompt: null,
  reasoning: null,
  maxOutputTokens: null,
};

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
  conditions: readonly (Condition | null)[],
  config: Config,
): readonly CompiledRoute[] {
  const compiled = routes
    .map((route, index) => compileRoute(route, index, conditions[index] ?? null, config))
    .sort((a, b) => b.priority - a.priority);
  if (compiled.some((route) => route.evaluate === null)) return compiled;
  const isTaken = compiled.some((route) => route.name === 'default');
  return [...compiled, impliedDefault(isTaken ? 'implied-default' : 'default', config)];
}

function compileRoute(
  route: PolicyFile['routes'][number],
  index: number,
  condition: Condition | null,
  config: Config,
): CompiledRoute {
  const { use, name } = route;
  const models = use.models === '*' ? null : new Set(use.models as ModelId[]);
  return {
    name,
    index,
    priority: route.priority,
    condition,
    evaluate: condition === null ? null : compileEvaluator(condition, false),
    mandate: {
      ...plainMandate(name, config),
      models,
      mode: use.mode,
      objective: reweigh(config.modes.get(use.mode)!, weightsOf(use.weights)),
      limits: limitsOf(use.limits),
      injection: {
        systemPrompt: use.systemPrompt ?? null,
        reasoning: use.reasoning ?? null,
        maxOutputTokens: use.maxTokens ?? null,
      },
      attempts: attemptsOf(use.attempts, config.attempts),
    },
  };
}

function impliedDefault(name: string, config: Config): CompiledRoute {
  return {
    name,
    index: null,
    priority: Number.NEGATIVE_INFINITY,
    condition: null,
    evaluate: null,
    mandate: plainMandate(name, config),
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
    injection: NO_INJECTION,
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
