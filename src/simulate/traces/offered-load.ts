import { createRng } from '../../kernel/index.ts';
import type { Trace, TraceRequest } from './trace.ts';

/**
 * What a run offers: `count` requests of the trace in its order from a place that the seed chooses (it is a
 * ring), at `perSecond` on average: the gaps keep their proportions, and with them the bursts.
 */
export function offeredLoad(
  trace: Trace,
  options: { readonly perSecond: number; readonly count: number; readonly seed: number },
): TraceRequest[] {
  const { requests } = trace;
  const { perSecond, count, seed } = options;
  const start = Math.floor(createRng(seed).next() * requests.length);
  const meanGapMs = requests.at(-1)!.atMs / (requests.length - 1);
  const chosen: TraceRequest[] = [];
  let elapsedMs = 0;
  for (let i = 0; i < count; i++) {
    const at = (start + i) % requests.length;
    const request = requests[at]!;
    if (i > 0) elapsedMs += at === 0 ? meanGapMs : request.atMs - requests[at - 1]!.atMs;
    chosen.push({ ...request, atMs: elapsedMs });
  }
  const scale = elapsedMs > 0 ? ((count - 1) * 1000) / perSecond / elapsedMs : 0;
  return chosen.map((request) => ({ ...request, atMs: request.atMs * scale }));
}
