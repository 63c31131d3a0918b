/** What the head of a GGUF file says of its model. Null: it does not say. */
export interface GgufSummary {
  readonly architecture: string | null;
  readonly name: string | null;
  readonly contextTokens: number | null;
  readonly layers: number | null;
  readonly parameters: number;
  readonly tensors: number;
  readonly fileBytes: number;
  /** Without one, conversations are written in a general form, which models follow less well. */
  readonly hasChatTemplate: boolean;
  /** It was made to embed texts: it pools what it reads into one vector. */
  readonly isEmbedding: boolean;
}

/** A local model as it was put into a policy file. */
export interface AddedModel {
  readonly id: string;
  readonly instance: string;
  readonly summary: GgufSummary;
}
