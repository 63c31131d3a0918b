import { afterAll, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';

const POLICY = `version: 1
server: { port: 0, admin: { port: 0 } }
log: { level: silent }
understanding: { deep: off }
models: [{ id: m }]
instances: [{ id: i, model: m, engine: vllm, url: 'http://127.0.0.1:9' }]
routes:
  - { name: wide, when: { contextTokens: { atLeast: 10 } }, use: { mode: eco } }
  - { name: narrow, when: { contextTokens: { atLeast: 500 } }, use: { mode: accuracy } }
`;

const apps: RunningApp[] = [];
afterAll(() => Promise.all(apps.map((app) => app.close())));

test('a server tells the conflicts in its policy, and a request that shows them', async () => {
  const app = await startServe({ configText: POLICY, env: {}, overrides: {} });
  apps.push(app);
  const { findings } = await app.findings();
  expect(findings).toMatchObject([
    { code: 'shadowed-route', severity: 'error', path: 'routes[1]', line: 9, witness: {} },
  ]);
  const answer = await fetch(`${app.adminUrl}/admin/v1/policy/findings`);
  expect(await answer.json()).toMatchObject({
    findings: [{ code: 'shadowed-route' }],
    undecided: 0,
  });
  const explained = await fetch(`${app.adminUrl}/admin/v1/explain`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(findings[0]!.witness!.request),
  });
  expect(await explained.json()).toMatchObject({ route: 'wide' });
});
