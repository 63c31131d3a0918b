import type { InstanceId } from '../kernel/index.ts';
import type { EngineFeatures, Instance, LocalLoad, Telemetry } from './fleet.ts';
import type { AttemptResult } from './outcome.ts';
import type { Surface } from './workload.ts';

/** Flow control of a response that is being pushed. */
export interface FlowController {
  pause(): void;
  resume(): void;
  abort(): void;
}

/** Where a response is pushed: `onStart`, then `onData` any number of times, then one of `onEnd`, `onError`. */
export interface ResponseSink {
  onStart(status: number, headers: Readonly<Record<string, string>>, flow: FlowController): void;
  /** False asks the producer to pause until `flow.resume` is called. */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  onError(error: Error): void;
}

/** A request to one instance, ready to be sent. */
export interface UpstreamCall {
  readonly instance: Instance;
  readonly path: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly isStream: boolean;
}

/** The way out of the process: one connection pool per origin. Headers are lower-case. */
export interface Upstream {
  /**
   * Answers by calling the sink; aborts by the returned controller, after which the sink hears nothing.
   * Errors are faults: BRS_UPSTREAM_CONNECT before the request was sent, _CUT and _PROTOCOL after.
   */
  dispatch(call: UpstreamCall, sink: ResponseSink): FlowController;
}

/** How a circuit let a dispatch through: `trial` is the one request that a half-open circuit is tried with. */
export type CircuitPass = 'normal' | 'trial';

/** A worker's circuit breakers: asked before every dispatch, told how each one ended. */
export interface Breakers extends LocalLoad {
  /** Counts a dispatch as in flight. Null: the circuit is open, or its one trial is taken; nothing was counted. */
  begin(instance: InstanceId): CircuitPass | null;
  /** Adds to the pending prompt tokens of a dispatch as it goes out, and takes them away at its first token. */
  prefill(instance: InstanceId, tokens: number): void;
  /** Ends what `begin` counted; `retryAfterMs` is what a rate-limited instance asked for. */
  end(
    instance: InstanceId,
    pass: CircuitPass,
    result: AttemptResult,
    retryAfterMs: number | null,
  ): void;
}

/**
 * Extension point: how to speak to one kind of server. Pure: it describes paths and reads bytes; the
 * pool does the I/O.
 */
export interface Engine {
  readonly apiVersion: 1;
  readonly kind: string;
  /** The path of a surface, or null where the engine does not have it. `features` is what probing found. */
  path(surface: Surface, features: EngineFeatures): string | null;
  /** Headers that authenticate the exchange to the instance. */
  headers(instance: Instance): Readonly<Record<string, string>>;
  /** What to poll for health, and for load where the engine tells it (null where not). */
  readonly probe: { readonly healthPath: string; readonly telemetryPath: string | null };
  /** Reads the answer of `telemetryPath`, for the model's upstream name. Never throws: what is missing is null. */
  readTelemetry(text: string, upstreamName: string): Telemetry;
  /**
   * Chat completions go on with a last message of the assistant, where `continue_final_message` says
   * so, as if they had not stopped. Unset: they would answer it.
   */
  readonly continuesChat?: boolean;
}
