import { parse } from 'yaml';
import { afterEach, describe, expect, test } from 'vitest';
import { discover } from './discover.ts';
import type { Finding } from './discover.ts';
import { discoveredPolicyYaml } from './discovered-policy.ts';
import { listen } from './fixtures/local-server.ts';
import type { LocalServer } from './fixtures/local-server.ts';

const servers: LocalServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serveModels(body: string, status = 200): Promise<LocalServer> {
  const server = await listen((response) => response.writeHead(status).end(body));
  servers.push(server);
  return server;
}

const models = (...ids: readonly string[]): string =>
  JSON.stringify({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) });

const LOCAL = { env: {}, ownPorts: [], localTimeoutMs: 2_000 };

describe('discovery', () => {
  test('finds servers on local ports, tells vLLM, and sends them no key', async () => {
    const vllm = await serveModels(
      JSON.stringify({ data: [{ id: 'Qwen/Qwen2.5-7B', owned_by: 'vllm' }] }),
    );
    const other = await serveModels(models('llama3.2:1b', 'nomic-embed-text'));
    const env = { GROQ_API_KEY: '' };
    const localPorts = [vllm.port, other.port];
    expect(await discover({ ...LOCAL, env, localPorts })).toEqual([
      {
        name: `local-${vllm.port}`,
        engine: 'vllm',
        url: vllm.url,
        models: ['Qwen/Qwen2.5-7B'],
        apiKeyEnv: null,
      },
      {
        name: `local-${other.port}`,
        engine: 'openai',
        url: other.url,
        models: ['llama3.2:1b', 'nomic-embed-text'],
        apiKeyEnv: null,
      },
    ]);
    expect(vllm.requests[0]!.authorization).toBeUndefined();
  });

  test('leaves out our own ports, what is no model server, and what does not answer', async () => {
    const own = await serveModels(models('auto'));
    const web = await serveModels('<html>', 200);
    const odd = await serveModels('{"data":[{"id":1},null,"x"]}');
    const failing = await serveModels(models('m'), 500);
    const hanging = await listen(() => {});
    servers.push(hanging);
    const localPorts = [own, web, odd, failing, hanging].map(({ port }) => port);
    const found = await discover({
      ...LOCAL,
      localTimeoutMs: 100,
      localPorts,
      ownPorts: [own.port],
    });
    expect(found).toEqual([]);
    expect(own.requests).toEqual([]);
  });

  test('a key in the environment goes to its base URL, without /v1', async () => {
    const server = await serveModels(models('gpt-5-mini'));
    const env = { OPENAI_API_KEY: 'sk-secret', OPENAI_BASE_URL: `${server.url}/proxy/v1/` };
    const found = await discover({ env, ownPorts: [], localPorts: [] });
    expect(found).toEqual([
      {
        name: 'openai',
        engine: 'openai',
        url: `${server.url}/proxy`,
        models: ['gpt-5-mini'],
        apiKeyEnv: 'OPENAI_API_KEY',
      },
    ]);
    expect(server.requests[0]).toMatchObject({
      path: '/proxy/v1/models',
      authorization: 'Bearer sk-secret',
    });
    expect(JSON.stringify(found)).not.toContain('sk-secret');
  });

  test('a base URL that points to this very program is no provider', async () => {
    const own = await serveModels(models('auto'));
    const env = { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `http://localhost:${own.port}/v1` };
    expect(await discover({ env, ownPorts: [own.port], localPorts: [] })).toEqual([]);
    expect(own.requests).toEqual([]);
  });

  test('a provider that refuses its key is found, without models', async () => {
    const server = await serveModels('{"error":{}}', 401);
    const env = { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: server.url };
    const [finding] = await discover({ env, ownPorts: [], localPorts: [] });
    expect(finding).toMatchObject({ name: 'openai', models: [] });
  });
});

describe('discovered policy', () => {
  const finding = (changes: Partial<Finding>): Finding => ({
    name: 'local-8000',
    engine: 'vllm',
    url: 'http://127.0.0.1:8000',
    models: ['m'],
    apiKeyEnv: null,
    ...changes,
  });

  test('refers to keys by their variable and makes up no price', () => {
    const text = discoveredPolicyYaml([
      finding({}),
      finding({
        name: 'openai',
        engine: 'openai',
        url: 'https://api.openai.com',
        models: ['gpt-5-mini', 'text-embedding-3-small', 'whisper-1'],
        apiKeyEnv: 'OPENAI_API_KEY',
      }),
    ]);
    expect(parse(text)).toEqual({
      version: 1,
      models: [
        { id: 'm' },
        { id: 'gpt-5-mini' },
        { id: 'text-embedding-3-small', kind: 'embedding' },
      ],
      instances: [
        { id: 'local-8000', model: 'm', engine: 'vllm', url: 'http://127.0.0.1:8000' },
        {
          id: 'openai-1',
          model: 'gpt-5-mini',
          engine: 'openai',
          url: 'https://api.openai.com',
          apiKey: '${OPENAI_API_KEY}',
        },
        {
          id: 'openai-2',
          model: 'text-embedding-3-small',
          engine: 'openai',
          url: 'https://api.openai.com',
          apiKey: '${OPENAI_API_KEY}',
        },
      ],
      routes: [{ name: 'default', use: { models: '*', mode: 'economy' } }],
    });
  });

  test('one model on two servers is one model and two instances', () => {
    const text = discoveredPolicyYaml([finding({}), finding({ name: 'local-8001' })]);
    const policy = parse(text) as { models: unknown[]; instances: unknown[] };
    expect(policy.models).toHaveLength(1);
    expect(policy.instances).toHaveLength(2);
  });

  test('names that could break out of the document are left out', () => {
    const text = discoveredPolicyYaml([
      finding({ models: ['ok', 'a"\n- b', '${HOME}', 'x'.repeat(300)] }),
    ]);
    expect(parse(text)).toMatchObject({ models: [{ id: 'ok' }] });
    expect(text).not.toContain('HOME');
  });

  test('nothing found is a valid, empty policy; silence is noted', () => {
    expect(parse(discoveredPolicyYaml([]))).toMatchObject({ models: [], instances: [] });
    const text = discoveredPolicyYaml([finding({ models: [] })]);
    expect(text).toMatch(/^# local-8000 .* listed no model/);
  });

  test('a long list is cut, and says so', () => {
    const many = Array.from({ length: 100 }, (_, index) => `m${index}`);
    const text = discoveredPolicyYaml([finding({ models: many })]);
    expect((parse(text) as { instances: unknown[] }).instances).toHaveLength(40);
    expect(text).toContain('60 more models left out');
  });
});
