import type { InstanceId } from '../kernel/index.ts';
import type { Topic } from './accuracy.ts';
import type { Beliefs } from './beliefs.ts';
import type { BidMiss, BidReplies, ExternalTerms, MarketConfig } from './bidding.ts';
import type { ContextSeen } from './context.ts';
import type { Explored, ProbeNeed } from './exploration.ts';
import type { FleetSnapshot, Instance, LocalLoad, Recovery } from './fleet.ts';
import type { Mandate } from './policy.ts';
import type { Estimate, Workload } from './workload.ts';

/** How busy an instance is as a request comes to it, as far as one can tell. */
export interface Occupancy {
  /** Sequences in the batch that the request would join, itself included. */
  readonly batch: number;
  /** Requests that have to leave before it starts. */
  readonly ahead: number;
  /** Sequences that run at once. */
  readonly slots: number;
  /** `ahead` over `slots`: the rounds of the batch until it starts. */
  readonly turns: number;
  /** Share of KV memory in use, 0–1; of the slots where the engine does not tell. */
  readonly kvUsageRatio: number;
  /** Uncached prompt tokens of requests of this worker whose first token has not come. */
  readonly pendingTokens: number;
}

/** What a bidder says of one instance. An unknown quantity is null: it fails a limit and is shown as unknown. */
export interface Quote {
  readonly instance: Instance;
  readonly costUsd: Estimate | null;
  /** The part of `ttftMs` that is the queue in front of the instance. */
  readonly waitMs: number;
  readonly ttftMs: Estimate;
  readonly latencyMs: Estimate;
  readonly energyJoules: Estimate | null;
  /** What the cost was multiplied by for load. */
  readonly loadPrice: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: Estimate;
}

/** One offer to serve one request: a quote as the market holds it. Times are corrected by reputation; accuracy is never self-declared. */
export interface Bid extends Quote {
  /** P(correct), 0–1. */
  readonly accuracy: Estimate | null;
  /** How busy its instance was; null or unset where nobody knew. */
  readonly occupancy?: Occupancy | null;
  /** Milliseconds that all others together lose by it there; unset: 0. */
  readonly crowdMs?: number;
  /** Milliseconds of this worker's work that lie before it there, and of its own prompt; unset: 0. */
  readonly backlogMs?: number;
  readonly prefillMs?: number;
  /** The output limit that the exchange sets here by itself; null or unset: none. */
  readonly limitTokens?: number | null;
  /** Why it is worth a probe; null or unset: it is not. */
  readonly need?: ProbeNeed | null;
  /** In USD, lower is better: the sum of `terms`. */
  readonly score: number;
  readonly terms: ScoreTerms;
  /** Of an instance whose owner is paid; null or unset: the house's own. */
  readonly external?: ExternalTerms | null;
}

/** The parts of a score, each in USD. */
export interface ScoreTerms {
  readonly cost: number;
  readonly time: number;
  /** What the delay that it imposes on others costs them; unset: 0. */
  readonly crowding?: number;
  readonly error: number;
  readonly energy: number;
  readonly lateness: number;
  readonly switching: number;
  /** What the scarcity of paced budgets adds; 0 where none is. */
  readonly pacing: number;
}

/** An instance that was not allowed to win, and why. */
export interface Exclusion {
  readonly instance: InstanceId;
  readonly cause:
    | 'model'
    | 'constraint'
    | 'lifecycle'
    | 'circuit'
    | 'context-window'
    | 'capability'
    | 'session'
    | 'bid'
    | 'limit';
  readonly detail: string;
  /** Of an open circuit, where it is known when it is tried again. */
  readonly recovery?: Recovery;
}

/** A session that may not leave an instance. */
export interface SessionHold {
  readonly instance: InstanceId;
  readonly by: 'tool-loop' | 'provider-state';
}

export interface Award {
  readonly kind: 'award';
  /** Best first. The first is the winner; the rest are the order of fallback. */
  readonly ranked: readonly Bid[];
  readonly excluded: readonly Exclusion[];
  /** The score at which the winner would have lost: the runner-up's; null with one bid. */
  readonly clearingScore: number | null;
  /** Bidders that were asked, or were to be, and have not quoted; unset: none. */
  readonly missed?: readonly BidMiss[];
  /** The session must stay where it is: the first was not chosen by its score. Unset: it was. */
  readonly hold?: SessionHold;
  /** The probability with which the winner was chosen: 1 without exploration. */
  readonly propensity: number;
  /** Another than the best score was chosen, to learn from it. Unset: the best was. */
  readonly explored?: Explored;
}

/** What instances are believed to hold of one prompt. */
export interface PromptPrefix {
  /** Share of the prompt, 0–1, that is in the instance's prefix cache. */
  cachedShare(instance: InstanceId): number;
}

/** Where a session was last served, and the tokens of its prompt and answer. */
export interface SessionPlacement {
  readonly instance: InstanceId;
  readonly tokens: number;
}

/** See `MarketConfig`. */
export type ReserveRule = Pick<MarketConfig, 'reserveMarkup' | 'reserveScoreUsd'>;

/** Everything a quote may depend on, besides the request. */
export interface MarketView {
  readonly fleet: FleetSnapshot;
  readonly load: LocalLoad;
  readonly beliefs: Beliefs;
  /** Whether instances of this kind of engine go on with a begun answer; unset: none does. */
  readonly continuesChat?: (engine: string) => boolean;
  /** After this time a verdict on a model counts half; unset: it never fades. */
  readonly accuracyHalfLifeMs?: number;
  /** Whether figures of cards move with the difficulty of a request; unset: they do not. */
  readonly byDifficulty?: boolean | undefined;
  /** Cuts the prompt into blocks, at most once; null or unset: nobody can tell, and the usual share of an instance stands. */
  readonly prefix?: () => PromptPrefix | null;
  /** The last placement of the request's session; null or unset: none is known. */
  readonly session?: () => SessionPlacement | null;
  /** What bidders answered; unset: nobody was asked. */
  readonly external?: BidReplies;
  /** The most that owners get; unset: the house owns all instances. */
  readonly reserve?: ReserveRule | undefined;
  /** Reads what the request is about, at most once; unset: nobody can tell. */
  readonly topic?: () => Topic;
  /** Reads where the request stands among others, at most once; unset: nobody can tell. */
  readonly context?: (topic: Topic) => ContextSeen;
  /** Whether contexts come with forecasts of a trained router; unset: they do not. */
  readonly hasRouter?: boolean;
}

/** Extension point: quotes for instances. The house bidder is the built-in one. */
export interface Bidder {
  readonly apiVersion: 1;
  readonly name: string;
  quote(workload: Workload, mandate: Mandate, instance: Instance, view: MarketView): Quote | null;
}
