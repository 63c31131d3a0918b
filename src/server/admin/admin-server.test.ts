import { afterEach, describe, expect, test } from 'vitest';
import { fault } from '../../kernel/index.ts';
import type { AdminBackend, DecisionView, InstanceState } from '../../contract/index.ts';
import { sha256Hex } from '../authentication.ts';
import { errorOf, send, testConfig } from '../fixtures/model-server-rig.ts';
import type { Answer, Call } from '../fixtures/model-server-rig.ts';
import { createAdminServer } from './admin-server.ts';
import type { AdminServer } from './admin-server.ts';
import { decimal } from './admin-view.ts';

const servers: AdminServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const STATE = {
  instance: {
    id: 'a',
    model: { id: 'qwen', labels: new Map() },
    engine: 'vllm',
    url: 'http://user:sk-url@10.0.0.5:8000/base',
    apiKey: 'sk-instance',
    labels: new Map([['site', 'on-prem']]),
    maxRunning: 4,
    source: 'admin',
  },
  lifecycle: 'ready',
  telemetry: {},
  observedAtMs: 0,
  reason: null,
  features: { hasResponses: true },
} as unknown as InstanceState;

interface AdminRig {
  readonly calls: unknown[][];
  readonly explained: unknown[];
  ask(call: Call): Promise<Answer>;
}

async function startAdmin(key?: string, overrides: Partial<AdminBackend> = {}): Promise<AdminRig> {
  const calls: unknown[][] = [];
  const explained: unknown[] = [];
  const record =
    (name: string, answer: unknown) =>
    (...args: unknown[]): never => {
      calls.push([name, ...args]);
      return answer as never;
    };
  const backend: AdminBackend = {
    instances: record('instances', [STATE]),
    addInstance: record('addInstance', Promise.resolve(STATE)),
    drainInstance: record('drainInstance', Promise.resolve(STATE)),
    removeInstance: record('removeInstance', Promise.resolve()),
    budgets: record('budgets', []),
    allBudgets: record('allBudgets', [{ rule: 'acme-daily' }]),
    setBudgets: record('setBudgets', Promise.resolve([])),
    preferences: record('preferences', null),
    setPreferences: record('setPreferences', Promise.resolve()),
    carbon: record('carbon', []),
    cache: record('cache', Promise.resolve({ workers: [], routes: [], removed: {} })),
    forget: record('forget', undefined),
    setCarbon: record('setCarbon', Promise.resolve([])),
    decisions: record('decisions', Promise.resolve([])),
    decision: record('decision', Promise.resolve(null)),
    accuracy: record('accuracy', []),
    judges: record('judges', []),
    ledger: record(
      'ledger',
      Promise.resolve({ requests: 3, picoUsd: 9_007_199_254_740_993n, microjoules: 1_500_000n }),
    ),
    policy: record('policy', { generation: 1 }),
    reload: record('reload', Promise.resolve({ generation: 2 })),
    metrics: record('metrics', Promise.resolve('bourse_up 1\n')),
    ...overrides,
  };
  const config = testConfig();
  const admin = {
    host: '127.0.0.1',
    port: 0,
    keySha256: key === undefined ? null : sha256Hex(key),
  };
  const logged: string[] = [];
  const write = (_fields: object, message: string): void => void logged.push(message);
  const server = createAdminServer({
    backend,
    config: () => ({ ...config, server: { ...config.server, admin } }),
    log: { info: write, warn: write, error: write },
    findings: () => Promise.resolve({ findings: [], undecided: 0, solver: 'built-in' }),
    explain: (input) => {
      explained.push(input);
      return Promise.resolve({ id: 'd' } as DecisionView);
    },
  });
  servers.push(server);
  const { port } = await server.listen();
  return { calls, explained, ask: (call) => send({ port }, { method: 'GET', ...call }) };
}

const json = (value: unknown): string => JSON.stringify(value);
const parsed = (answer: Answer): unknown => JSON.parse(answer.text);

