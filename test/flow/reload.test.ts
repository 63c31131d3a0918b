import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DecisionView } from '../../src/contract/index.ts';
import { listen } from '../../src/pool/fixtures/local-server.ts';
import type { LocalServer } from '../../src/pool/fixtures/local-server.ts';
import { eventually, getJson, inParallel } from './demo-exchange.ts';
import { createFolder, spawnServer } from './spawned-server.ts';
import type { SpawnedServer } from './spawned-server.ts';

const REQUESTS = 300;
const RELOADS = 5;
/** Each third request is failed once by whoever gets it first, so that it is tried again. */
const FAILED_ONCE = 3;

let upstream: LocalServer;
let folder: Awaited<ReturnType<typeof createFolder>>;
let server: SpawnedServer;

interface Chat {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** The system prompts that each request arrived with, attempt by attempt. */
const arrivals = new Map<string, string[]>();

beforeAll(async () => {
  upstream = await listen((response, body, { url }) => {
    if (url !== '/v1/chat/completions') {
      response.statusCode = body === '' ? 200 : 404;
      response.end('{"data":[]}');
      return;
    }
    const { messages } = JSON.parse(body) as Chat;
    const [request, marker] = ['user', 'system'].map(
      (wanted) => messages.find(({ role }) => role === wanted)?.content ?? '',
    ) as [string, string];
    const markers = arrivals.get(request) ?? [];
    arrivals.set(request, [...markers, marker]);
    if (markers.length === 0 && Number(request) % FAILED_ONCE === 0) {
      response.statusCode = 503;
      response.end('{}');
      return;
    }
    const message = { role: 'assistant', content: marker };
    response.setHeader('content-type', 'application/json');
    const answer = {
      id: 'x',
      object: 'chat.completion',
      model: 'm',
      choices: [{ index: 0, finish_reason: 'stop', message }],
    };
    setTimeout(() => response.end(JSON.stringify(answer)), 20);
  });
  folder = await createFolder();
  server = await spawnServer({ folder: folder.path, policy: policyOf(0), env: {}, workers: 2 });
}, 60_000);
afterAll(async () => {
  await server.end('SIGTERM');
  await upstream.close();
  await folder.remove();
});

/** Route and system prompt both say which policy they are of. */
const policyOf = (version: number): string => `version: 1
understanding: { deep: off }
health: { breaker: { failures: 1000 } }
models: [{ id: m, accuracy: { default: 0.5 } }]
instances:
  - { id: a, model: m, engine: openai, apiKey: k, url: "${upstream.url}/" }
  - { id: b, model: m, engine: openai, apiKey: k, url: "${upstream.url}" }
routes:
  - name: route-${version}
    use: { systemPrompt: { mode: replace, text: prompt-${version} }, attempts: { max: 3 } }
`;

async function ask(request: number) {
  const response = await fetch(`${server.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: String(request) }] }),
  });
  const text = await response.text();
  return {
    request,
    status: response.status,
    text,
    id: response.headers.get('x-bourse-decision-id')!,
    version: response.headers.get('x-bourse-route')?.replace('route-', ''),
  };
}

test('policies replaced under load: no request fails, and no decision mixes two of them', async () => {
  let asked = 0;
  const load = inParallel(Array.from({ length: REQUESTS }), 12, async (_, i) => {
    asked++;
    return ask(i);
  });
  for (let version = 1; version <= RELOADS; version++) {
    await eventually(async () => asked >= (version * REQUESTS) / (RELOADS + 2));
    await writeFile(join(folder.path, 'bourse.yaml'), policyOf(version));
    const reload = await fetch(`${server.adminUrl}/admin/v1/policy/reload`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    expect(reload.status).toBe(200);
  }
  const answers = await load;
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);

  const generations = new Map<string, Set<number>>();
  for (const { id, request, text, version } of answers) {
    const prompt = `prompt-${version}`;
    expect(JSON.parse(text)).toMatchObject({ choices: [{ message: { content: prompt } }] });
    const attempts = arrivals.get(String(request))!;
    expect(attempts.length).toBe(request % FAILED_ONCE === 0 ? 2 : 1);
    expect(new Set(attempts)).toEqual(new Set([prompt]));
    const view = await getJson<DecisionView>(`${server.adminUrl}/admin/v1/decisions/${id}`);
    expect(view.route).toBe(`route-${version}`);
    expect(view.injection?.systemPrompt?.text).toBe(prompt);
    const seen = generations.get(view.route!) ?? new Set();
    generations.set(view.route!, seen.add(view.policyGeneration));
  }
  expect(generations.size).toBeGreaterThan(RELOADS / 2);
  // The file's watcher can take the same text once more; a generation never is of two texts.
  const all = [...generations.values()].flatMap((seen) => [...seen]);
  expect(new Set(all).size).toBe(all.length);
  expect(new Set(answers.map(({ id }) => id.split('-')[1])).size).toBe(2);
}, 90_000);
