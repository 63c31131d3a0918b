import type { Topic } from './accuracy.ts';
import type { StoredVerdict } from './feedback.ts';
import type { ShadowPrices } from './budget.ts';
import type { Explored } from './exploration.ts';
import type { FleetSnapshot } from './fleet.ts';
import type { Award, Bid, Exclusion } from './market.ts';
import type { CutTool, Effort, Mandate, OutputLimit, Policy } from './policy.ts';
import type { RuleTree, SystemPrompt } from './policy.ts';
import type { Refusal } from './refusal.ts';
import type { Outcome } from './outcome.ts';
import type { SignalReader } from './signal.ts';
import type { CacheCandidate, CacheHit } from './stages.ts';
import type { Workload } from './workload.ts';

/** What `decide` found: pure data, nothing done yet. */
export interface Decision {
  readonly workload: Workload;
  readonly policy: Policy;
  readonly signals: SignalReader;
  readonly fleet: FleetSnapshot;
  readonly mandate: Mandate | null;
  /** What answers instead of a model; null: nothing does. */
  readonly hit: CacheHit | null;
  /** The stored answer that stood beside the bids; unset: there was none. */
  readonly candidate?: CacheCandidate;
  readonly result: Award | Refusal;
}

/** A decision as it is remembered, without the client's text. Turned into a `DecisionView` when asked for. */
export interface DecisionView {
  readonly id: string;
  readonly at: string;
  readonly surface: string;
  readonly tenant: string;
  readonly requestedModel: string;
  readonly policyGeneration: number;
  readonly route: string | null;
  readonly mode: string | null;
  readonly archetype: string;
  readonly promptBytes: number;
  readonly signals: readonly {
    readonly key: string;
    readonly cost: string;
    /** `not-needed` where the outcome never depended on it. */
    readonly state: 'known' | 'unknown' | 'not-needed';
    readonly value: unknown;
    readonly confidence: number | null;
    readonly spentMicroseconds: number | null;
    readonly reason: string | null;
    /** The value was given with the question, in place of the signal's own. */
    readonly isAssumed?: true;
  }[];
  readonly rules: RuleTree;
  readonly objective: unknown;
  /** What paced budgets added to its prices; absent: nothing. */
  readonly shadow?: ShadowPrices;
  /** The fixed answer of the route, which no model was asked for; absent where there is none. */
  readonly answer?: string;
  /** What the route put into the request; absent where it is nothing, or no longer known. */
  readonly injection?: InjectionView;
  /** What rules said of the request's tools; absent where nothing was said. */
  readonly tools?: ToolsView;
  /** What the market read of the request's topic, for the accuracy of its bids; absent where it had no need to. */
  readonly topic?: Topic;
  /** The stored answer that was served, or stood beside the bids; absent where there was none. */
  readonly stored?: StoredAnswerView;
  readonly bids: readonly BidView[];
  readonly excluded: readonly Exclusion[];
  readonly winner: string | null;
  /** Why the session had to stay where it was; absent where it had not. */
  readonly heldBy?: 'tool-loop' | 'provider-state';
  readonly clearingScoreUsd: number | null;
  readonly propensity: number | null;
  /** Another than the best score was chosen, to learn from it; absent where the best was. */
  readonly explored?: Explored;
  readonly refusal: { readonly reason: string; readonly message: string } | null;
  /** Judgements of the answer; absent where there is none. */
  readonly verdicts?: readonly StoredVerdict[];
  /** Null until settled. */
  readonly outcome: Outcome | null;
}

/** A stored answer as a bid. */
export interface StoredAnswerView {
  /** The decision whose answer it is. */
  readonly of: string;
  readonly isServed: boolean;
  readonly ageSeconds: number;
  /** Cosine of the two questions; null: the request is the same. */
  readonly similarity: number | null;
  /** P(it is not the answer to this question); null: the request is the same. */
  readonly wrong: number | null;
  readonly maxErrorRate: number | null;
  /** Why one that was found by meaning was served or not; null: the request is the same. */
  readonly choice: CacheCandidate['choice'] | 'outbid' | null;
}

/** An injection as it is shown. Reasoning is told to each model in its own way: `BidView.reasoning`. */
export interface InjectionView {
  readonly systemPrompt: SystemPrompt | null;
  readonly reasoning: Effort | null;
  readonly maxOutputTokens: number | null;
  /** Absent where the route chooses no limit. What it comes to at each bidder: `BidView.limitTokens`. */
  readonly outputLimit?: Omit<OutputLimit, 'prior'>;
  /** By JSON pointer, the values as JSON. */
  readonly set: Readonly<Record<string, string>>;
}

/** Tools as they are shown. */
export interface ToolsView {
  /** The rules that bind the answer, for example `constraint no-shell: tools deny shell`. */
  readonly rules: readonly string[];
  /** How many tools were kept from the model; `cut` shows the first of them. */
  readonly cutCount: number;
  readonly cut: readonly CutTool[];
}

export interface BidView extends Omit<Bid, 'instance'> {
  readonly instance: string;
  readonly model: string;
  /** How much worse than the winner, in USD; 0 for the winner. */
  readonly lostByUsd: number;
  /** What switches its reasoning, such as `chat_template_kwargs.enable_thinking: false`; absent where nothing does. */
  readonly reasoning?: string;
}
