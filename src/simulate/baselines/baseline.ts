import type { Rng } from '../../kernel/index.ts';
import type { Objective, Telemetry } from '../../contract/index.ts';
import type { FleetInstance } from '../fleet-file.ts';
import type { TraceRequest } from '../traces/trace.ts';

/** One instance as a router sees it: what the last poll said, and what it sent there itself. */
export interface InstanceView {
  readonly place: number;
  readonly instance: FleetInstance;
  readonly telemetry: Telemetry;
  /** Requests that it has sent there and whose answer is not over. */
  readonly inFlight: number;
  /** Prompt tokens of those whose first token has not come. */
  readonly pendingTokens: number;
}

/** What a router knows of a request: everything but the length of its answer. */
export type PickRequest = Pick<TraceRequest, 'promptTokens' | 'blocks'> & {
  readonly index: number;
};

/** What came of a request, as the one that sent it sees it. */
export interface Observation {
  readonly place: number;
  readonly request: PickRequest;
  readonly ttftMs: number;
}

/** A router that is compared with: it chooses, and may learn. */
export interface Baseline {
  /** One of the views; there is at least one. */
  pick(request: PickRequest, views: readonly InstanceView[]): InstanceView;
  /** A request went there. */
  sent?(request: PickRequest, view: InstanceView): void;
  firstToken?(observation: Observation): void;
  ended?(request: PickRequest, place: number, outputTokens: number): void;
}

export interface BaselineTools {
  readonly rng: Rng;
  readonly instances: readonly FleetInstance[];
  readonly objective: Objective;
  /** The length of the answer and the engines themselves, for the one that is allowed to know. */
  readonly truth: Truth;
}

export interface Truth {
  /** What would come of a request at an instance, from now, in milliseconds, were no other to come. */
  forecast(
    index: number,
    place: number,
  ): {
    readonly ttftMs: number;
    readonly totalMs: number;
    readonly cachedTokens: number;
    readonly outputTokens: number;
  };
}

export type OpenBaseline = (tools: BaselineTools) => Baseline;

/** The view with the least value, the first of equals. */
export function leastOf(
  views: readonly InstanceView[],
  value: (view: InstanceView) => number,
): InstanceView {
  let best = views[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const view of views) {
    const own = value(view);
    if (own < least) {
      least = own;
      best = view;
    }
  }
  return best;
}
