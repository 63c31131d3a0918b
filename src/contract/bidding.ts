import type { InstanceId } from '../kernel/index.ts';
import type { Instance } from './fleet.ts';
import type { Estimate, Objective } from './workload.ts';

/** Where an instance is asked for its own quotes, and the secret that both sides sign with. */
export interface BidEndpoint {
  readonly url: string;
  readonly secret: string;
}

/** What a tenant is charged where an owner that is paid has served: list rates, or the payment. */
export type Tariff = 'own-rates' | 'clearing';

/** How the exchange deals with owners that quote for themselves. */
export interface MarketConfig {
  /** From the question on: later quotes do not count. */
  readonly bidDeadlineMs: number;
  /** Questions to one endpoint that are unanswered at once. */
  readonly bidsOutstanding: number;
  /** Whether bidders are told the prices of time and energy of the request. */
  readonly tellsPrices: boolean;
  readonly tariff: Tariff;
  /** The most that an owner gets, over what the house would bid for its instance at list rates. */
  readonly reserveMarkup: number;
  /** In USD: no bid of an owner may score more. Null: only the mark-up counts. */
  readonly reserveScoreUsd: number | null;
}

/** What a bidder is told of a request: never its text, and not who asks. */
export interface BidFacts {
  readonly instance: InstanceId;
  readonly model: string;
  readonly surface: string;
  readonly isStream: boolean;
  readonly archetype: string;
  readonly promptTokens: number;
  /** Of them, those that the exchange takes for cached at the instance. */
  readonly cachedTokens: number;
  readonly outputTokens: Estimate;
  /** The latency limit of the request; null: none. */
  readonly deadlineMs: number | null;
  /** Absent where the policy does not tell them. */
  readonly prices?: Pick<Objective, 'usdPerSecond' | 'usdPerKilojoule'>;
}

export interface BidQuestion {
  readonly instance: Instance;
  readonly facts: BidFacts;
}

/** A quantity as a bidder quotes it; a deviation that it leaves out is taken from the house's own estimate. */
export interface QuotedEstimate {
  readonly mean: number;
  readonly deviation: number | null;
}

/** A quote as it was received. Null: the bidder declines. */
export interface ExternalQuote {
  readonly costUsd: QuotedEstimate;
  readonly ttftMs: QuotedEstimate;
  readonly latencyMs: QuotedEstimate;
  /** Null: it does not say. */
  readonly energyJoules: QuotedEstimate | null;
}

/** Why there is no quote of an instance's own. The first four break the promise to quote. */
export const BID_MISS_CAUSES = [
  'late',
  'unreachable',
  'signature',
  'malformed',
  'busy',
  'silent',
] as const;
export type BidMissCause = (typeof BID_MISS_CAUSES)[number];

/** `busy`: too many questions are open; `silent`: it is left alone for a while. Neither was asked. */
export interface BidMiss {
  readonly instance: InstanceId;
  readonly cause: BidMissCause;
}

export interface BidReplies {
  /** Null: declined. An instance that was not asked, or did not answer, is absent. */
  readonly quotes: ReadonlyMap<InstanceId, ExternalQuote | null>;
  readonly missed: readonly BidMiss[];
}

/** Port of the market, fulfilled by the pool: asks bidders, all at once. Never rejects. */
export interface BidDesk {
  ask(questions: readonly BidQuestion[]): Promise<BidReplies>;
}

/** What the exchange believes of an instance, whatever its bidder says. */
export interface HouseBelief {
  /** At list rates. */
  readonly costUsd: Estimate | null;
  readonly ttftMs: Estimate;
  readonly latencyMs: Estimate;
  readonly energyJoules: Estimate | null;
}

/** What a bid of an owner has besides the quantities that it is scored by. */
export interface ExternalTerms {
  readonly owner: string;
  /** Limits are tested on it, and what cannot be measured is scored by it. */
  readonly believed: HouseBelief;
  /** What the bidder said, before its record was held against it; null: it was not heard, and the house quotes. */
  readonly quoted: ExternalQuote | null;
  /** What the house's own quote at list rates comes to in cost, time, energy and lateness, in USD. */
  readonly listUsd: number;
  /** The highest score that its owner is paid by: one for all instances of an owner, in whatever it quotes for them. */
  readonly reserveScoreUsd: number;
}

/** What an owner gets for one answer. Amounts are integer pico-USD; negative: it owes. */
export interface Payment {
  readonly owner: string;
  readonly tariff: Tariff;
  readonly picoUsd: number;
  /** The score at which it would have lost, and whose it was. */
  readonly clearingPicoUsd: number;
  readonly clearedBy: 'runner-up' | 'reserve';
  /** What was taken off: what happened, at the objective's prices, and what is believed of the rest. */
  readonly timePicoUsd: number;
  readonly latenessPicoUsd: number;
  readonly energyPicoUsd: number;
  readonly believedPicoUsd: number;
}
