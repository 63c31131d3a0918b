/** What is used of `node-llama-cpp` 3.22, which is no dependency: it is installed by who wants it. */

export type LlamaToken = number & { readonly __token?: never };

export type LlamaTurn =
  | { readonly type: 'system' | 'user'; readonly text: string }
  | { readonly type: 'model'; readonly response: readonly string[] };

export interface LlamaSequence {
  readonly contextTokens: readonly LlamaToken[];
}

export interface LlamaContext {
  getSequence(): LlamaSequence;
}

export interface LlamaModelFile {
  readonly trainContextSize: number;
  readonly tokenizer: unknown;
  createContext(options: {
    readonly sequences: number;
    readonly contextSize: number;
  }): Promise<LlamaContext>;
}

export interface LlamaGenerateOptions {
  readonly maxTokens: number;
  readonly signal: AbortSignal;
  readonly onTextChunk: (text: string) => void;
  readonly onToken: (tokens: readonly LlamaToken[]) => void;
  readonly temperature?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly customStopTriggers?: readonly string[];
  readonly grammar?: unknown;
}

export interface LlamaChat {
  readonly model: LlamaModelFile;
  readonly chatWrapper: {
    generateContextState(options: { readonly chatHistory: readonly LlamaTurn[] }): {
      readonly contextText: { tokenize(tokenizer: unknown): readonly LlamaToken[] };
    };
  };
  /** The history ends with an empty turn of the model, which is the one to be generated. */
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
  readonly LlamaChat: new (options: { readonly contextSequence: LlamaSequence }) => LlamaChat;
}
