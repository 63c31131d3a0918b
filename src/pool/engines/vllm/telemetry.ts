import { counter, createReader } from '../series.ts';
import type { Series } from '../series.ts';

/**
 * vLLM's series, under the names of all versions. Where a server exports the old and the new name, the
 * earlier of this list is read.
 */
export const VLLM_SERIES: Series = [
  ['runningRequests', ['vllm:num_requests_running']],
  ['waitingRequests', ['vllm:num_requests_waiting']],
  ['kvUsageRatio', ['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc']],
  ['promptTokensTotal', counter('vllm:prompt_tokens')],
  ['generationTokensTotal', counter('vllm:generation_tokens')],
  [
    'prefixCacheQueriesTotal',
    [...counter('vllm:prefix_cache_queries'), ...counter('vllm:gpu_prefix_cache_queries')],
  ],
  [
    'prefixCacheHitsTotal',
    [...counter('vllm:prefix_cache_hits'), ...counter('vllm:gpu_prefix_cache_hits')],
  ],
];

export const readVllmTelemetry = createReader(VLLM_SERIES);
