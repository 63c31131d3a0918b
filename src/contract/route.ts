import type { DecisionId, MaybeAsync } from '../kernel/index.ts';
import type { BidMiss, Payment } from './bidding.ts';
import type { OutputCeiling, Reservation } from './budget.ts';
import type { Decision, DecisionView } from './decision.ts';
import type { World } from './keeper.ts';
import type { Award, Bid, Exclusion, SessionHold } from './market.ts';
import type { AttemptRecord, Outcome, Usage } from './outcome.ts';
import type { Mandate, Policy } from './policy.ts';
import type { Refusal } from './refusal.ts';
import type { SignalReader } from './signal.ts';
import type { CacheHit, LookUp, Resolve, WeighCandidate } from './stages.ts';
import type { FlowController, ResponseSink } from './upstream.ts';
import type { Ingress, Workload } from './workload.ts';

/** The director, as the server and the simulator receive it. */
export interface Route {
  /** Has no effect on the world. Throws `Fault` when the request cannot be read. */
  decide(ingress: Ingress): MaybeAsync<Decision>;
  /** Does what was decided; exactly one terminal event reaches the sink. */
  serve(decision: Decision, sink: ResponseSink): FlowController;
  /** `decide`, then `serve`; a fault or refusal ends at `sink.onError` as a `Fault`. */
  handle(ingress: Ingress, sink: ResponseSink): FlowController;
  readonly nextId: () => DecisionId;
  readonly view: (id: string) => DecisionView | null;
}

/** What the attempts at serving came to. */
export interface AttemptsResult {
  /** The bid that served, or was tried last; null when none was dispatched. */
  readonly bid: Bid | null;
  readonly status: Outcome['status'];
  /** The status that the client saw. */
  readonly httpStatus: number;
  readonly finishReason: string | null;
  readonly usage: Usage;
  readonly costPicoUsd: number;
  readonly energyMicrojoules: number;
  readonly energySource: Outcome['energySource'];
  readonly ttftMs: number | null;
  readonly totalMs: number;
  readonly perTokenMs: number | null;
  readonly attempts: readonly AttemptRecord[];
  /** What the owner that served gets; unset: the house's own instance served, or nobody. */
  readonly payment?: Payment;
}

/** A decision whose auction was won. */
export interface AwardedDecision extends Decision {
  readonly mandate: NonNullable<Decision['mandate']>;
  readonly result: Award;
}

/**
 * Dispatches down the ranking. `ceiling` is the output ceiling that the reservation enforces
 * (null: none); `onDone` is called once, after the sink's terminal event or the client's abort.
 */
export type RunAttempts = (
  decision: AwardedDecision,
  ceiling: OutputCeiling | null,
  sink: ResponseSink,
  onDone: (result: AttemptsResult) => void,
) => FlowController;

/** What came of the attempts, with the owner that served paid: the same object where nobody is to be. */
export type PayOwner = (decision: AwardedDecision, result: AttemptsResult) => AttemptsResult;

/** A client's hold on a request whose upstream may not be there yet: what it asked for meets the flow that is attached. */
export interface FlowRelay extends FlowController {
  /** The client has left. */
  readonly isAborted: boolean;
  attach(flow: FlowController): void;
}

/** Bids for one request, and who was not allowed to bid. */
export interface Quotes {
  readonly bids: readonly Bid[];
  readonly excluded: readonly Exclusion[];
  /** Bidders that were asked, or were to be, and have not quoted; unset: none. */
  readonly missed?: readonly BidMiss[];
  /** The session must stay where it is; unset: it need not. */
  readonly hold?: SessionHold;
}

/**
 * The stages that the director names. Each is a built-in, wired by app.ts and wrapped by the
 * observer; a later one that is not asked for is the identity.
 */
export interface Stages {
  world(): World;
  workload(ingress: Ingress): Workload;
  resolve: Resolve;
  signals(workload: Workload, policy: Policy): SignalReader;
  policy(workload: Workload, signals: SignalReader, world: World): MaybeAsync<Mandate | Refusal>;
  cache: LookUp;
  quotes(
    workload: Workload,
    mandate: Mandate,
    world: World,
    signals: SignalReader,
  ): MaybeAsync<Quotes>;
  award(quotes: Quotes, mandate: Mandate): Award | Refusal;
  weigh: WeighCandidate;

  /**
   * The decision when it is its turn to be served: the same one at once, or what the market says by then.
   * One whose client has left does not wait.
   */
  turn(
    decision: Decision,
    askAgain: (decision: Decision) => MaybeAsync<Decision>,
    flow?: Pick<FlowRelay, 'isAborted'>,
  ): MaybeAsync<Decision>;
  /** Keeps what explains the decision, without the client's text. */
  remember(decision: Decision): void;
  replay(decision: Decision, hit: CacheHit, client: ResponseSink): FlowController;
  refuse(decision: Decision, client: ResponseSink): FlowController;
  reserve(decision: AwardedDecision): MaybeAsync<Reservation | Refusal | null>;
  guards(decision: AwardedDecision, client: ResponseSink): ResponseSink;
  attempts: RunAttempts;
  /** In place of the attempts where the client has left before them: nobody is asked. */
  leave: RunAttempts;
  settle(decision: AwardedDecision, held: Reservation | null, result: AttemptsResult): Outcome;
  learn(outcome: Outcome): void;

  relay(): FlowRelay;
  /** Runs `work`; what it throws or rejects with reaches the client as its terminal event. */
  guarded(work: () => MaybeAsync<void>, client: ResponseSink): void;
  readonly nextId: () => DecisionId;
  readonly view: (id: string) => DecisionView | null;
}
