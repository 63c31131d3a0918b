import type { InstanceId } from '../kernel/index.ts';
import type { ChatDialect } from './dialect.ts';
import type { EngineOption } from './engine-option.ts';
import type { EngineFeatures, Instance, InstanceRates, LocalLoad, Model } from './fleet.ts';
import type { Telemetry } from './fleet.ts';
import type { AttemptResult } from './outcome.ts';
import type { Surface } from './workload.ts';

/** Flow control of a response that is being pushed. */
export interface FlowController {
  pause(): void;
  resume(): void;
  abort(): void;
  /** False until something of the request has gone out. Unset: nobody can tell. */
  readonly isSent?: boolean;
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
   * Errors are faults: BRS_UPSTREAM_CONNECT before the request was sent, _CUT and _PROTOCOL after,
   * _STALE where a connection was closed that had been idle. What was sent is never sent twice.
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
  /** Takes what a dispatch is expected to use from what the instance's owner allows in a minute. Unset: nobody counts. */
  spend?(instance: InstanceId, rates: InstanceRates, tokens: number): void;
  /** Ends what `begin` counted; `retryAfterMs` is what a rate-limited or overloaded instance asked for. */
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
  path(surface: Surface, features: EngineFeatures, instance: Instance): string | null;
  /** Headers that authenticate the exchange to the instance. */
  headers(instance: Pick<Instance, 'apiKey' | 'options'>): Readonly<Record<string, string>>;
  /**
   * What to poll for health, and for load where the engine tells it (null where not). `otherPath` is
   * asked where a server does not have `telemetryPath`; `readTelemetry` reads either.
   */
  readonly probe: {
    readonly healthPath: string;
    readonly telemetryPath: string | null;
    readonly otherPath?: string;
  };
  /** Reads the answer of `telemetryPath`, for the model's upstream name. Never throws: what is missing is null. */
  readTelemetry(text: string, upstreamName: string): Telemetry;
  /**
   * Chat completions go on with a last message of the assistant, where `continue_final_message` says
   * so, as if they had not stopped. `probed`: servers of the kind do where `EngineFeatures` says so.
   * Unset: they would answer it.
   */
  readonly continuesChat?: boolean | 'probed';
  /** Prompts share KV memory only under the same `cache_salt`. Unset: it knows no salt. */
  readonly saltsPrefixes?: true;
  /** Where all servers of the kind stand, in the form of `Instance.url`; unset: each instance has to say. */
  readonly defaultUrl?: string;
  /**
   * Where the server is that the exchange itself runs for an instance of these options and this kind
   * of model, and its key; null: they lack what it takes. Unset: servers are run by others.
   */
  place?(
    options: Instance['options'],
    kind: Model['kind'],
  ): { readonly url: string; readonly apiKey: string } | null;
  /** Publishes the events of its KV memory, where `Instance.kvEvents` says so. Unset: it cannot. */
  readonly publishesKvEvents?: true;
  /** What `Instance.options` may hold; unset: nothing. */
  readonly options?: readonly EngineOption[];
  /** Servers have a form of their own for chat; unset: they speak chat completions. */
  readonly dialect?: ChatDialect;
  /** What the servers need otherwise than OpenAI has it, or cannot bear; unset: nothing. */
  adapt?(ask: AdaptAsk): readonly MemberChange[];
  /** Asked once, and again after the server was down; unset: whether there is a responses surface. */
  featureProbes?(instance: Instance): readonly FeatureProbe[];
  /** Why a server whose health answers `text` cannot serve the instance's model; null: it can. */
  unfitness?(text: string, instance: Instance): string | null;
}

/** One member of a request body: its keys from the top level down, and its JSON value (undefined: taken out). */
export interface MemberChange {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** A request in OpenAI's form, about to go to one instance. */
export interface AdaptAsk {
  readonly instance: Instance;
  readonly surface: Surface;
  readonly isStream: boolean;
  /** The expected length of the answer in tokens; null: nobody knows. */
  readonly outputTokens: number | null;
  /** A top-level member as it stands, as JSON; null: there is none. */
  readonly field: (name: string) => string | null;
}

/** One question that finds out what a server can do. */
export interface FeatureProbe {
  readonly path: string;
  /** What is posted; null: the path is only read. */
  readonly body: string | null;
  /** What the answer says of the server; null: it cannot be told from it. Never throws. */
  readonly read: (status: number, text: string) => Partial<EngineFeatures> | null;
}
