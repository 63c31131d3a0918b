import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import type { DecisionView } from '../../src/contract/index.ts';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { startDemoFleet } from '../../src/simulate/index.ts';
import { eventually, getJson, ROOT } from './demo-exchange.ts';
import type { DemoFleet } from './demo-exchange.ts';
import { createFolder } from './spawned-server.ts';

const SECRET = 'a secret of the cooperative';
const QUOTE = { costUsd: 1e-6, ttftMs: 5, latencyMs: 20, energyJoules: 10 };

/** Times are learned of streams. */
const STREAMED = { stream: true };

interface Asked {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A bidder that does something with each question; the answer is signed as `signed` says. */
async function startBidder(
  answer: (asked: Asked, response: ServerResponse) => void,
): Promise<{ url: string; asked: Asked[]; server: Server }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const question = { headers: request.headers, body };
      asked.push(question);
      answer(question, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bid`, asked, server };
}

function reply(
  { headers }: Asked,
  response: ServerResponse,
  secret = SECRET,
  quote: unknown = QUOTE,
) {
  const id = String(headers['x-bourse-bid-id']);
  const atMs = Date.now();
  const body = JSON.stringify(quote);
  const mac = createHmac('sha256', secret).update(`bid-answer\n${atMs}\n${id}\n${body}`);
  response.writeHead(200, {
    'x-bourse-bid-id': id,
    'x-bourse-bid-timestamp': atMs,
    'x-bourse-bid-signature': `sha256=${mac.digest('hex')}`,
  });
  response.end(body);
}

let fleet: DemoFleet;
let folder: Awaited<ReturnType<typeof createFolder>>;
let count = 0;
const apps: RunningApp[] = [];
const servers: Server[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await createFolder();
  fleet = await startDemoFleet({ clock: createSystemClock(), rng: createRng(3), speedup: 50 });
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  for (const child of children.splice(0)) child.kill();
});
afterAll(async () => {
  await fleet.close();
  await folder.remove();
});

async function open(policy: string, env: Record<string, string> = {}): Promise<RunningApp> {
  const app = await startServe({
    configText: `version: 1\nunderstanding: { deep: off }\n${policy}`,
    env: { ...fleet.env, ...env },
    overrides: { port: 0, adminPort: 0, storePath: join(folder.path, `${count++}.db`) },
  });
  apps.push(app);
  // An auction needs both: every instance is up, and the worker has heard of it.
  await eventually(async () => {
    const { instances } = await getJson<{ instances: { lifecycle: string }[] }>(
      `${app.adminUrl}/admin/v1/instances`,
    );
    return instances.every(({ lifecycle }) => lifecycle === 'ready');
  });
  await new Promise((resolve) => setTimeout(resolve, 250));
  return app;
}

async function ask(
  app: RunningApp,
  body: object = {},
): Promise<{ view: DecisionView; charged: string | null }> {
  const response = await fetch(`${app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'auto',
      max_tokens: 20,
      messages: [{ role: 'user', content: 'Tell me something.' }],
      ...body,
    }),
  });
  expect(response.status, await response.text()).toBe(200);
  const id = response.headers.get('x-bourse-decision-id')!;
  const view = await eventually(async () => {
    const found = await getJson<DecisionView>(`${app.adminUrl}/admin/v1/decisions/${id}`);
    return found.outcome === null ? null : found;
  });
  return { view, charged: response.headers.get('x-bourse-charged-usd') };
}

/** One instance of the house's and one of an owner's that bids, both before servers of the demo fleet. */
const policyOver = (bidUrl: string, market = ''): string => `
models:
  - { id: m, upstreamName: qwen2.5-7b, price: { inputPerMTok: 1, outputPerMTok: 2 }, accuracy: { default: 0.7 }, energy: { idleWatts: 70, peakWatts: 300 } }
instances:
  - { id: own, model: m, engine: simulated, url: "\${BOURSE_SIM_SMALL_A_URL}" }
  - { id: theirs, model: m, engine: simulated, url: "\${BOURSE_SIM_SMALL_B_URL}", owner: them, bidUrl: "${bidUrl}", bidSecret: "\${SECRET}" }
learning: { reputation: { alpha: 0.5 } }
market: { bidDeadlineMs: 1000${market} }
modes: { quick: { usdPerError: 0.001, usdPerSecond: 0.01, usdPerKilojoule: 0 } }
routes: [{ name: default, use: { models: "*", mode: quick } }]
`;

