import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, getJson, inParallel, startDemoExchange, without } from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';

let demo: DemoExchange;
beforeEach(async () => {
  demo = await startDemoExchange({
    // Every instance is permitted; deadlines are short, so that a hanging one is given up within the test's patience.
    edit: (yaml) => `${['budgets', 'routes', 'server'].reduce(without, yaml)}
attempts: { max: 5, firstTokenTimeoutMs: 2000, idleTimeoutMs: 2000, connectTimeoutMs: 2000 }
health: { pollMs: 60000, timeoutMs: 500 }
server: { shutdown: { drainSeconds: 1 } }
`,
  });
});
afterEach(async () => {
  await demo.close();
});

const chatUrls = (): string[] =>
  Object.entries(demo.fleet.env)
    .filter(([name]) => !name.includes('ENCODER'))
    .map(([, url]) => url);

async function inject(url: string, fault: { kind: string; afterTokens?: number }): Promise<void> {
  const response = await fetch(`${url}/sim/fault`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  });
  expect(response.ok).toBe(true);
}

const ask = (content: string, stream: boolean): Promise<Response> =>
  fetch(`${demo.app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'auto',
      stream,
      max_tokens: 200,
      messages: [{ role: 'user', content }],
    }),
  });

describe('instances that fail before the first token', () => {
  test.each(['error500', 'hang', 'refuse', 'rate-limit'])(
    'all but one are in %s: no client sees an error',
    async (kind) => {
      const [healthy, ...broken] = chatUrls();
      expect(broken.length).toBeGreaterThanOrEqual(4);
      for (const url of broken) await inject(url, { kind });
      const answers = await inParallel(Array.from({ length: 24 }), 8, async (_, i) => {
        // Whether an unstreamed answer hangs or is long in the making shows late: that has a deadline of its own.
        const response = await ask(`Question ${i}`, i % 2 === 0 || kind === 'hang');
        return { status: response.status, text: await response.text() };
      });
      expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
      for (const { text } of answers) expect(text).not.toContain('"error"');
      expect(healthy).toBeDefined();
    },
  );

  test('500 prompts with one killed, one hanging, one answering 500, one cutting streams', async () => {
    const urls = chatUrls();
    const killed = demo.fleet.servers.find(({ url }) => url === urls[1])!;
    await killed.close();
    await inject(urls[2]!, { kind: 'hang' });
    await inject(urls[3]!, { kind: 'error500' });
    await inject(urls[4]!, { kind: 'cut', afterTokens: 0 });
    const answers = await inParallel(Array.from({ length: 500 }), 32, async (_, i) => {
      const response = await ask(`Question ${i}`, true);
      return { status: response.status, text: await response.text() };
    });
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(answers.filter(({ text }) => !text.endsWith('data: [DONE]\n\n'))).toEqual([]);
  });
});

describe('instances that fail after the first token', () => {
  test('the client gets an error event, no [DONE], and the decision says cut', async () => {
    for (const url of chatUrls()) await inject(url, { kind: 'cut', afterTokens: 3 });
    const response = await ask('Tell me a long story', true);
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toMatch(/data: \{"error":/);
    expect(text).not.toContain('[DONE]');
    const id = response.headers.get('x-bourse-decision-id')!;
    const view = await eventually(async () => {
      const read = await getJson<{ outcome: { status: string } | null }>(
        `${demo.app.adminUrl}/admin/v1/decisions/${id}`,
      );
      return read.outcome === null ? null : read;
    });
    expect(view.outcome!.status).toBe('cut');
  });

  test('an unstreamed answer that is cut is served by another instance', async () => {
    const urls = chatUrls();
    for (const url of urls.slice(1)) await inject(url, { kind: 'cut', afterTokens: 3 });
    const response = await ask('Hello', false);
    expect(response.status).toBe(200);
  });
});

test('when everything fails the error says what was tried, and the breaker spares the next request', async () => {
  for (const url of chatUrls()) await inject(url, { kind: 'error500' });
  const response = await ask('Hello', false);
  expect(response.status).toBe(503);
  const body = (await response.json()) as { error: { message: string; bourse_code: string } };
  expect(body.error.bourse_code).toBe('BRS_ATTEMPTS_EXHAUSTED');
  expect(body.error.message).not.toMatch(/127\.0\.0\.1|localhost/);
});
