import { describe, expect, test } from 'vitest';
import type { Engine, Instance, MemberChange, Surface } from '../../contract/index.ts';
import { NO_TELEMETRY } from '../../contract/index.ts';
import { createVirtualClock } from '../../kernel/index.ts';
import { instanceAt, listen } from '../fixtures/local-server.ts';
import { createProber } from '../prober.ts';
import { ENGINES } from './index.ts';

const engine = (kind: string): Engine => ENGINES.find((each) => each.kind === kind)!;

/** What an engine changes in a request with these members. */
function changes(
  kind: string,
  members: Readonly<Record<string, unknown>>,
  over: { options?: Instance['options']; surface?: Surface; outputTokens?: number } = {},
): readonly MemberChange[] {
  const { options = {}, surface = 'chat', outputTokens = null } = over;
  return engine(kind).adapt!({
    instance: instanceAt('http://127.0.0.1:1', { engine: kind, options }),
    surface,
    isStream: true,
    outputTokens,
    field: (name) => (members[name] === undefined ? null : JSON.stringify(members[name])),
  });
}

describe('what an engine needs otherwise than OpenAI has it', () => {
  test('Mistral: what it does not know goes, and what it calls otherwise is renamed', () => {
    const members = {
      stream_options: { include_usage: true },
      user: 'u',
      seed: 7,
      max_completion_tokens: 9,
      tool_choice: 'required',
      temperature: 1,
    };
    expect(changes('mistral', members)).toEqual([
      { path: ['stream_options'], value: undefined },
      { path: ['user'], value: undefined },
      { path: ['max_completion_tokens'], value: undefined },
      { path: ['max_tokens'], value: 9 },
      { path: ['seed'], value: undefined },
      { path: ['random_seed'], value: 7 },
      { path: ['tool_choice'], value: 'any' },
    ]);
    expect(changes('mistral', members, { surface: 'embeddings' })).toEqual([]);
  });

  test('Dynamo: the worker and the expected length, and the client’s own word stands', () => {
    const over = { options: { workerId: 7, hints: true }, outputTokens: 41.2 };
    expect(changes('dynamo', {}, over)).toEqual([
      { path: ['nvext', 'backend_instance_id'], value: 7 },
      { path: ['nvext', 'agent_hints', 'osl'], value: 42 },
    ]);
    const nvext = { backend_instance_id: 1, agent_hints: { osl: 5 } };
    expect(changes('dynamo', { nvext }, over)).toEqual([]);
    expect(changes('dynamo', {}, { outputTokens: 5 })).toEqual([]);
  });

  test('llama.cpp: whether prompts are kept, where the instance says so', () => {
    const change = { path: ['cache_prompt'], value: false };
    expect(changes('llama-cpp', {}, { options: { cachePrompt: false } })).toEqual([change]);
    expect(
      changes('llama-cpp', { cache_prompt: true }, { options: { cachePrompt: false } }),
    ).toEqual([]);
    expect(changes('llama-cpp', {})).toEqual([]);
  });
});

test('Azure: by deployment, or the v1 API where the base says so', () => {
  const azure = engine('azure');
  const path: Engine['path'] = (...ask) => azure.path(...ask);
  const at = (url: string, options?: Instance['options']) =>
    instanceAt(url, { engine: 'azure', ...(options !== undefined && { options }) });
  const model = 'm';
  const features = { hasResponses: true };
  const byName = at('https://x.openai.azure.com', { apiVersion: '2025-01-01&x' });
  expect(path('embeddings', features, byName)).toBe(
    `/openai/deployments/${model}/embeddings?api-version=2025-01-01%26x`,
  );
  expect(path('responses', features, byName)).toBeNull();
  const v1 = at('https://x.openai.azure.com/openai');
  expect(path('responses', features, v1)).toBe('/v1/responses');
  expect(path('chat', features, v1)).toBe('/v1/chat/completions');
});

describe('load that is told elsewhere', () => {
  const clock = createVirtualClock();

  test('metrics of another address are asked for without the key', async () => {
    const metrics = await listen((response) =>
      response.end('ray_vllm_num_requests_running{model_name="m"} 4\n'),
    );
    const ingress = await listen((response) => response.end('success'));
    const prober = createProber({ engines: ENGINES, clock });
    const probe = await prober.probe(
      instanceAt(ingress.url, { engine: 'ray-serve', apiKey: 'k', metricsUrl: `${metrics.url}/m` }),
      5_000,
    );
    expect(probe.telemetry).toEqual({ ...NO_TELEMETRY, runningRequests: 4 });
    expect(metrics.requests).toMatchObject([{ path: '/m', authorization: undefined }]);
    await Promise.all([prober.close(), metrics.close(), ingress.close()]);
  });

  test('llama.cpp without metrics: its slots', async () => {
    const server = await listen((response, _body, request) => {
      const slots = '[{"id":0,"is_processing":true},{"id":1,"is_processing":false}]';
      const isThere = request.url === '/slots' || request.url === '/health';
      response.writeHead(isThere ? 200 : 501).end(request.url === '/slots' ? slots : '{}');
    });
    const prober = createProber({ engines: ENGINES, clock });
    const probe = await prober.probe(instanceAt(server.url, { engine: 'llama-cpp' }), 5_000);
    expect(probe).toMatchObject({ lifecycle: 'ready', telemetry: { runningRequests: 1 } });
    await Promise.all([prober.close(), server.close()]);
  });

  test('a Dynamo frontend without a worker is down', async () => {
    const server = await listen((response) => response.end('{"status":"healthy","instances":[]}'));
    const prober = createProber({ engines: ENGINES, clock });
    const probe = await prober.probe(instanceAt(server.url, { engine: 'dynamo' }), 5_000);
    expect(probe).toMatchObject({ lifecycle: 'down', reason: 'its frontend has no worker' });
    await Promise.all([prober.close(), server.close()]);
  });
});
