import type { FeatureProbe, Telemetry } from '../../../contract/index.ts';
import { NO_TELEMETRY } from '../../../contract/index.ts';
import { countOf, jsonProbe, objectIn, openAiFace, versionOf } from '../openai-face.ts';
import { counter, createReader } from '../series.ts';

/** `kv_cache_usage_ratio` stands in builds up to about b4800 only. */
const readMetrics = createReader([
  ['runningRequests', ['llamacpp:requests_processing']],
  ['waitingRequests', ['llamacpp:requests_deferred']],
  ['kvUsageRatio', ['llamacpp:kv_cache_usage_ratio']],
  ['promptTokensTotal', counter('llamacpp:prompt_tokens')],
  ['generationTokensTotal', counter('llamacpp:tokens_predicted')],
]);

/** `/metrics`, or where the server was started without it, `/slots`, which tells who is busy. */
export function readLlamaCppTelemetry(text: string, upstreamName: string): Telemetry {
  if (!text.trimStart().startsWith('[')) return readMetrics(text, upstreamName);
  try {
    const slots = JSON.parse(text) as readonly { readonly is_processing?: unknown }[];
    const known = slots.filter((slot) => typeof slot?.is_processing === 'boolean');
    if (known.length === 0) return NO_TELEMETRY;
    const runningRequests = known.filter((slot) => slot.is_processing === true).length;
    return { ...NO_TELEMETRY, runningRequests };
  } catch {
    return NO_TELEMETRY;
  }
}

const MARK = 'bourse';
/** What a server is asked that is to go on with an answer, put through its template only: nothing is written. */
const CONTINUATION = JSON.stringify({
  messages: [
    { role: 'user', content: 'Say bourse.' },
    { role: 'assistant', content: MARK },
  ],
  continue_final_message: true,
  add_generation_prompt: false,
});

/**
 * Builds before 2025-05, and those started with `--no-prefill-assistant`, end the last message of the
 * assistant and would answer it: what the template makes of it tells.
 */
const continuationProbe: FeatureProbe = {
  path: '/apply-template',
  body: CONTINUATION,
  read(status, text) {
    if (status === 401 || status === 403 || status === 429 || status === 503) return null;
    const prompt = status === 200 ? objectIn(text)?.['prompt'] : undefined;
    return { continuesChat: typeof prompt === 'string' && prompt.endsWith(MARK) };
  },
};

export const llamaCpp = openAiFace(
  { kind: 'llama-cpp', lacks: ['responses'] },
  {
    probe: { healthPath: '/health', telemetryPath: '/metrics', otherPath: '/slots' },
    readTelemetry: readLlamaCppTelemetry,
    continuesChat: 'probed',
    options: [
      {
        name: 'cachePrompt',
        kind: 'boolean',
        description: 'Whether slots keep the prompt for the next request (`cache_prompt`).',
      },
    ],
    adapt: ({ instance, surface, field }) => {
      const cachePrompt = instance.options?.['cachePrompt'];
      if (cachePrompt === undefined || surface === 'embeddings') return [];
      return field('cache_prompt') === null ? [{ path: ['cache_prompt'], value: cachePrompt }] : [];
    },
    featureProbes: () => [
      jsonProbe('/props', (props) => {
        const settings = props['default_generation_settings'] as { n_ctx?: unknown } | undefined;
        return {
          ...versionOf(props['build_info']),
          ...countOf('slots', props['total_slots']),
          ...countOf('contextWindowTokens', settings?.n_ctx),
        };
      }),
      continuationProbe,
    ],
  },
);
