import type { PromptBlocks } from '../prompt-blocks.ts';
import type { TraceRequest } from '../traces/trace.ts';

/** A request on its way through a run: what is asked, and what came of it. Times are of the run's clock. */
export class SimulatedRequest {
  readonly index: number;
  readonly asked: TraceRequest;
  readonly tenant: string;
  readonly session: string | null;
  arrivedMs = 0;
  firstTokenMs: number | null = null;
  endedMs: number | null = null;
  status: 'pending' | 'ok' | 'rejected' | 'failed' = 'pending';
  /** Place of the instance that served, in the fleet. */
  instance: number | null = null;
  /** What the request that was sent says: least first, where the engine schedules by it. */
  priority = 0;
  cachedTokens = 0;
  outputTokens = 0;
  /** Its share of every iteration that it took part in, those of attempts in vain included. */
  joules = 0;

  constructor(index: number, asked: TraceRequest, tenant: string, session: string | null = null) {
    this.index = index;
    this.asked = asked;
    this.tenant = tenant;
    this.session = session;
  }

  /** The same for all engines with blocks of one size. */
  blocks(
    blockSize: number,
    cut: (request: TraceRequest, blockSize: number) => PromptBlocks,
  ): PromptBlocks {
    if (this.#blocks === null || this.#blockSize !== blockSize) {
      this.#blocks = cut(this.asked, blockSize);
      this.#blockSize = blockSize;
    }
    return this.#blocks;
  }

  #blocks: PromptBlocks | null = null;
  #blockSize = 0;

  /** What it need not keep once it is over. */
  release(): void {
    this.#blocks = null;
  }
}
