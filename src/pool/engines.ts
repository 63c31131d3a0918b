import type { Engine, Instance, Surface } from '../contract/index.ts';
import { NO_TELEMETRY } from '../contract/index.ts';
import { readSimulatedTelemetry, readVllmTelemetry } from './vllm-telemetry.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };

const PATHS: Readonly<Record<Surface, string>> = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  embeddings: '/v1/embeddings',
  responses: '/v1/responses',
};

const path: Engine['path'] = (surface, features) =>
  surface === 'responses' && !features.hasResponses ? null : PATHS[surface];

const headers = (instance: Instance): Readonly<Record<string, string>> =>
  instance.apiKey === null
    ? JSON_HEADERS
    : { ...JSON_HEADERS, authorization: `Bearer ${instance.apiKey}` };

/** Any server that speaks OpenAI's API, the clouds included. Listing its models is its health, and costs nothing. */
const openai: Engine = {
  apiVersion: 1,
  kind: 'openai',
  path,
  headers,
  probe: { healthPath: '/v1/models', telemetryPath: null },
  readTelemetry: () => NO_TELEMETRY,
};

const vllm: Engine = {
  apiVersion: 1,
  kind: 'vllm',
  path,
  headers,
  probe: { healthPath: '/health', telemetryPath: '/metrics' },
  readTelemetry: readVllmTelemetry,
  continuesChat: true,
};

/** The simulated fleet: vLLM's protocol, and the power it draws. */
const simulated: Engine = { ...vllm, kind: 'simulated', readTelemetry: readSimulatedTelemetry };

export const ENGINES: readonly Engine[] = [openai, vllm, simulated];
