import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_TELEMETRY } from '../../../contract/index.ts';
import { eachSample } from '../../prometheus.ts';
import { readSimulatedTelemetry } from '../simulated/engine.ts';
import { readVllmTelemetry } from './telemetry.ts';

const TWO_RANKS = `# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="Qwen/Qwen2.5-7B"} 3.0
vllm:num_requests_running{engine="1",model_name="Qwen/Qwen2.5-7B"} 4.0
vllm:num_requests_waiting{engine="0",model_name="Qwen/Qwen2.5-7B"} 1.0
vllm:num_requests_waiting{engine="1",model_name="Qwen/Qwen2.5-7B"} 0.0
vllm:kv_cache_usage_perc{engine="0",model_name="Qwen/Qwen2.5-7B"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="Qwen/Qwen2.5-7B"} 0.75
vllm:prompt_tokens_total{engine="0",model_name="Qwen/Qwen2.5-7B"} 100.0
vllm:prompt_tokens_total{engine="1",model_name="Qwen/Qwen2.5-7B"} 1.5e3 1395066363000
vllm:generation_tokens_total{engine="0",model_name="Qwen/Qwen2.5-7B"} 50
vllm:prefix_cache_queries_total{engine="0",model_name="Qwen/Qwen2.5-7B"} 10
vllm:prefix_cache_hits_total{engine="0",model_name="Qwen/Qwen2.5-7B"} 7
vllm:time_to_first_token_seconds_bucket{le="0.001",model_name="Qwen/Qwen2.5-7B"} 9.0
`;

describe('vLLM telemetry', () => {
  test('sums counts over engine ranks and averages KV use', () => {
    expect(readVllmTelemetry(TWO_RANKS, 'Qwen/Qwen2.5-7B')).toEqual({
      runningRequests: 7,
      waitingRequests: 1,
      kvUsageRatio: 0.5,
      promptTokensTotal: 1600,
      generationTokensTotal: 50,
      prefixCacheQueriesTotal: 10,
      prefixCacheHitsTotal: 7,
      powerWatts: null,
    });
  });

  test('reads the old names, and counters without _total', () => {
    const text = `vllm:gpu_cache_usage_perc{model_name="m"} 0.4
vllm:prompt_tokens{model_name="m"} 5
vllm:gpu_prefix_cache_hits{model_name="m"} 2`;
    const telemetry = readVllmTelemetry(text, 'm');
    expect(telemetry.kvUsageRatio).toBe(0.4);
    expect(telemetry.promptTokensTotal).toBe(5);
    expect(telemetry.prefixCacheHitsTotal).toBe(2);
  });

  test('the new name wins where both stand', () => {
    const text = 'vllm:gpu_cache_usage_perc 0.1\nvllm:kv_cache_usage_perc 0.9\n';
    expect(readVllmTelemetry(text, 'm').kvUsageRatio).toBe(0.9);
  });

  test('tells models apart, and takes the only one for an alias', () => {
    const two = `vllm:num_requests_running{model_name="a"} 1
vllm:num_requests_running{model_name="b"} 2`;
    expect(readVllmTelemetry(two, 'b').runningRequests).toBe(2);
    expect(readVllmTelemetry(two, 'c').runningRequests).toBeNull();
    expect(
      readVllmTelemetry('vllm:num_requests_running{model_name="a"} 1', 'c').runningRequests,
    ).toBe(1);
  });

  test('series without a model belong to whoever asks', () => {
    expect(readVllmTelemetry('vllm:num_requests_running 6', 'm').runningRequests).toBe(6);
  });

  test('label values may hold quotes, braces, commas and escapes', () => {
    const text = String.raw`vllm:num_requests_running{x="a}b,c=\"d\"",model_name="we\\ird\"n"} 4`;
    expect(readVllmTelemetry(text, String.raw`we\ird"n`).runningRequests).toBe(4);
    const names: (string | undefined)[] = [];
    eachSample(
      text,
      () => true,
      (sample) => names.push(sample.label('x'), sample.label('none')),
    );
    expect(names).toEqual(['a}b,c="d"', undefined]);
  });

  test('what is no finite, positive number is missing', () => {
    const text = `vllm:num_requests_running NaN
vllm:num_requests_waiting -1
vllm:kv_cache_usage_perc +Inf
vllm:prompt_tokens_total
vllm:generation_tokens_total{broken="1 7`;
    expect(readVllmTelemetry(text, 'm')).toEqual(NO_TELEMETRY);
  });

  test('power is read of the simulated engine only', () => {
    const text = 'bourse_sim:power_watts{engine="0"} 200\nbourse_sim:power_watts{engine="1"} 150';
    expect(readSimulatedTelemetry(text, 'm').powerWatts).toBe(350);
    expect(readVllmTelemetry(text, 'm').powerWatts).toBeNull();
  });

  test('never throws, and every value is null or finite and not negative', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .tuple(
          fc.constantFrom('vllm:num_requests_running', 'vllm:kv_cache_usage_perc', '# HELP'),
          fc.string(),
          fc.oneof(fc.double().map(String), fc.string()),
        )
        .map(([name, labels, value]) => `${name}{${labels}} ${value}`),
    );
    fc.assert(
      fc.property(fc.array(line), fc.string(), (lines, model) => {
        const telemetry = readVllmTelemetry(lines.join('\n'), model);
        const values = Object.values(telemetry) as (number | null)[];
        const areSound = values.every((it) => it === null || (Number.isFinite(it) && it >= 0));
        return areSound && (telemetry.kvUsageRatio ?? 0) <= 1;
      }),
    );
  });

  test('what it writes it reads back', () => {
    const label = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(label, fc.nat(), (name, value) => {
        const escaped = name
          .replaceAll('\\', '\\\\')
          .replaceAll('"', String.raw`\"`)
          .replaceAll('\n', String.raw`\n`);
        const text = `vllm:num_requests_running{engine="0",model_name="${escaped}"} ${value}\nvllm:num_requests_running{model_name="${escaped}x"} 1`;
        return readVllmTelemetry(text, name).runningRequests === value;
      }),
    );
  });
});
