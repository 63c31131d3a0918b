/** What is used of `node-llama-cpp` 3.21, which is no dependency: it is installed by who wants it. */

export type LlamaToken = number & { readonly __token?: never };

export interface LlamaCall {
  readonly type: 'functionCall';
  readonly name: string;
  readonly params: unknown;
  readonly result: unknown;
  /** It was not called together with the one before it. */
  readonly startsNewChunk: boolean;
}

export type LlamaTurn =
  | { readonly type: 'system' | 'user'; readonly text: string }
  | { readonly type: 'model'; readonly response: (string | LlamaCall)[] };

export type LlamaFunctions = Readonly<
  Record<string, { readonly description?: string; readonly params?: object }>
>;

export interface LlamaSequence {
  readonly contextTokens: readonly LlamaToken[];
  readonly tokenMeter: { readonly usedOutputTokens: number };
}

export interface LlamaContext {
  getSequence(): LlamaSequence;
}

export interface LlamaEmbeddingContext {
  calculateInputLength(text: string): number;
  getEmbeddingFor(text: string): Promise<{ readonly vector: readonly number[] }>;
}

export interface LlamaModelFile {
  readonly trainContextSize: number;
  readonly tokenizer: unknown;
  createContext(options: {
    readonly sequences: number;
    readonly contextSize: number;
  }): Promise<LlamaContext>;
  createEmbeddingContext(options: {
    readonly contextSize: number;
    readonly batchSize: number;
    readonly threads: number;
  }): Promise<LlamaEmbeddingContext>;
}

/** One of `params` per generated piece of the arguments of the call with this index. */
export interface LlamaCallChunk {
  readonly callIndex: number;
  readonly functionName: string;
  readonly paramsChunk: string;
}

export interface LlamaChunk {
  readonly segmentType: 'thought' | 'comment' | undefined;
  readonly text: string;
  readonly tokens: readonly LlamaToken[];
}

export interface LlamaGenerateOptions {
  readonly maxTokens: number;
  readonly signal: AbortSignal;
  readonly onTextChunk: (text: string) => void;
  /** Text too, without a `segmentType`. */
  readonly onResponseChunk: (chunk: LlamaChunk) => void;
  readonly budgets?: { readonly thoughtTokens: number };
  readonly temperature?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly customStopTriggers?: readonly string[];
  /** Not together with `functions`. */
  readonly grammar?: unknown;
  readonly functions?: LlamaFunctions;
  readonly maxParallelFunctionCalls?: number;
  readonly onFunctionCallParamsChunk?: (chunk: LlamaCallChunk) => void;
  readonly onFunctionCall?: (call: { readonly functionName: string }) => void;
}

/** What a chat wrapper makes of a conversation. */
export interface LlamaContextState {
  readonly contextText: { tokenize(tokenizer: unknown): readonly LlamaToken[] };
}

/** How a family of models writes conversations and calls. */
export interface LlamaChatWrapper {
  readonly settings: object;
  generateContextState(options: {
    readonly chatHistory: readonly LlamaTurn[];
    readonly availableFunctions?: LlamaFunctions;
  }): LlamaContextState;
}

export interface LlamaChat {
  readonly model: LlamaModelFile;
  readonly chatWrapper: LlamaChatWrapper;
  /** The history ends with a turn of the model, which is gone on with. */
  generateResponse(
    history: readonly LlamaTurn[],
    options: LlamaGenerateOptions,
  ): Promise<{ readonly metadata: { readonly stopReason: string } }>;
}

export interface Llama {
  loadModel(options: { readonly modelPath: string }): Promise<LlamaModelFile>;
  getGrammarFor(type: 'json'): Promise<unknown>;
  createGrammarForJsonSchema(schema: object): Promise<unknown>;
  dispose(): Promise<void>;
}

export interface LlamaPackage {
  getLlama(options: {
    readonly gpu: false;
    readonly build: 'never';
    readonly skipDownload: true;
    readonly logLevel: string;
    readonly maxThreads?: number;
  }): Promise<Llama>;
  readonly LlamaLogLevel: { readonly error: string };
  readonly LlamaChat: new (options: {
    readonly contextSequence: LlamaSequence;
    readonly chatWrapper?: LlamaChatWrapper;
  }) => LlamaChat;
}
