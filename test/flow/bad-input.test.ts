import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDemoExchange } from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';

const KEY = 'sk-the-secret-of-this-test';
let demo: DemoExchange;
beforeAll(async () => {
  const { createHash } = await import('node:crypto');
  const sha256 = createHash('sha256').update(KEY).digest('hex');
  demo = await startDemoExchange({
    edit: (yaml) => `${yaml}\nkeys:\n  - { tenant: acme, sha256: "${sha256}" }\n`,
  });
});
afterAll(async () => {
  await demo.close();
});

async function post(
  body: string | Buffer,
  path = '/v1/chat/completions',
): Promise<{ status: number; text: string }> {
  const response = await fetch(demo.app.modelUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    body: new Uint8Array(Buffer.from(body)),
  });
  return { status: response.status, text: await response.text() };
}

function expectClearError(answer: { status: number; text: string }): void {
  expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
  expect(answer.status, answer.text).toBeLessThan(500);
  const { error } = JSON.parse(answer.text) as { error: { message: string; type: string } };
  expect(error.message.length).toBeGreaterThan(10);
  expect(error.type.length).toBeGreaterThan(3);
  expect(answer.text).not.toContain(KEY);
  expect(answer.text).not.toMatch(/\.ts|\.js|node_modules|\n {4}at /);
  expect(answer.text).not.toContain(demo.folder);
}

const message = '"messages":[{"role":"user","content":"x"}]';

describe('bad input gets a clear error', () => {
  test.each([
    ['nothing', ''],
    ['not JSON', 'hello'],
    ['cut JSON', `{"model":"auto",${message}`],
    ['an array', '[]'],
    ['two objects', `{"model":"auto",${message}}{}`],
    ['duplicate model keys', `{"model":"auto","model":"gpt-5",${message}}`],
    ['an escaped model key', `{"\\u006dodel":"auto",${message}}`],
    ['no model', `{${message}}`],
    ['a number for a model', `{"model":5,${message}}`],
    ['an unknown model', `{"model":"gpt-99",${message}}`],
    ['no messages', '{"model":"auto"}'],
    ['a string for messages', '{"model":"auto","messages":"x"}'],
    ['a number among the messages', '{"model":"auto","messages":[5]}'],
    ['a string for stream', `{"model":"auto","stream":"yes",${message}}`],
    ['a negative ceiling', `{"model":"auto","max_tokens":-1,${message}}`],
    ['an unknown mode', `{"model":"auto","bourse":{"mode":"fastest"},${message}}`],
    ['an unknown preference', `{"model":"auto","bourse":{"mood":"eco"},${message}}`],
    ['deep nesting', `{"model":"auto",${message},"x":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    [
      'limits that nobody meets',
      `{"model":"auto","bourse":{"limits":{"maxCostUsd":0}},${message}}`,
    ],
  ])('%s', async (_name, body) => {
    expectClearError(await post(body));
  });

  test('a body of 50 MB', async () => {
    const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const url = new URL(`${demo.app.modelUrl}/v1/chat/completions`);
      const call = request(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'transfer-encoding': 'chunked' },
      });
      let settled = false;
      call.on('response', (response) => {
        settled = true;
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
        response.on('error', () => resolve({ status: response.statusCode!, text }));
      });
      call.on('error', (error) => (settled ? undefined : reject(error)));
      const chunk = Buffer.alloc(1 << 20, 'x');
      let sent = 0;
      const push = (): void => {
        while (sent < 50 && !settled) {
          sent++;
          if (!call.write(chunk)) return void call.once('drain', push);
        }
        if (!settled) call.end();
      };
      push();
    });
    expect(answer.status).toBe(413);
  });

  test('a missing and a wrong key', async () => {
    for (const headers of [
      {},
      { authorization: 'Bearer sk-guess' },
      { authorization: 'Basic eA==' },
    ]) {
      const response = await fetch(`${demo.app.modelUrl}/v1/models`, { headers });
      expect(response.status).toBe(401);
      expect(await response.text()).not.toContain('sk-guess');
    }
  });

  test('random bytes and random JSON never crash it and never get a 500', async () => {
    const json = fc.json().map((text) => text);
    const almost = fc
      .tuple(
        fc.constantFrom('model', 'messages', 'stream', 'bourse', 'tools', 'max_tokens'),
        fc.json(),
      )
      .map(
        ([key, value]) => `{"model":"auto",${message},"${key}2":1,"x":${value},"${key}":${value}}`,
      );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          json,
          almost,
          fc.string(),
          fc.uint8Array().map((b) => Buffer.from(b)),
        ),
        async (body) => {
          const answer = await post(body);
          if (answer.status >= 400) expectClearError(answer);
        },
      ),
      { numRuns: 150 },
    );
    expect((await fetch(`${demo.app.modelUrl}/health/live`)).status).toBe(200);
  });
});
