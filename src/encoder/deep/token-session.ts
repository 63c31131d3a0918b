/** The tokens of a text without the special ones around them: UTF-16 offsets, `ends` exclusive. */
export interface DeepTokens {
  readonly ids: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** 1 where a token goes on with the word of the one before it. */
  readonly continues: Uint8Array;
}

export interface DeepTokeniser {
  /** Special tokens that stand before and behind every window. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  encode(text: string): DeepTokens;
}

/** What a graph says of one sequence, by output name, row-major without the batch axis. */
export type SequenceOutputs = ReadonlyMap<string, Float32Array>;

/** Runs a transformer. Sequences that wait at the same time may be run together. */
export interface TokenSession {
  run(ids: Int32Array): Promise<SequenceOutputs>;
}
