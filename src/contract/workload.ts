import type { DecisionId, KeyId, SessionId, TenantId } from '../kernel/index.ts';

/** The API by which the request came in. Each maps to one upstream path of an engine. */
export type Surface = 'chat' | 'completions' | 'embeddings' | 'responses';

/** A top-level member of the request's JSON object: byte offsets into `RequestBody.bytes`. */
export interface FieldSpan {
  /** Offset of the key's opening quote. */
  readonly keyStart: number;
  /** Offsets of the value: first byte, and one past the last. */
  readonly start: number;
  readonly end: number;
}

/** The client's bytes and where their top-level members stand. Never re-serialised. */
export interface RequestBody {
  readonly bytes: Buffer;
  /** Offset of the object's opening brace, and of its closing brace. */
  readonly open: number;
  readonly close: number;
  readonly fields: ReadonlyMap<string, FieldSpan>;
  /** Where long strings end, by the offsets of their opening quotes, for those who read the bytes again. */
  readonly longStrings?: Map<number, number> | undefined;
}

/** Who asks, as authentication found it. */
export interface Caller {
  readonly tenant: TenantId;
  readonly key: KeyId;
  readonly roles: readonly string[];
}

/** One request as it arrives at the director. */
export interface Ingress {
  readonly id: DecisionId;
  readonly surface: Surface;
  readonly caller: Caller;
  readonly bytes: Buffer;
  /** Lower-case names, as node gives them. Client-supplied: untrusted. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly receivedAtMs: number;
  /** `Clock.monotonicMs` at arrival: durations are taken from it. */
  readonly startedMs: number;
}

/** A mean and a standard deviation. */
export interface Estimate {
  readonly mean: number;
  readonly deviation: number;
}

export interface MessageView {
  readonly role: string;
  /** The text of the message, its text parts joined by a newline; images and audio left out. */
  readonly text: string;
  readonly hasToolCalls: boolean;
}

/** A tool that the request declares. Client-supplied text. */
export interface ToolView {
  readonly name: string;
  readonly description: string;
}

export interface Archetype {
  readonly interaction: 'chat' | 'agent';
  readonly turns: 'single' | 'multi';
  readonly weight: 'prefill-heavy' | 'decode-heavy' | 'balanced';
  /** Stable key of the three, for tables of beliefs. */
  readonly key: string;
}

/** Preferences that the request itself states (`bourse: {…}` in the body, `x-bourse-mode`, `auto:MODE`). */
export interface RequestPreferences {
  readonly mode: string | null;
  readonly weights: Partial<Objective> | null;
  readonly limits: Limits | null;
}

/** What mistakes, waiting and energy are worth, in USD: the exchange rates of a score. */
export interface Objective {
  readonly usdPerError: number;
  readonly usdPerSecond: number;
  readonly usdPerKilojoule: number;
}

/** Hard limits per request; null where there is none. Tested at `quantile` of the posterior. */
export interface Limits {
  readonly maxCostUsd: number | null;
  readonly maxTtftMs: number | null;
  readonly maxLatencyMs: number | null;
  readonly minAccuracy: number | null;
  readonly maxEnergyJoules: number | null;
  readonly quantile: number;
}

/** Byte offsets of the last user turn in a body. */
export interface TurnSpan {
  /** The text as a JSON string, its quotes included. */
  readonly start: number;
  readonly end: number;
  /**
   * What stands for that text and nothing else: the same, or where the protocol says that they are one, the
   * list of parts that it is alone in, or the list of items.
   */
  readonly wholeStart: number;
  readonly wholeEnd: number;
}

/**
 * What is known of a request. Everything that costs is lazy and memoised: a member function reads
 * the bytes when first called.
 */
export interface Workload {
  readonly id: DecisionId;
  readonly surface: Surface;
  readonly caller: Caller;
  readonly body: RequestBody;
  readonly receivedAtMs: number;
  readonly startedMs: number;
  /** The model the client asked for, as it wrote it. */
  readonly requestedModel: string;
  readonly isStream: boolean;
  /** Whether the client asked for usage in its stream. */
  readonly wantsStreamUsage: boolean;
  /** The `user` field, if any: client-supplied. */
  readonly user: string | null;
  readonly session: SessionId | null;
  /** The caller's own ceiling (`max_completion_tokens`, else `max_tokens`, `max_output_tokens`). */
  readonly outputCeilingTokens: number | null;
  /** How many answers are asked for (`n`). */
  readonly choices: number;
  readonly preferences: RequestPreferences;
  header(name: string): string | undefined;
  /** Bytes of text that reach the model: messages, prompt, input, tools. */
  readonly promptBytes: number;
  /** No tokeniser makes more prompt tokens than this: bytes over the smallest bytes per token, plus template allowance. */
  readonly promptTokensBound: number;
  messages(): readonly MessageView[];
  lastUserText(): string;
  /** Where that text stands in the body, if the conversation ends with it; null: it is elsewhere, or in several parts. */
  lastTurnSpan?(): TurnSpan | null;
  toolCount(): number;
  tools(): readonly ToolView[];
  /** True when the last message is a tool's result, or the last assistant message awaits one. */
  isInToolLoop(): boolean;
  modality(): { readonly image: boolean; readonly audio: boolean };
  archetype(): Archetype;
}
