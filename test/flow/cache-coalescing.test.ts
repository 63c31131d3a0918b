import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAnsweringServer } from './answering-server.ts';
import type { AnsweringServer } from './answering-server.ts';
import { eventually } from './demo-exchange.ts';
import { createFolder, spawnServer } from './spawned-server.ts';
import type { SpawnedServer } from './spawned-server.ts';

const policyOf = (url: string): string => `version: 1
server: { port: 0, admin: { port: 0 } }
health: { timeoutMs: 20000 }
log: { level: silent }
models:
  - { id: small, price: { inputPerMTok: 1, outputPerMTok: 1 } }
instances:
  - { id: a, model: small, engine: vllm, url: "${url}" }
routes:
  - { name: cached, cache: {}, use: { models: "*" } }
understanding: { deep: off }
`;

let model: AnsweringServer;
let folder: Awaited<ReturnType<typeof createFolder>>;
let server: SpawnedServer;
let open = (): void => {};
let gate: Promise<void> = Promise.resolve();
let refusals = 0;
let questions = 0;

beforeAll(async () => {
  model = await startAnsweringServer(async ({ messages }, count) => {
    const content = messages?.at(-1)?.content ?? '';
    // The exchange also looks at what the model can do.
    if (!content.endsWith('?')) return null;
    questions++;
    await gate;
    if (refusals > 0) {
      refusals--;
      return null;
    }
    return `Answer ${count} to: ${content}`;
  });
  folder = await createFolder();
  server = await spawnServer({
    folder: folder.path,
    policy: policyOf(model.url),
    env: {},
    workers: 2,
  });
}, 60_000);
afterAll(async () => {
  await server.end('SIGTERM');
  await model.close();
  await folder.remove();
});

interface Answer {
  readonly status: number;
  readonly cache: string | null;
  readonly worker: string;
  readonly text: string | null;
}

/** On a connection of its own, so that both workers get some. */
async function ask(content: string): Promise<Answer> {
  const response = await fetch(`${server.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }] }),
  });
  const body = (await response.json()) as { choices?: [{ message: { content: string } }] };
  return {
    status: response.status,
    cache: response.headers.get('x-bourse-cache'),
    worker: (response.headers.get('x-bourse-decision-id') ?? '').split('-')[1] ?? '',
    text: body.choices?.[0].message.content ?? null,
  };
}

/** Holds the model's answers back while all ask; the model has been asked by then, and nobody is answered. */
async function askTogether(contents: readonly string[], isUnderWay: () => boolean) {
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const answers = contents.map(ask);
  await eventually(async () => isUnderWay());
  // Whoever would go to the model besides has had the time for it.
  await new Promise((resolve) => setTimeout(resolve, 150));
  open();
  return Promise.all(answers);
}

test('of the same request at both workers one goes to a model', async () => {
  const before = questions;
  const same = Array.from({ length: 16 }, () => 'Is the café open on holidays in general?');
  const answers = await askTogether(same, () => questions - before > 0);
  expect(questions - before).toBe(1);
  expect(new Set(answers.map(({ worker }) => worker)).size).toBe(2);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers.filter(({ cache }) => cache === 'miss')).toHaveLength(1);
});

test('when it fails the next one goes, and the others have its answer', async () => {
  const before = questions;
  refusals = 1;
  const same = Array.from({ length: 12 }, () => 'Do you have vouchers?');
  const answers = await askTogether(same, () => questions - before > 0);
  expect(questions - before).toBe(2);
  expect(answers.filter(({ status }) => status !== 200)).toHaveLength(1);
});

test('when its answer is for nobody else the others wait for none', async () => {
  const before = questions;
  const same = Array.from({ length: 6 }, () => 'What is the weather like today?');
  const answers = await askTogether(same, () => questions - before > 0);
  expect(answers.every(({ status, cache }) => status === 200 && cache === 'miss')).toBe(true);
  expect(questions - before).toBe(6);
});

test('other requests do not wait', async () => {
  const before = questions;
  const answers = await askTogether(
    Array.from({ length: 8 }, (_, i) => `Where is shop ${i}?`),
    () => questions - before === 8,
  );
  expect(answers.every(({ cache }) => cache === 'miss')).toBe(true);
});
