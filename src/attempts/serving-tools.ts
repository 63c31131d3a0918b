import type { Clock, MaybeAsync } from '../kernel/index.ts';
import type {
  AttemptsResult,
  AwardedDecision,
  Beliefs,
  Bid,
  BourseEvent,
  Breakers,
  Engine,
  FleetSnapshot,
  OutputCeiling,
  PayOwner,
  ResponseSink,
  Upstream,
} from '../contract/index.ts';

/** What all requests of one worker share. */
export interface ServingTools {
  readonly upstream: Upstream;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly breakers: Breakers;
  readonly clock: Clock;
  readonly onEvent: (event: BourseEvent) => void;
  /** The fleet as it is known at the moment; unset: what the decision saw. */
  readonly fleet?: () => FleetSnapshot;
  /** Asks those who may serve for new bids, best first; empty where nobody may. Unset: the decision's stand. */
  readonly requote?: (decision: AwardedDecision) => MaybeAsync<readonly Bid[]>;
  readonly beliefs?: () => Pick<Beliefs, 'confidence'>;
  /** Pays the owner that served; unset: nobody is paid. */
  readonly pay?: PayOwner;
}

/** The client's side of one request. */
export interface Client {
  readonly sink: ResponseSink;
  readonly ceiling: OutputCeiling | null;
  readonly onDone: (result: AttemptsResult) => void;
  /** Set where several servings share one request: when it is given up, and whom each may ask. */
  readonly giveUpMs?: number;
  readonly line?: BidLine;
}

/** Whom to ask next, where a serving does not have the ranking to itself. */
export interface BidLine {
  /** Null: nobody for the moment. */
  next(): Bid | null;
  /** Whether one that was given may be asked once more. */
  again(): boolean;
}
