import { countOf, jsonProbe, openAiFace, versionOf } from '../openai-face.ts';
import { createReader } from '../series.ts';

/** TGI tells neither KV use nor what its prefix cache found. */
export const readTgiTelemetry = createReader([
  ['runningRequests', ['tgi_batch_current_size']],
  ['waitingRequests', ['tgi_queue_size']],
  ['promptTokensTotal', ['tgi_request_input_length_sum']],
  ['generationTokensTotal', ['tgi_request_generated_tokens_sum']],
]);

export const tgi = openAiFace(
  { kind: 'tgi', lacks: ['responses', 'embeddings'] },
  {
    probe: { healthPath: '/health', telemetryPath: '/metrics' },
    readTelemetry: readTgiTelemetry,
    featureProbes: () => [
      jsonProbe('/info', (info) => ({
        ...versionOf(info['version']),
        ...countOf('slots', info['max_concurrent_requests']),
        ...countOf('contextWindowTokens', info['max_total_tokens']),
        reportsCachedTokens: false,
      })),
    ],
  },
);
