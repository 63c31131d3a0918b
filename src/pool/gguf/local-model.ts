/** One message of a conversation with a local model: text alone. */
export interface LocalTurn {
  readonly role: 'system' | 'user' | 'assistant';
  readonly text: string;
}

/** What is asked of a local model. Null: the model's own. */
export interface LocalAsk {
  readonly turns: readonly LocalTurn[];
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly seed: number | null;
  readonly stop: readonly string[];
  /** `json`: any object; a schema: what it describes. */
  readonly format: 'text' | 'json' | { readonly schema: object };
}

export interface LocalAnswer {
  readonly finishReason: 'stop' | 'length';
  readonly promptTokens: number;
  /** Of them, those whose KV a slot still held. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
}

/** A model in this process. Each of its slots answers one request at a time and keeps what it has read. */
export interface LocalModel {
  readonly slots: number;
  readonly contextTokens: number;
  /** Takes a free slot: no more calls than slots may be open. Rejects with the signal's reason when it is aborted. */
  generate(
    ask: LocalAsk,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<LocalAnswer>;
  close(): Promise<void>;
}

/** What a model is opened with. */
export interface LocalModelSpec {
  /** Absolute path of a GGUF file. */
  readonly file: string;
  readonly slots: number;
  /** Of one slot; null: what the model was trained with, 4096 at most. */
  readonly contextTokens: number | null;
  /** Null: what the machine has. */
  readonly threads: number | null;
}

export type OpenLocalModel = (spec: LocalModelSpec) => Promise<LocalModel>;

/** The request is at fault, not the model: its text goes to the client. */
export class LocalAskError extends Error {}
