import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import { startAnsweringServer } from './answering-server.ts';
import { eventually } from './demo-exchange.ts';

const policyOf = (url: string, path: string): string => `version: 1
server: { port: 0, admin: { port: 0 } }
health: { timeoutMs: 20000 }
log: { level: silent }
models: [{ id: small }]
instances: [{ id: a, model: small, engine: vllm, url: "${url}" }]
routes:
  - { name: faq, cache: {}, use: {} }
cache: { path: ${path}, named: { ttlSeconds: 60 } }
understanding: { deep: off }
`;

test('stored answers are there after a restart, for clients that name their model too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bourse-cache-'));
  const server = await startAnsweringServer((_, count) => `answer ${count}`);
  const configText = policyOf(server.url, join(folder, 'answers.bin'));
  const serve = () => startServe({ configText, env: {}, overrides: {} });
  /** Until the instance has been found ready, nobody can serve. */
  const askReady = (url: string, model: string) =>
    eventually(() => ask(url, model).catch(() => null));
  const ask = async (url: string, model: string) => {
    const client = new OpenAI({ apiKey: 'unused', baseURL: `${url}/v1`, maxRetries: 0 });
    const { data, response } = await client.chat.completions
      .create({ model, messages: [{ role: 'user', content: 'How do I return a lamp?' }] })
      .withResponse();
    const status = response.headers.get('x-bourse-cache');
    return { status, text: data.choices[0]!.message.content };
  };
  try {
    const first = await serve();
    const made = [await askReady(first.modelUrl, 'auto'), await askReady(first.modelUrl, 'small')];
    expect(made.map(({ status }) => status)).toEqual(['miss', 'miss']);
    for (const model of ['auto', 'small']) {
      await eventually(async () => (await ask(first.modelUrl, model)).status === 'hit');
    }
    await first.close();
    const second = await serve();
    for (const [i, model] of ['auto', 'small'].entries()) {
      const again = await ask(second.modelUrl, model);
      expect(again.status).toBe('hit');
      expect(again.text).toBe(made[i]!.text);
    }
    await second.close();
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
