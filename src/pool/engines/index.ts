import type { Engine } from '../../contract/index.ts';
import { anthropic } from './anthropic/engine.ts';
import { azure } from './azure/engine.ts';
import { bedrock } from './bedrock/engine.ts';
import { deepseek } from './deepseek/engine.ts';
import { dynamo } from './dynamo/engine.ts';
import { gemini } from './gemini/engine.ts';
import { groq } from './groq/engine.ts';
import { llamaCpp } from './llama-cpp/engine.ts';
import { mistral } from './mistral/engine.ts';
import { ollama } from './ollama/engine.ts';
import { openai } from './openai/engine.ts';
import { openrouter } from './openrouter/engine.ts';
import { rayServe } from './ray-serve/engine.ts';
import { sglang } from './sglang/engine.ts';
import { simulated } from './simulated/engine.ts';
import { tgi } from './tgi/engine.ts';
import { vertex } from './vertex/engine.ts';
import { vllm } from './vllm/engine.ts';

/** Every kind of server that can be bought from. */
export const ENGINES: readonly Engine[] = [
  openai,
  vllm,
  sglang,
  llamaCpp,
  ollama,
  tgi,
  dynamo,
  rayServe,
  azure,
  anthropic,
  gemini,
  mistral,
  groq,
  deepseek,
  openrouter,
  bedrock,
  vertex,
  simulated,
];
