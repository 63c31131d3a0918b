/** A tool that a local model may call. */
export interface LocalTool {
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema of its arguments; null: it takes none. */
  readonly parameters: object | null;
}

/** A call that the model made, and what came of it. */
export interface LocalCall {
  readonly name: string;
  /** A JSON value. */
  readonly params: unknown;
  /** A JSON value; undefined: it has not come. */
  readonly result: unknown;
}

/** One message of a conversation with a local model. What its tools said stands with its calls. */
export type LocalTurn =
  | { readonly role: 'system' | 'user'; readonly text: string }
  | {
      readonly role: 'assistant';
      readonly text: string;
      readonly calls: readonly LocalCall[];
    };

/** What is asked of a local model. Null: the model's own. */
export interface LocalAsk {
  readonly turns: readonly LocalTurn[];
  /** The last turn is the answer as it was begun: it goes on, and what was begun is not said again. */
  readonly continues: boolean;
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly seed: number | null;
  readonly stop: readonly string[];
  /** `json`: any object; a schema: what it describes. With tools that must be called, it says nothing. */
  readonly format: 'text' | 'json' | { readonly schema: object };
  /** Those that it may call; empty: none. */
  readonly tools: readonly LocalTool[];
  readonly mustCall: boolean;
  readonly maxCalls: number;
  /** False: it answers without thinking before, where its family lets it. */
  readonly thinks: boolean;
}

/** A piece of an answer, and of what was thought before. `call` begins one; the `arguments` after it, joined, are its JSON. */
export type LocalPiece =
  | { readonly kind: 'text' | 'thought'; readonly text: string }
  | { readonly kind: 'call'; readonly name: string }
  | { readonly kind: 'arguments'; readonly text: string };

export interface LocalAnswer {
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  readonly promptTokens: number;
  /** Of them, those whose KV a slot still held. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** Of them, those that were thought. */
  readonly thoughtTokens: number;
}

export interface LocalVectors {
  /** One of unit length per text. */
  readonly vectors: readonly Float32Array[];
  readonly promptTokens: number;
}

interface OpenedModel {
  /** Requests that it serves at once: no more calls than this may be open. */
  readonly slots: number;
  readonly contextTokens: number;
  close(): Promise<void>;
}

/** Each of its slots answers one request at a time and keeps what it has read. */
export interface LocalChatModel extends OpenedModel {
  readonly task: 'chat';
  /** Takes a free slot. Rejects with the signal's reason when it is aborted. */
  generate(
    ask: LocalAsk,
    onPiece: (piece: LocalPiece) => void,
    signal: AbortSignal,
  ): Promise<LocalAnswer>;
}

export interface LocalEmbedder extends OpenedModel {
  readonly task: 'embedding';
  embed(texts: readonly string[], signal: AbortSignal): Promise<LocalVectors>;
}

/** A model in this process. */
export type LocalModel = LocalChatModel | LocalEmbedder;

/** What a model is opened with. */
export interface LocalModelSpec {
  /** Absolute path of a GGUF file. */
  readonly file: string;
  readonly task: LocalModel['task'];
  readonly slots: number;
  /** Of one slot; null: what the model was trained with, 4096 at most. */
  readonly contextTokens: number | null;
  /** Null: what the machine has. */
  readonly threads: number | null;
}

export type OpenLocalModel = (spec: LocalModelSpec) => Promise<LocalModel>;

/** The request is at fault, not the model: its text goes to the client. */
export class LocalAskError extends Error {}
