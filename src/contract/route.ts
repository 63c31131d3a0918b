import type { DecisionId, MaybeAsync } from '../kernel/index.ts';
import type { Award } from './market.ts';
import type { AttemptRecord, Outcome, Usage } from './outcome.ts';
import type { Bid } from './market.ts';
import type { Decision, DecisionView } from './decision.ts';
import type { FlowController, ResponseSink } from './upstream.ts';
import type { Ingress } from './workload.ts';

/** The director, as the server and the simulator receive it. */
export interface Route {
  /** Has no effect on the world. Throws `Fault` when the request cannot be read. */
  decide(ingress: Ingress): MaybeAsync<Decision>;
  /** Does what was decided; exactly one terminal event reaches the sink. */
  serve(decision: Decision, sink: ResponseSink): FlowController;
  /** `decide`, then `serve`; a fault or refusal ends at `sink.onError` as a `Fault`. */
  handle(ingress: Ingress, sink: ResponseSink): FlowController;
  nextId(): DecisionId;
  view(id: string): DecisionView | null;
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
}

/** A decision whose auction was won. */
export interface AwardedDecision extends Decision {
  readonly mandate: NonNullable<Decision['mandate']>;
  readonly result: Award;
}

/**
 * Dispatches down the ranking. `ceilingTokens` is the output ceiling that the reservation enforces
 * (null: none); `onDone` is called once, after the sink's terminal event or the client's abort.
 */
export type RunAttempts = (
  decision: AwardedDecision,
  ceilingTokens: number | null,
  sink: ResponseSink,
  onDone: (result: AttemptsResult) => void,
) => FlowController;