describe('instances', () => {
  test('are listed without any credential', async () => {
    const rig = await startAdmin();
    const answer = await rig.ask({ path: '/admin/v1/instances' });
    expect(answer.text).not.toMatch(/sk-url|sk-instance/);
    expect(parsed(answer)).toMatchObject({
      instances: [
        {
          id: 'a',
          model: 'qwen',
          url: 'http://10.0.0.5:8000/base',
          hasApiKey: true,
          labels: { site: 'on-prem' },
          lifecycle: 'ready',
          observedAt: '1970-01-01T00:00:00.000Z',
        },
      ],
    });
  });

  test('are added, drained and removed', async () => {
    const rig = await startAdmin();
    const input = { id: 'a', model: 'qwen', engine: 'vllm', url: 'http://h:1', apiKey: 'sk-x' };
    const path = '/admin/v1/instances';
    const added = await rig.ask({ method: 'POST', path, body: json(input) });
    expect(added.status).toBe(201);
    expect((await rig.ask({ method: 'POST', path: `${path}/a/drain` })).status).toBe(200);
    expect((await rig.ask({ method: 'DELETE', path: `${path}/a` })).status).toBe(204);
    expect(rig.calls).toEqual([
      ['addInstance', input],
      ['drainInstance', 'a'],
      ['removeInstance', 'a'],
    ]);
  });

  test.each([
    [{ id: 'a' }, 'body.model'],
    [{ id: 'a', model: 'm', engine: 'e', url: 'file:///etc/passwd' }, 'body.url'],
    [{ id: 'a', model: 'm', engine: 'e', url: 'http://h', extra: 1 }, 'body'],
    [{ id: 'a', model: 'm', engine: 'e', url: 'http://h', maxRunning: 0 }, 'body.maxRunning'],
    [[], 'body'],
  ])('%j is refused at %s', async (body, place) => {
    const rig = await startAdmin();
    const answer = await rig.ask({ method: 'POST', path: '/admin/v1/instances', body: json(body) });
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({
      code: 'BRS_ADMIN_INPUT',
      type: 'invalid_request_error',
    });
    expect(errorOf(answer).message.startsWith(`${place}: `)).toBe(true);
    expect(rig.calls).toEqual([]);
  });
});

describe('tenants', () => {
  test('budgets are read and replaced', async () => {
    const rig = await startAdmin();
    const path = '/admin/v1/tenants/acme/budgets';
    expect(parsed(await rig.ask({ path }))).toEqual({ tenant: 'acme', budgets: [] });
    const all = parsed(await rig.ask({ path: '/admin/v1/budgets' }));
    expect(all).toEqual({ budgets: [{ rule: 'acme-daily' }] });
    const budgets = [{ per: 'day', usd: 5 }];
    expect((await rig.ask({ method: 'PUT', path, body: json({ budgets }) })).status).toBe(200);
    expect(rig.calls.at(-1)).toEqual(['setBudgets', 'acme', budgets]);
    for (const bad of [{ per: 'day' }, { per: 'week', usd: 1 }, { per: 'day', tokens: -1 }]) {
      const answer = await rig.ask({ method: 'PUT', path, body: json({ budgets: [bad] }) });
      expect(answer.status).toBe(400);
    }
  });

  test('preferences are read, set and deleted', async () => {
    const rig = await startAdmin();
    const path = '/admin/v1/tenants/acme%2Feu/preferences';
    expect(parsed(await rig.ask({ path }))).toEqual({
      tenant: 'acme/eu',
      mode: null,
      weights: null,
    });
    const set = { mode: 'eco', weights: { usdPerSecond: 0.1 } };
    expect((await rig.ask({ method: 'PUT', path, body: json(set) })).status).toBe(200);
    expect((await rig.ask({ method: 'DELETE', path })).status).toBe(204);
    expect(rig.calls.slice(1)).toEqual([
      ['setPreferences', 'acme/eu', set],
      ['setPreferences', 'acme/eu', null],
    ]);
  });
});

test('decisions, the ledger, the policy, metrics and explain', async () => {
  const rig = await startAdmin();
  expect(parsed(await rig.ask({ path: '/admin/v1/decisions?limit=3' }))).toEqual({ decisions: [] });
  expect(rig.calls.at(-1)).toEqual(['decisions', 3]);
  expect((await rig.ask({ path: '/admin/v1/decisions?limit=0' })).status).toBe(400);
  const missing = await rig.ask({ path: '/admin/v1/decisions/d-0-x' });
  expect([missing.status, errorOf(missing).code]).toEqual([404, 'BRS_NOT_FOUND']);
  expect(parsed(await rig.ask({ path: '/admin/v1/ledger?tenant=acme' }))).toEqual({
    tenant: 'acme',
    requests: 3,
    picoUsd: '9007199254740993',
    usd: '9007.199254740993',
    microjoules: '1500000',
    joules: '1.500000',
  });
  expect(parsed(await rig.ask({ path: '/admin/v1/policy' }))).toEqual({ generation: 1 });
  expect(parsed(await rig.ask({ path: '/admin/v1/policy/findings' }))).toEqual({
    findings: [],
    undecided: 0,
    solver: 'built-in',
  });
  const reload = await rig.ask({ method: 'POST', path: '/admin/v1/policy/reload' });
  expect(parsed(reload)).toEqual({ generation: 2 });
  expect((await rig.ask({ path: '/metrics' })).text).toBe('bourse_up 1\n');
  await rig.ask({ method: 'POST', path: '/admin/v1/explain', body: json({ text: 'hi' }) });
  expect(rig.explained).toEqual([{ text: 'hi' }]);
});

