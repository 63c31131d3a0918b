/** One request of a trace: how long, when, and which blocks of prompt it shares with others. */
export interface TraceRequest {
  /** From the beginning of the trace. */
  readonly atMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** One id per `TRACE_BLOCK_TOKENS` of prompt; equal ids stand for equal prefixes. Null: it shares nothing. */
  readonly blocks: readonly number[] | null;
  /** Of a session: it comes so long after the answer to the one before, whenever that is. Unset: it comes at its time. */
  readonly session?: { readonly id: number; readonly thinkMs: number };
}

/** Tokens of one block of a trace (Mooncake, FAST'25). */
export const TRACE_BLOCK_TOKENS = 512;

export interface Trace {
  readonly name: string;
  /** By time. */
  readonly requests: readonly TraceRequest[];
}
