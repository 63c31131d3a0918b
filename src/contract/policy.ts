import type { MaybeAsync, ModelId } from '../kernel/index.ts';
import type { ShadowPrices } from './budget.ts';
import type { CacheRule } from './cache.ts';
import type { AttemptPlan, Config } from './config.ts';
import type { LogEstimate } from './encoder.ts';
import type { ExplorationPlan } from './exploration.ts';
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
  /** What the constraint says of tools; absent: nothing. */
  readonly tools?: ToolRule;
}

/** What a constraint or a route says of tools, by their names. */
export interface ToolRule {
  /** For example `constraint no-shell`. */
  readonly source: string;
  /** For example `tools deny shell, db_*`. */
  readonly text: string;
  permits(name: string): boolean;
  /** What becomes of a request that declares a tool that is not permitted. */
  readonly onDeclared: 'cut' | 'refuse';
  /** The same for one whose conversation holds a call of such a tool. */
  readonly onHistory: 'keep' | 'refuse';
  /** What becomes of an answer that calls such a tool, or one that the request did not declare. */
  readonly onCall: 'drop' | 'block' | 'allow';
  /** What the client is told in its place; null: the exchange's own words. */
  readonly message: string | null;
}

/** Which of a request's tools reach the model, and which calls reach the client. Settled for one request. */
export interface ToolPlan {
  /** Those that bind the answer; empty where tools were only cut as irrelevant. */
  readonly rules: readonly ToolRule[];
  /** Places of the tools that are kept from the model, ascending: as `declaredTools` of wire counts them. */
  readonly cut: readonly number[];
  /** Their bytes in the client's body. */
  readonly cutBytes: number;
  /** The first of them, as explanations show them. */
  readonly shown: readonly CutTool[];
}

export interface CutTool {
  /** The client's text: escaped and cut short. */
  readonly name: string;
  /** For example `constraint no-shell`, or `relevance 0.12`. */
  readonly because: string;
}