describe('the guide', () => {
  test('its policy and the bidder of examples/ work together', async () => {
    const bidder = spawn(process.execPath, [join(ROOT, 'examples/bidder/bidder.mjs'), '0'], {
      env: { ...process.env, BID_SECRET: SECRET },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(bidder);
    const [line] = (await once(bidder.stdout, 'data')) as [Buffer];
    const url = /http:\S+/.exec(line.toString())![0];
    const guide = await readFile(join(ROOT, 'docs/guides/external-bidders.md'), 'utf8');
    const policy = /```yaml\n([\s\S]*?)```/
      .exec(guide)![1]!
      .replace('bidDeadlineMs: 20', 'bidDeadlineMs: 1000');
    const app = await open(policy, { COOPERATIVE_BID_URL: url, COOPERATIVE_SECRET: SECRET });
    const { view } = await ask(app);
    const bid = view.bids.find(({ instance }) => instance === 'theirs')!;
    expect(bid.external).toMatchObject({ owner: 'gpu-cooperative' });
    expect(bid.external!.quoted!.latencyMs.mean).toBeGreaterThan(50);
    // It asks for a third of the list price, and is not slower: it serves, and is paid by the house's score.
    expect(view.winner).toBe('theirs');
    const { payment } = view.outcome!;
    expect(payment).toMatchObject({ owner: 'gpu-cooperative', clearedBy: 'runner-up' });
    const own = view.bids.find(({ instance }) => instance === 'own')!;
    expect(payment!.clearingPicoUsd).toBe(Math.round(own.score * 1e12));
    const { clearingPicoUsd, timePicoUsd, latenessPicoUsd, energyPicoUsd, believedPicoUsd } =
      payment!;
    expect(payment!.picoUsd).toBe(
      clearingPicoUsd - timePicoUsd - latenessPicoUsd - energyPicoUsd - believedPicoUsd,
    );
  });
});

describe('a bidder', () => {
  test('is told of the request, and nothing that was said in it', async () => {
    const bidder = await startBidder((asked, response) => reply(asked, response));
    servers.push(bidder.server);
    const app = await open(policyOver(bidder.url), { SECRET });
    const { view } = await ask(app);
    expect(view.winner).toBe('theirs');
    const [question] = bidder.asked;
    const facts = JSON.parse(question!.body) as Record<string, unknown>;
    expect(Object.keys(facts).sort()).toEqual([
      'archetype',
      'cachedTokens',
      'deadlineMs',
      'instance',
      'isStream',
      'model',
      'outputTokens',
      'promptTokens',
      'surface',
    ]);
    expect(question!.body).not.toContain('something');
    const id = String(question!.headers['x-bourse-bid-id']);
    const at = String(question!.headers['x-bourse-bid-timestamp']);
    const mac = createHmac('sha256', SECRET).update(`bid-request\n${at}\n${id}\n${question!.body}`);
    expect(question!.headers['x-bourse-bid-signature']).toBe(`sha256=${mac.digest('hex')}`);
  });

  test('that is late, unreachable, wrongly signed or not to be understood is quoted for by the house', async () => {
    const answers: Record<string, (asked: Asked, response: ServerResponse) => void> = {
      late: () => {},
      malformed: (asked, response) => reply(asked, response, SECRET, { costUsd: -1 }),
      signature: (asked, response) => reply(asked, response, 'another secret'),
      unreachable: (_asked, response) => void response.destroy(),
    };
    const instances = [];
    for (const [id, answer] of Object.entries(answers)) {
      const { url, server } = await startBidder(answer);
      servers.push(server);
      instances.push(
        `  - { id: ${id}, model: m, engine: simulated, url: "\${BOURSE_SIM_SMALL_B_URL}", owner: them, bidUrl: "${url}", bidSecret: "\${SECRET}" }\n`,
      );
    }
    const good = await startBidder((asked, response) => reply(asked, response));
    servers.push(good.server);
    const policy = policyOver(good.url).replace(
      'instances:\n',
      `instances:\n${instances.join('')}`,
    );
    const { view } = await ask(await open(policy, { SECRET }));
    const causes = Object.keys(answers);
    const missed = [...view.outcome!.bidMisses!].sort((a, b) => (a.cause < b.cause ? -1 : 1));
    expect(missed).toEqual(causes.map((cause) => ({ instance: cause, cause })));
    for (const { instance, external } of view.bids) {
      if (instance !== 'own') expect(external!.quoted === null).toBe(causes.includes(instance));
    }
    expect(view.winner).toBe('theirs');
  });

  test('that replays its own answer to an earlier question is not heard', async () => {
    const first: { asked: Asked | null } = { asked: null };
    const bidder = await startBidder((asked, response) => {
      first.asked ??= asked;
      reply(first.asked, response);
    });
    servers.push(bidder.server);
    const app = await open(policyOver(bidder.url), { SECRET });
    expect((await ask(app)).view.outcome!.bidMisses).toBe(undefined);
    const again = await ask(app);
    expect(again.view.outcome!.bidMisses).toEqual([{ instance: 'theirs', cause: 'signature' }]);
  });

  test('that promises what it does not keep is corrected, and loses', async () => {
    const lie = { costUsd: 0.00015, ttftMs: 0.1, latencyMs: 0.5, energyJoules: 0 };
    let isLying = false;
    const bidder = await startBidder((asked, response) =>
      reply(asked, response, SECRET, isLying ? lie : { decline: true }),
    );
    servers.push(bidder.server);
    const app = await open(policyOver(bidder.url), { SECRET });
    for (let i = 0; i < 20; i++) await ask(app, STREAMED);
    isLying = true;
    const first = await ask(app, STREAMED);
    expect(first.view.winner).toBe('theirs');
    // What it served was slower than it said, and that is its own loss.
    expect(first.view.outcome!.payment!.timePicoUsd).toBeGreaterThan(0.0005 * 0.01 * 1e12);
    let last = first;
    for (let i = 0; i < 50 && last.view.winner === 'theirs'; i++) {
      last = await ask(app, STREAMED);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(last.view.winner).toBe('own');
    const bid = last.view.bids.find(({ instance }) => instance === 'theirs')!;
    expect(bid.latencyMs.mean).toBeGreaterThan(5 * lie.latencyMs);
  });

  test('that declines, or asks for more than the reserve, is out', async () => {
    const answers: unknown[] = [{ decline: true }, { ...QUOTE, costUsd: 5 }];
    const bidder = await startBidder((asked, response) =>
      reply(asked, response, SECRET, answers.shift()),
    );
    servers.push(bidder.server);
    const app = await open(policyOver(bidder.url), { SECRET });
    const declined = await ask(app);
    expect(declined.view.excluded).toEqual([
      { instance: 'theirs', cause: 'bid', detail: 'its bidder declines' },
    ]);
    const dear = await ask(app);
    expect(dear.view.winner).toBe('own');
    expect(dear.view.excluded).toMatchObject([{ instance: 'theirs', cause: 'bid' }]);
  });

  test('is not asked where it alone may serve, and is paid by its reserve', async () => {
    const bidder = await startBidder((asked, response) => reply(asked, response));
    servers.push(bidder.server);
    const policy = policyOver(bidder.url)
      .replace('models:\n', 'models:\n  - { id: n, upstreamName: qwen2.5-7b }\n')
      .replace('{ id: own, model: m', '{ id: own, model: n');
    const app = await open(policy, { SECRET });
    const { view } = await ask(app, { model: 'm' });
    expect(view.winner).toBe('theirs');
    expect(view.outcome!.payment).toMatchObject({ owner: 'them', clearedBy: 'reserve' });
    expect(bidder.asked).toEqual([]);
  });
});

test('under the tariff `clearing` the tenant is charged the payment, within its budget', async () => {
  const bidder = await startBidder((asked, response) => reply(asked, response));
  servers.push(bidder.server);
  const budget = 'budgets:\n  - { tenant: "*", per: total, usd: 1 }\n';
  const app = await open(policyOver(bidder.url, ', tariff: clearing') + budget, { SECRET });
  let spent = 0;
  for (let i = 0; i < 5; i++) {
    const { view, charged } = await ask(app);
    const { payment, costPicoUsd } = view.outcome!;
    expect(payment!.tariff).toBe('clearing');
    expect(costPicoUsd).toBe(Math.max(0, payment!.picoUsd));
    expect(Math.round(Number(charged) * 1e12)).toBe(costPicoUsd);
    spent += costPicoUsd;
  }
  expect(spent).toBeGreaterThan(0);
  const { budgets } = await getJson<{ budgets: { settled: { usd: string } }[] }>(
    `${app.adminUrl}/admin/v1/budgets`,
  );
  expect(Math.round(Number(budgets[0]!.settled.usd) * 1e12)).toBe(spent);
});
