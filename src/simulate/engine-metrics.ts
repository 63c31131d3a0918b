import type { EngineStats, SequenceResult } from './engine-model.ts';
import type { SimulatedSpec } from './engine-spec.ts';

// Bucket bounds are vLLM's, in seconds.
const TTFT_BOUNDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
const GAP_BOUNDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];
const WHOLE_BOUNDS = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60];

class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(seconds: number, times = 1): void {
    const bucket = this.#bounds.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) this.#counts[bucket]! += times;
    this.#sum += seconds * times;
    this.#count += times;
  }

  render(name: string, help: string, labels: string): string {
    let text = `# HELP ${name} ${help}\n# TYPE ${name} histogram\n`;
    let below = 0;
    for (let i = 0; i < this.#bounds.length; i++) {
      below += this.#counts[i]!;
      text += `${name}_bucket{${labels},le="${this.#bounds[i]}"} ${below}\n`;
    }
    text += `${name}_bucket{${labels},le="+Inf"} ${this.#count}\n`;
    return `${text}${name}_sum{${labels}} ${this.#sum}\n${name}_count{${labels}} ${this.#count}\n`;
  }
}

type FinishedReason = 'stop' | 'length' | 'abort';

/** Prometheus text under vLLM's names and labels, and power and energy under the simulator's own. */
export class EngineMetrics {
  readonly #spec: SimulatedSpec;
  readonly #ttft = new Histogram(TTFT_BOUNDS);
  readonly #gap = new Histogram(GAP_BOUNDS);
  readonly #whole = new Histogram(WHOLE_BOUNDS);
  readonly #finished: Record<FinishedReason, number> = { stop: 0, length: 0, abort: 0 };

  constructor(spec: SimulatedSpec) {
    this.#spec = spec;
  }

  observe(result: SequenceResult, reason: FinishedReason): void {
    this.#finished[reason]++;
    const { arrivedAtMs, firstTokenAtMs, endedAtMs, outputTokens } = result;
    if (firstTokenAtMs !== null) this.#ttft.observe((firstTokenAtMs - arrivedAtMs) / 1000);
    if (reason === 'abort') return;
    this.#whole.observe((endedAtMs - arrivedAtMs) / 1000);
    if (firstTokenAtMs === null || outputTokens < 2) return;
    const gaps = outputTokens - 1;
    this.#gap.observe((endedAtMs - firstTokenAtMs) / 1000 / gaps, gaps);
  }

  render(stats: EngineStats): string {
    const { model, engine } = this.#spec;
    const labels = `model_name="${escapeLabel(model)}",engine="0"`;
    const single = (type: string, name: string, help: string, value: number): string =>
      `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}{${labels}} ${value}\n`;
    const gauge = single.bind(null, 'gauge');
    const counter = single.bind(null, 'counter');
    let success = '# HELP vllm:request_success_total Requests that ended.\n';
    success += '# TYPE vllm:request_success_total counter\n';
    for (const [reason, count] of Object.entries(this.#finished)) {
      success += `vllm:request_success_total{${labels},finished_reason="${reason}"} ${count}\n`;
    }
    return [
      gauge('vllm:num_requests_running', 'Sequences in the running batch.', stats.running),
      gauge('vllm:num_requests_waiting', 'Sequences that wait.', stats.waiting),
      gauge('vllm:kv_cache_usage_perc', 'KV memory in use, 0 to 1.', stats.kvUsageRatio),
      counter(
        'vllm:prefix_cache_queries_total',
        'Prompt tokens looked up.',
        stats.prefixQueriesTotal,
      ),
      counter('vllm:prefix_cache_hits_total', 'Prompt tokens found.', stats.prefixHitsTotal),
      counter('vllm:prompt_tokens_total', 'Prompt tokens processed.', stats.promptTokensTotal),
      counter('vllm:generation_tokens_total', 'Tokens generated.', stats.generationTokensTotal),
      counter('vllm:num_preemptions_total', 'Preemptions.', stats.preemptions),
      success,
      `# HELP vllm:cache_config_info KV memory.\n# TYPE vllm:cache_config_info gauge\n`,
      `vllm:cache_config_info{${labels},block_size="${engine.blockSize}",num_gpu_blocks="${engine.kvBlocks}"} 1\n`,
      this.#ttft.render('vllm:time_to_first_token_seconds', 'Time to first token.', labels),
      this.#gap.render('vllm:inter_token_latency_seconds', 'Time per further token.', labels),
      this.#whole.render('vllm:e2e_request_latency_seconds', 'Time of a request.', labels),
      gauge('bourse_sim:power_watts', 'Power drawn by the simulated engine.', stats.powerWatts),
      counter('bourse_sim:energy_joules_total', 'Energy since start.', stats.energyJoules),
    ].join('');
  }
}

const escapeLabel = (value: string): string =>
  value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
