/** What the mock upstreams answer: a chat completion of ordinary size, and a stream of 100 tokens. */
const ID = 'chatcmpl-B0urseBenchmarkAnswer0001';
const CREATED = 1_760_000_000;
const MODEL = 'bench-model-2025-07-18';

export const STATIC_ANSWER = JSON.stringify({
  id: ID,
  object: 'chat.completion',
  created: CREATED,
  model: MODEL,
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content:
          'This is a fixed answer of the benchmark upstream; its length is that of a short reply to a simple question.',
        refusal: null,
        annotations: [],
      },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 112,
    completion_tokens: 24,
    total_tokens: 136,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  },
  service_tier: 'default',
  system_fingerprint: 'fp_0123456789',
});

export const METRICS = `vllm:num_requests_running{model_name="bench",engine="0"} 8
vllm:num_requests_waiting{model_name="bench",engine="0"} 0
vllm:kv_cache_usage_perc{model_name="bench",engine="0"} 0.25
`;

const TOKENS = 100;
/** Events of one stream: the tokens, the usage, and `[DONE]`. */
export const STREAM_EVENTS = TOKENS + 2;
export const STREAM_GAP_MS = 10;

const event = (value: object): Buffer => Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
const envelope = { id: ID, object: 'chat.completion.chunk', created: CREATED, model: MODEL };

/** About 260 bytes each; the last goes with the usage and the end mark in one piece. */
export const STREAM_CHUNKS: readonly Buffer[] = Array.from({ length: TOKENS }, (_, i) =>
  event({
    ...envelope,
    service_tier: 'default',
    system_fingerprint: 'fp_0123456789',
    choices: [
      {
        index: 0,
        delta: i === 0 ? { role: 'assistant', content: '' } : { content: ` token${i}` },
        logprobs: null,
        finish_reason: i === TOKENS - 1 ? 'stop' : null,
      },
    ],
    usage: null,
  }),
);
export const STREAM_END = Buffer.concat([
  event({
    ...envelope,
    choices: [],
    usage: { prompt_tokens: 112, completion_tokens: TOKENS, total_tokens: 112 + TOKENS },
  }),
  Buffer.from('data: [DONE]\n\n'),
]);
