import { afterAll, beforeAll, expect, test } from 'vitest';
import * as app from '../../src/app-serve.ts';
import type { DecisionView } from '../../src/contract/index.ts';
import { run } from '../../src/cli/run.ts';
import { PLAIN_SCREEN } from '../../src/cli/terminal.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { ROOT, startDemoExchange } from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';

let demo: DemoExchange;
beforeAll(async () => {
  demo = await startDemoExchange({ edit: (yaml) => `${yaml}\nunderstanding: { deep: off }\n` });
});
afterAll(() => demo.close());

const ask = (body: unknown): Promise<Response> =>
  fetch(`${demo.app.adminUrl}/admin/v1/explain`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const explain = async (body: unknown): Promise<DecisionView> =>
  (await (await ask(body)).json()) as DecisionView;

test('a running server explains what is assumed, as the command line does', async () => {
  const assume = { domain: 'physics', complexity: 0.9 };
  const view = await explain({ text: 'hello', assume, tenant: 'acme' });
  expect(view).toMatchObject({ route: 'hard-science', tenant: 'acme' });
  const assumed = view.signals.filter(({ isAssumed }) => isAssumed === true);
  expect(assumed.map(({ key }) => key)).toEqual(['domain', 'complexity']);
  const winner = view.winner!;
  const down = await explain({ text: 'hello', assume, fleet: { [winner]: { lifecycle: 'down' } } });
  expect(down.winner).not.toBe(winner);
  const body = { messages: [{ role: 'user', content: 'write a python function' }] };
  expect(await explain(body)).toMatchObject({ route: 'programming', requestedModel: 'auto' });
});

test('what is no request is refused with its place', async () => {
  const answer = await ask({ text: 'x', assume: { domian: 'math' } });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    error: { bourse_code: 'BRS_OFFLINE_INPUT', param: 'assume.domian' },
  });
});

test('tests are suggested from what the server decided, without its texts', async () => {
  for (const content of ['write a python function', 'the secret of Project Titan']) {
    const answer = await fetch(`${demo.app.modelUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }] }),
    });
    expect(answer.status).toBe(200);
    await answer.text();
  }
  const out: string[] = [];
  const terminal = {
    env: demo.fleet.env,
    screen: PLAIN_SCREEN,
    progress: () => {},
    print: (line: string) => out.push(line),
    printError: () => {},
    fetch: globalThis.fetch,
    loadApp: () => Promise.resolve(app),
  } as unknown as Terminal;
  const config = `${ROOT}/examples/demo.yaml`;
  const args = ['suggest-tests', '-c', config, '-a', demo.app.adminUrl];
  expect(await run(args, terminal, '0.0.0')).toBe(0);
  const yaml = out.join('\n');
  expect(yaml).toContain('route: programming');
  expect(yaml).toContain('constraints: [ titan-stays-on-prem ]');
  expect(yaml).not.toMatch(/secret|write a/);
});
