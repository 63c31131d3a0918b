import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import type { DecisionView } from '../../src/contract/index.ts';
import { startAnsweringServer } from './answering-server.ts';
import type { AnsweringServer } from './answering-server.ts';
import { eventually, getJson } from './demo-exchange.ts';

const policyOf = (url: string): string => `version: 1
server: { port: 0, admin: { port: 0 } }
health: { timeoutMs: 20000 }
log: { level: silent }
models:
  - { id: small, price: { inputPerMTok: 1, outputPerMTok: 1 }, accuracy: { default: 0.8 } }
instances:
  - { id: a, model: small, engine: vllm, url: "${url}" }
routes:
  - name: faq
    cache: { semantic: { maxErrorRate: 0.1, explore: 0.01 }, tags: [faq] }
    use: { weights: { usdPerError: 0, usdPerSecond: 0.01 } }
understanding: { deep: off }
`;

const THINGS = [
  'jacket',
  'kettle',
  'bicycle',
  'guitar',
  'carpet',
  'lamp',
  'camera',
  'tent',
  'mirror',
  'printer',
  'blender',
  'keyboard',
  'suitcase',
  'umbrella',
  'telescope',
  'sofa',
];
const WORDINGS = [
  (thing: string) => `How do I return a ${thing}?`,
  (thing: string) => `How can I return a ${thing}?`,
  (thing: string) => `how do i return a ${thing} please`,
  (thing: string) => `How do you return a ${thing}?`,
  (thing: string) => `Hi, how can I return a ${thing}`,
];

let server: AnsweringServer;
let app: RunningApp;
let client: OpenAI;

beforeAll(async () => {
  server = await startAnsweringServer(({ messages }) => {
    const said = messages.at(-1)!.content.toLowerCase();
    const thing = THINGS.find((each) => said.includes(each)) ?? 'nothing';
    const what = said.includes('repair') ? 'repaired at the workshop' : 'sent back within a month';
    return `The ${thing} is ${what}.`;
  });
  app = await startServe({ configText: policyOf(server.url), env: {}, overrides: {} });
  client = new OpenAI({ apiKey: 'unused', baseURL: `${app.modelUrl}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await app.close();
  await server.close();
});

async function ask(content: string) {
  const { data, response } = await client.chat.completions
    .create({ model: 'auto', messages: [{ role: 'user', content }] })
    .withResponse();
  return {
    text: data.choices[0]!.message.content,
    id: response.headers.get('x-bourse-decision-id')!,
    status: response.headers.get('x-bourse-cache'),
    similarity: response.headers.get('x-bourse-cache-similarity'),
  };
}

const viewOf = (id: string): Promise<DecisionView> =>
  getJson<DecisionView>(`${app.adminUrl}/admin/v1/decisions/${id}`);

test('another wording is answered from the cache once enough answers were compared, and no trap is', async () => {
  let wrong = 0;
  let served: Awaited<ReturnType<typeof ask>> | null = null;
  for (const wording of WORDINGS) {
    for (const thing of THINGS) {
      const answer = await ask(wording(thing));
      if (answer.status === 'semantic') {
        if (answer.text === `The ${thing} is sent back within a month.`) served = answer;
        else wrong++;
      }
    }
  }
  expect(served).not.toBeNull();
  expect(wrong).toBeLessThanOrEqual(0.1 * WORDINGS.length * THINGS.length);
  expect(Number(served!.similarity)).toBeGreaterThan(0.8);
  const view = await eventually(async () => {
    const found = await viewOf(served!.id);
    return found.outcome !== null && found;
  });
  expect(view.stored).toMatchObject({ isServed: true, choice: 'serve', maxErrorRate: 0.1 });
  expect(view.winner).toBeNull();
  expect(view.bids.map(({ instance }) => instance)).toEqual(['a']);
  expect(view.outcome).toMatchObject({ costPicoUsd: 0, instance: null });

  const trap = await ask('How do I repair a jacket?');
  expect(trap).toMatchObject({ status: 'miss', text: 'The jacket is repaired at the workshop.' });
});

test('an answer that is judged wrong is served no more', async () => {
  const first = await ask('Is the shop near the station?');
  await eventually(async () => (await ask('Is the shop near the station?')).status === 'hit');
  const body = JSON.stringify({ decision_id: first.id, thumb: 'down' });
  const headers = { 'content-type': 'application/json' };
  const answered = await fetch(`${app.modelUrl}/v1/feedback`, { method: 'POST', headers, body });
  expect(answered.status).toBe(200);
  await eventually(async () => {
    const again = await ask('Is the shop near the station?');
    return again.status === 'miss';
  });
});

test('what has a tag is removed by the admin API', async () => {
  await ask('Where can I park?');
  await eventually(async () => (await ask('Where can I park?')).status === 'hit');
  const url = `${app.adminUrl}/admin/v1/cache`;
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(400);
  expect((await fetch(`${url}?tag=other`, { method: 'DELETE' })).status).toBe(204);
  expect((await ask('Where can I park?')).status).toBe('hit');
  expect((await fetch(`${url}?tag=faq`, { method: 'DELETE' })).status).toBe(204);
  await eventually(async () => (await ask('Where can I park?')).status === 'miss');
});
