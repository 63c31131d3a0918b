import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createVirtualClock } from '../kernel/index.ts';
import type { InstanceId } from '../kernel/index.ts';
import { NO_TELEMETRY } from '../contract/index.ts';
import type { Engine } from '../contract/index.ts';
import { ENGINES } from './engines/index.ts';
import { instanceAt, listen, refusedUrl } from './fixtures/local-server.ts';
import type { Answer, LocalServer } from './fixtures/local-server.ts';
import { createProber } from './prober.ts';

const clock = createVirtualClock();
const prober = createProber({ engines: ENGINES, clock });
const servers: LocalServer[] = [];
const TIMEOUT_MS = 2_000;

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => prober.close());

async function serve(answer: Answer): Promise<LocalServer> {
  const server = await listen(answer);
  servers.push(server);
  return server;
}

/** Answers by path; 404 for the rest. */
const byPath =
  (answers: Readonly<Record<string, readonly [status: number, body: string]>>): Answer =>
  (response, _body, request) => {
    const [status, body] = answers[request.url!] ?? [404, '{}'];
    response.writeHead(status).end(body);
  };

describe('prober', () => {
  test('vLLM: health, load and features', async () => {
    const metrics = 'vllm:num_requests_running{model_name="m"} 2\n';
    const server = await serve(
      byPath({ '/health': [200, ''], '/metrics': [200, metrics], '/v1/responses': [400, '{}'] }),
    );
    const probe = await prober.probe(instanceAt(server.url, { engine: 'vllm' }), TIMEOUT_MS);
    expect(probe).toEqual({
      lifecycle: 'ready',
      reason: null,
      telemetry: { ...NO_TELEMETRY, runningRequests: 2 },
      features: { hasResponses: true },
    });
  });

  test('features are asked for once, and again after the server was down', async () => {
    let status = 200;
    const server = await serve((response, body, request) => {
      const isHealth = request.url === '/health';
      response.writeHead(isHealth ? status : 404).end(body);
    });
    const instance = instanceAt(server.url, { engine: 'vllm' });
    const asked = (): number =>
      server.requests.filter(({ path }) => path === '/v1/responses').length;
    await prober.probe(instance, TIMEOUT_MS);
    const again = await prober.probe(instance, TIMEOUT_MS);
    expect(again.features.hasResponses).toBe(false);
    expect(again.telemetry).toEqual(NO_TELEMETRY);
    expect(asked()).toBe(1);
    status = 503;
    const down = await prober.probe(instance, TIMEOUT_MS);
    expect(down).toMatchObject({ lifecycle: 'down', reason: 'GET /health answered 503' });
    status = 200;
    await prober.probe(instance, TIMEOUT_MS);
    expect(asked()).toBeGreaterThan(1);
  });

  test('a cloud is asked for its models with the key, and not at every poll', async () => {
    const server = await serve(byPath({ '/v1/models': [200, '{"data":[]}'] }));
    const instance = instanceAt(server.url, { apiKey: 'sk-1' });
    const health = (): number => server.requests.filter(({ path }) => path === '/v1/models').length;
    for (let i = 0; i < 5; i++) {
      expect((await prober.probe(instance, TIMEOUT_MS)).lifecycle).toBe('ready');
    }
    expect(health()).toBe(1);
    expect(server.requests[0]!.authorization).toBe('Bearer sk-1');
    clock.advance(60_000);
    await prober.probe(instance, TIMEOUT_MS);
    expect(health()).toBe(2);
    // Another key is another question.
    await prober.probe(instanceAt(server.url, { apiKey: 'sk-2' }), TIMEOUT_MS);
    expect(health()).toBe(3);
  });

  test('a refused credential is down, and the reason does not show the key', async () => {
    const server = await serve((response) => response.writeHead(401).end('bad key sk-secret'));
    const probe = await prober.probe(instanceAt(server.url, { apiKey: 'sk-secret' }), TIMEOUT_MS);
    expect(probe).toMatchObject({ lifecycle: 'down', reason: 'credential refused' });
  });

  test('a server without a models list is alive', async () => {
    const server = await serve((response) => response.writeHead(404).end());
    expect((await prober.probe(instanceAt(server.url), TIMEOUT_MS)).lifecycle).toBe('ready');
  });

  test('refused, hanging and unknown are down, never a rejection', async () => {
    const refused = await prober.probe(instanceAt(await refusedUrl()), TIMEOUT_MS);
    expect(refused).toMatchObject({ lifecycle: 'down', reason: 'unreachable (ECONNREFUSED)' });
    const hanging = await serve(() => {});
    const hung = await prober.probe(instanceAt(hanging.url), 50);
    expect(hung).toMatchObject({ lifecycle: 'down', reason: 'no answer in time' });
    const unknown = await prober.probe(instanceAt('http://127.0.0.1:1', { engine: 'x' }), 50);
    expect(unknown.reason).toContain('"x"');
    const bad = await prober.probe(instanceAt('not a url'), 50);
    expect(bad.lifecycle).toBe('down');
  });

  test('an endless metrics page is cut off, and the instance stays ready', async () => {
    const server = await serve((response, _body, request) => {
      if (request.url !== '/metrics') {
        response.end();
        return;
      }
      const piece = 'x'.repeat(1024 * 1024);
      const pump = (): void => {
        while (response.write(piece));
        response.once('drain', pump);
      };
      pump();
    });
    const instance = instanceAt(server.url, { engine: 'vllm', id: 'b' as InstanceId });
    const probe = await prober.probe(instance, TIMEOUT_MS);
    expect(probe).toMatchObject({ lifecycle: 'ready', telemetry: NO_TELEMETRY });
  });
});

describe('engines', () => {
  const engine = (kind: string): Engine => ENGINES.find((each) => each.kind === kind)!;

  test('responses only where probing found it', () => {
    const at = instanceAt('http://127.0.0.1:1');
    for (const each of ['openai', 'vllm', 'simulated'].map(engine)) {
      expect(each.path('responses', { hasResponses: false }, at)).toBeNull();
      expect(each.path('responses', { hasResponses: true }, at)).toBe('/v1/responses');
      expect(each.path('embeddings', { hasResponses: false }, at)).toBe('/v1/embeddings');
    }
  });

  test('the key goes out as a bearer, and nothing where there is none', () => {
    const url = 'http://127.0.0.1:1';
    expect(engine('openai').headers(instanceAt(url, { apiKey: 'k' }))).toEqual({
      'content-type': 'application/json',
      authorization: 'Bearer k',
    });
    expect(engine('vllm').headers(instanceAt(url))).not.toHaveProperty('authorization');
  });
});
