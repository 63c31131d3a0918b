import type { ServerResponse } from 'node:http';
import type { AnswerFormat, Choice } from './answer-format.ts';
import type { EngineMetrics } from './engine-metrics.ts';
import type { EngineModel, SequenceResult } from './engine-model.ts';
import type { ActiveFault } from './fault-injection.ts';
import type { PromptBlocks } from './prompt-blocks.ts';
import type { PromptFeatures } from './prompt-features.ts';
import { sendJson } from './answer-error.ts';

export interface PlannedChoice extends Choice {
  /** Further answers to one prompt are charged no prompt. */
  readonly isFirstOfPrompt: boolean;
  readonly prompt: PromptBlocks;
  readonly features: PromptFeatures;
}

/** A request that is understood: everything but the time that it will take. */
export interface Generation {
  readonly format: AnswerFormat;
  readonly id: string;
  readonly model: string;
  readonly createdSeconds: number;
  readonly choices: readonly PlannedChoice[];
  readonly isStream: boolean;
  readonly includesUsage: boolean;
}

export interface GenerationPorts {
  readonly engine: EngineModel;
  readonly metrics: EngineMetrics;
  readonly fault: ActiveFault;
  readonly response: ServerResponse;
}

/** Runs the sequences of one request and writes them as they come. A client that leaves cancels them. */
export function runGeneration(generation: Generation, ports: GenerationPorts): void {
  const run = new GenerationRun(generation, ports);
  run.start();
}

class GenerationRun {
  readonly #generation: Generation;
  readonly #ports: GenerationPorts;
  readonly #results: SequenceResult[] = [];
  #tokens = 0;
  #isCut = false;

  constructor(generation: Generation, ports: GenerationPorts) {
    this.#generation = generation;
    this.#ports = ports;
  }

  start(): void {
    const { choices, isStream, format } = this.#generation;
    const { engine, response } = this.#ports;
    if (isStream) {
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
      });
      response.flushHeaders();
    }
    const handles = choices.map((choice) =>
      engine.submit({
        prompt: choice.prompt,
        outputTokens: choice.plan.pieces.length,
        onToken: (index) => {
          if (isStream && index === 0 && !this.#isCut) this.#chunk(format.opening(choice));
          this.#token(choice, index);
        },
        onEnd: (result) => this.#end(choice, result),
      }),
    );
    response.once('close', () => {
      for (const handle of handles) handle.cancel();
    });
  }

  #token(choice: PlannedChoice, index: number): void {
    const { fault, response } = this.#ports;
    if (this.#isCut) return;
    if (fault.kind === 'cut' && this.#tokens >= fault.afterTokens) {
      this.#isCut = true;
      // What was written this turn leaves first.
      setImmediate(() => response.destroy());
      return;
    }
    this.#tokens++;
    if (this.#generation.isStream) this.#chunk(this.#generation.format.token(choice, index));
  }

  #end(choice: PlannedChoice, result: SequenceResult): void {
    const { metrics, response } = this.#ports;
    const { choices, isStream, format } = this.#generation;
    const isWhole = result.reason === 'done';
    const finished = choice.plan.finishReason === 'length' ? 'length' : 'stop';
    metrics.observe(result, isWhole ? finished : 'abort');
    if (!isWhole || this.#isCut || response.destroyed) return;
    this.#results[choice.index] = result;
    if (isStream) this.#chunk(format.finish(choice), this.#simulation(choice, result.energyJoules));
    if (this.#results.filter(Boolean).length < choices.length) return;
    if (isStream) this.#endStream();
    else this.#sendWhole();
  }

  #endStream(): void {
    const { response } = this.#ports;
    if (this.#generation.includesUsage) {
      response.write(sse({ ...this.#envelope(true), choices: [], usage: this.#usage() }));
    }
    response.end('data: [DONE]\n\n');
  }

  #sendWhole(): void {
    const { choices, format } = this.#generation;
    const joules = this.#results.reduce((sum, result) => sum + result.energyJoules, 0);
    sendJson(this.#ports.response, {
      ...this.#envelope(false),
      choices: choices.map((choice) => format.whole(choice)),
      usage: this.#usage(),
      bourse_sim: this.#simulation(choices[0]!, joules),
    });
  }

  #chunk(entry: object | null, simulation?: object): void {
    const { response } = this.#ports;
    if (entry === null || response.destroyed) return;
    const chunk = { ...this.#envelope(true), choices: [entry] };
    response.write(sse(simulation === undefined ? chunk : { ...chunk, bourse_sim: simulation }));
  }

  #envelope(isChunk: boolean): object {
    const { id, format, createdSeconds, model } = this.#generation;
    const object = isChunk ? format.chunkObject : format.object;
    return { id, object, created: createdSeconds, model };
  }

  #simulation(choice: PlannedChoice, energyJoules: number): object {
    const { domain, difficulty } = choice.features;
    return {
      simulated: true,
      correct: choice.plan.isRight,
      domain,
      difficulty,
      energy_joules: energyJoules,
    };
  }

  #usage(): object {
    const { choices } = this.#generation;
    let promptTokens = 0;
    let cachedTokens = 0;
    for (const { isFirstOfPrompt, index, prompt } of choices) {
      if (!isFirstOfPrompt) continue;
      promptTokens += prompt.tokens;
      cachedTokens += this.#results[index]!.cachedTokens;
    }
    const outputTokens = this.#results.reduce((sum, result) => sum + result.outputTokens, 0);
    const thinkingTokens = choices.reduce((sum, { plan }) => sum + plan.thinkingTokens, 0);
    const thinking = { completion_tokens_details: { reasoning_tokens: thinkingTokens } };
    return {
      prompt_tokens: promptTokens,
      total_tokens: promptTokens + outputTokens,
      completion_tokens: outputTokens,
      prompt_tokens_details: { cached_tokens: cachedTokens },
      ...(thinkingTokens > 0 && thinking),
    };
  }
}

const sse = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
