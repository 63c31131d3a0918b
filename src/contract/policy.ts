import type { MaybeAsync, ModelId } from '../kernel/index.ts';
import type { AttemptPlan, Config } from './config.ts';
import type { FleetSnapshot, Instance } from './fleet.ts';
import type { Refusal } from './refusal.ts';
import type { SignalReader, SignalSlot, SpentReading, Truth } from './signal.ts';
import type { Limits, Objective, Workload } from './workload.ts';

/** A constraint that matched this request: it bars instances on every path. */
export interface InstanceRule {
  readonly constraint: string;
  permits(instance: Instance): boolean;
  /** For example `require site: on-prem`. */
  readonly text: string;
}

/** How much a model is to think before it answers. */
export type Effort = 'off' | 'low' | 'medium' | 'high';

/** A system prompt of the policy, and how it meets one that the client sent. */
export interface SystemPrompt {
  /** `onlyIfGeneric`: in place of a prompt that says nothing ("You are a helpful assistant."), or of none. */
  readonly mode: 'replace' | 'prepend' | 'append' | 'onlyIfGeneric';
  readonly text: string;
}

/** A member of the body that the policy sets: its keys from the top level down (plain ASCII), and its value as JSON. */
export interface InjectedField {
  readonly path: readonly string[];
  readonly json: string;
}

/**
 * What an attempt changes in the client's bytes, settled for one request; the family of the attempt's
 * model decides how. Holds no text of the client.
 */
export interface Injection {
  readonly systemPrompt: SystemPrompt | null;
  readonly reasoning: Effort | null;
  readonly maxOutputTokens: number | null;
  readonly fields: readonly InjectedField[];
}

/** The policy's answer: who may serve, and what their qualities are worth. */
export interface Mandate {
  readonly kind: 'mandate';
  /** The route that decided; `named` where the client named a real model. */
  readonly route: string;
  /** True when the client named a real model: there is no market, only permission. */
  readonly isNamed: boolean;
  /** Null: any model. */
  readonly models: ReadonlySet<ModelId> | null;
  readonly rules: readonly InstanceRule[];
  readonly mode: string;
  readonly objective: Objective;
  readonly limits: Limits;
  readonly injection: Injection;
  /** What the route itself answers, instead of any model; null: a model answers. */
  readonly answer: string | null;
  readonly attempts: AttemptPlan;
}

/** A rule tree with the value at each node, for explanations. */
export interface RuleNode {
  readonly text: string;
  /** Undefined: never evaluated, because the outcome no longer depended on it. */
  readonly value: Truth | undefined;
  /** The fast reading was doubtful and the outcome did not need a surer one: the value is null. */
  readonly isDoubtful?: boolean;
  readonly children: readonly RuleNode[];
}

export interface RuleTree {
  readonly constraints: readonly RuleNode[];
  readonly routes: readonly RuleNode[];
}

/** A compiled policy: immutable; one decision sees one policy. */
export interface Policy {
  readonly generation: number;
  readonly config: Config;
  readonly slots: readonly SignalSlot[];
  decide(
    workload: Workload,
    signals: SignalReader,
    fleet: FleetSnapshot,
    preferences: TenantPreferences | null,
  ): MaybeAsync<Mandate | Refusal>;
  /** Rebuilds the tree of a past decision from its readings; reads no signal. */
  explain(mandateRoute: string, readings: readonly (SpentReading | undefined)[]): RuleTree;
}

/** A tenant's stored preferences: the admin API's overlay over the policy's `tenants`. */
export interface TenantPreferences {
  readonly mode: string | null;
  readonly weights: Partial<Objective> | null;
}

/** A place in the policy file. Lines and columns count from 1. */
export interface PolicyProblem {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly suggestion: string | null;
}