test('decimal is exact', () => {
  expect(decimal(0n, 12)).toBe('0.000000000000');
  expect(decimal(-1n, 6)).toBe('-0.000001');
  expect(decimal(123_456_789n, 6)).toBe('123.456789');
});

describe('errors', () => {
  test('have one shape, whoever raises them', async () => {
    const rig = await startAdmin(undefined, {
      reload: () => Promise.reject(fault('BRS_CONFIG', { report: 'line 3' })),
      removeInstance: () => Promise.reject(new Error('secret sk-1 in /etc')),
    });
    const path = '/admin/v1/instances';
    const cases: [Call, number, string][] = [
      [{ path: '/nothing?key=sk' }, 404, 'BRS_PATH_UNKNOWN'],
      [{ method: 'PATCH', path }, 404, 'BRS_PATH_UNKNOWN'],
      [{ method: 'POST', path, body: '{' }, 400, 'BRS_ADMIN_INPUT'],
      [{ method: 'POST', path }, 400, 'BRS_ADMIN_INPUT'],
      [{ method: 'POST', path, body: Buffer.alloc(5_000_000, ' ') }, 413, 'BRS_BODY_TOO_LARGE'],
      [{ path: '/admin/v1/decisions/%ff' }, 400, 'BRS_ADMIN_INPUT'],
      [{ method: 'POST', path: '/admin/v1/policy/reload' }, 500, 'BRS_CONFIG'],
      [{ method: 'DELETE', path: `${path}/a` }, 500, 'BRS_INTERNAL'],
    ];
    for (const [call, status, code] of cases) {
      const answer = await rig.ask(call);
      expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
      expect(answer.text).not.toMatch(/sk-|\/etc|=sk/);
    }
  });
});

describe('who may enter', () => {
  test('no web page: neither by another name, nor from another site, nor by a form', async () => {
    const rig = await startAdmin();
    const path = '/admin/v1/policy/reload';
    const refused: [Record<string, string>, number][] = [
      [{ host: 'rebound.example' }, 403],
      [{ origin: 'https://evil.example' }, 403],
      [{ 'content-type': 'text/plain' }, 415],
      [{ 'content-type': 'application/x-www-form-urlencoded' }, 415],
      [{ 'content-type': 'application/jsonx' }, 415],
    ];
    for (const [headers, status] of refused) {
      expect((await rig.ask({ method: 'POST', path, headers })).status).toBe(status);
    }
    expect(rig.calls).toEqual([]);
  });

  test('the key, where one is set: everywhere but at /health', async () => {
    const rig = await startAdmin('admin-key');
    const statusWith = async (path: string, key?: string): Promise<number> => {
      const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
      return (await rig.ask({ path, headers })).status;
    };
    for (const path of ['/admin/v1/instances', '/metrics', '/admin/v1/policy', '/nothing']) {
      expect(await statusWith(path)).toBe(401);
      expect(await statusWith(path, 'wrong')).toBe(401);
    }
    expect(await statusWith('/admin/v1/policy', 'admin-key')).toBe(200);
    expect(await statusWith('/health')).toBe(200);
  });

  test('without a key it listens on loopback only', async () => {
    const config = testConfig();
    const server = createAdminServer({
      backend: {} as AdminBackend,
      config: () => ({
        ...config,
        server: { ...config.server, admin: { host: '0.0.0.0', port: 0, keySha256: null } },
      }),
      log: null as never,
      findings: () => Promise.reject(new Error('unused')),
      explain: () => Promise.reject(new Error('unused')),
    });
    await expect(server.listen()).rejects.toMatchObject({ code: 'BRS_UNPROTECTED' });
  });
});
