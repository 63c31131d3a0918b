import { countOf, jsonProbe, openAiFace, versionOf } from '../openai-face.ts';
import { counter, createReader } from '../series.ts';

/**
 * SGLang counts the tokens that it found in its cache by their source. It has no counter of look-ups:
 * every prompt token is one.
 */
export const readSglangTelemetry = createReader([
  ['runningRequests', ['sglang:num_running_reqs']],
  ['waitingRequests', ['sglang:num_queue_reqs']],
  ['kvUsageRatio', ['sglang:token_usage']],
  ['promptTokensTotal', counter('sglang:prompt_tokens')],
  ['generationTokensTotal', counter('sglang:generation_tokens')],
  ['prefixCacheQueriesTotal', counter('sglang:prompt_tokens')],
  ['prefixCacheHitsTotal', counter('sglang:cached_tokens')],
]);

export const sglang = openAiFace(
  { kind: 'sglang', lacks: ['responses'] },
  {
    probe: { healthPath: '/health', telemetryPath: '/metrics' },
    readTelemetry: readSglangTelemetry,
    continuesChat: true,
    saltsPrefixes: true,
    featureProbes: () => [
      jsonProbe('/get_server_info', (info) => ({
        ...versionOf(info['version']),
        ...(typeof info['enable_cache_report'] === 'boolean' && {
          reportsCachedTokens: info['enable_cache_report'],
        }),
        ...countOf('slots', info['max_running_requests']),
        ...countOf('contextWindowTokens', info['context_length']),
      })),
    ],
  },
);
