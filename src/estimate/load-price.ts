/**
 * What a request's list price is multiplied by for the delay that it imposes on others. Its own wait
 * is in its latency and not in here.
 *
 * `m = 1 + KV_WEIGHT·u³ + QUEUE_WEIGHT·q/(1 + q)`
 *
 * with u the share of KV memory in use (0–1) and q the requests that wait per slot (≥ 0). Smooth,
 * increasing in both, exactly 1 at idle, below 1 + KV_WEIGHT + QUEUE_WEIGHT always. The cube leaves a
 * half-full memory nearly free (1.13) and doubles the price of a full one, where each newcomer evicts
 * someone's prefix or preempts a sequence.
 */
export function loadPrice(kvUsageRatio: number, waitingPerSlot: number): number {
  const used = kvUsageRatio > 0 ? Math.min(1, kvUsageRatio) : 0;
  const queued = waitingPerSlot > 0 ? 1 - 1 / (1 + waitingPerSlot) : 0;
  return 1 + KV_WEIGHT * used * used * used + QUEUE_WEIGHT * queued;
}

const KV_WEIGHT = 1;
const QUEUE_WEIGHT = 2;