/** What a route answers by itself. */
export interface FixedAnswer {
  /** `refusal` stands where the surface has a place for refusals. */
  readonly kind: 'text' | 'refusal';
  readonly text: string;
  /** Where the client is sent to; null: nowhere. */
  readonly url: string | null;
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
 * An output limit that is chosen for each answer: what a share `quantile` of answers does not exceed,
 * times `margin`, between the bounds, and what the model may think on top. An answer that it cuts is
 * continued, so it costs nobody an answer.
 */
export interface OutputLimit {
  readonly quantile: number;
  readonly margin: number;
  readonly minTokens: number;
  readonly maxTokens: number | null;
  /** What the text of the request lets expect, before anything was observed; null: unknown. */
  readonly prior: LogEstimate | null;
}

/**
 * What an attempt changes in the client's bytes, settled for one request; the family of the attempt's
 * model decides how. Holds no text of the client.
 */
export interface Injection {
  readonly systemPrompt: SystemPrompt | null;
  readonly reasoning: Effort | null;
  /** A ceiling where the caller sets none. */
  readonly maxOutputTokens: number | null;
  /** In place of a ceiling; unset: none. */
  readonly outputLimit?: OutputLimit;
  readonly fields: readonly InjectedField[];
}

/** What tells how sure a model was of its answer: the log-probabilities of its tokens, or its own answer to whether it is right. */
export type ConfidenceKind = 'meanLogprob' | 'minLogprob' | 'selfCheck';

/** A model of a cascade, and how much it is to think. */
export interface CascadeStep {
  readonly model: ModelId;
  /** Null: as the route has it. */
  readonly effort: Effort | null;
  /** P(correct) with this effort, 0–1; null: what is believed of the model. */
  readonly accuracy: number | null;
}

/** How an answer is checked, and what becomes of one that is doubtful. One object for each route. */
export interface CascadePlan {
  /** In the order in which they are asked; null: chosen for each request from its bids. */
  readonly steps: readonly CascadeStep[] | null;
  /** The most steps of one request. */
  readonly maxSteps: number;
  /** Null: only the form of an answer is looked at. */
  readonly confidence: ConfidenceKind | null;
  /** Who is asked whether an answer is right; null: the model that gave it. */
  readonly checkedBy: ModelId | null;
  /** An answer is accepted from this P(correct) on, 0–1; null: where another step is not worth its price. */
  readonly acceptFrom: number | null;
  /** Whether a stream is accepted after so many tokens; null: at its end. */
  readonly decideAfterTokens: number | null;
}

/** When a second instance is asked. One object for each route. */
export interface HedgePlan {
  /** After so much time without a first token; null: after the quantile. */
  readonly afterMs: number | null;
  /** Of the time that the bid promises, between 0 and 1. */
  readonly afterQuantile: number;
  /** The most of the route's requests that are hedged, 0–1. */
  readonly maxShare: number;
  /** Mean load of the instances that may serve, 0–1, above which none is. */
  readonly maxLoad: number;
}

/** Requests wait at the exchange, and not where they are served. */
export interface QueueRule {
  readonly order: 'shortest-first' | 'arrival';
  /** Shortest first: a request is passed by none that comes more than so many times its own prefill time later. */
  readonly patience: number;
  /** Then it goes out, wherever it stands. */
  readonly maxMs: number;
}

/** The policy's answer: who may serve, and what their qualities are worth. */
export interface Mandate {
  readonly kind: 'mandate';
  /** The route that decided, RECIPE/ROUTE where it is of a recipe; `named` where the client named a real model. */
  readonly route: string;
  /** True when the client named a real model: there is no market, only permission. */
  readonly isNamed: boolean;
  /** Null: any model. */
  readonly models: ReadonlySet<ModelId> | null;
  readonly rules: readonly InstanceRule[];
  readonly mode: string;
  readonly objective: Objective;
  readonly limits: Limits;
  /** What the scarcity of paced budgets adds to the objective's prices; unset: nothing. */
  readonly shadow?: ShadowPrices;
  /** How its auctions may be lost by the best score; unset: never. */
  readonly exploration?: ExplorationPlan;
  readonly injection: Injection;
  /** What the route itself answers, instead of any model; null: a model answers. */
  readonly answer: FixedAnswer | null;
  /** What the cache may do; unset: nothing. */
  readonly cache?: CacheRule;
  /** Null where nothing is said of tools. */
  readonly tools: ToolPlan | null;
  readonly attempts: AttemptPlan;
  /** Unset: it goes out at once. */
  readonly queue?: QueueRule;
  /** Cheap models first, and a dearer one where the answer is doubtful; unset: the winner alone answers. */
  readonly cascade?: CascadePlan;
  /** A second instance is asked where the first is slow; unset: it is not. */
  readonly hedge?: HedgePlan;
}

/** A rule tree with the value at each node, for explanations. */
export interface RuleNode {
  readonly text: string;
  /** Undefined: never evaluated, because the outcome no longer depended on it. */
  readonly value: Truth | undefined;
  /** The fast reading was doubtful and the outcome did not need a surer one: the value is null. */
  readonly isDoubtful?: boolean;
  /** The signal that a leaf reads, and the surer one that a doubt of it asks: places in `Policy.slots`. */
  readonly slot?: number;
  readonly surerSlot?: number;
  readonly children: readonly RuleNode[];
}

export interface RuleTree {
  /** The recipe that the request asked for; absent: none. */
  readonly recipe?: string;
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
  /** Rebuilds the tree of a past decision from its readings; reads no signal. `requestedModel`: as the client wrote it. */
  explain(
    mandateRoute: string,
    readings: readonly (SpentReading | undefined)[],
    requestedModel?: string,
  ): RuleTree;
  /**
   * Learns from the readings of a decision that was served. Gives the policy that decides from then on:
   * this one, or one that comes to the same outcomes in a better order. Unset: nothing is learned.
   */
  observe?(readings: readonly (SpentReading | undefined)[], requestedModel: string): Policy;
}

/** A tenant's stored preferences: the admin API's overlay over the policy's `tenants`. */
export interface TenantPreferences {
  readonly mode: string | null;
  readonly weights: Partial<Objective> | null;
}

/** Something wrong at a place of the policy file, or of one that it names. Lines and columns count from 1. */
export interface PolicyProblem {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly path: string;
  /** Absolute; absent: the policy file itself. */
  readonly file?: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly suggestion: string | null;
}
