import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import type { BalanceView, DecisionView, Outcome } from '../../src/contract/index.ts';
import { eventually, getJson } from './demo-exchange.ts';
import { MortalProcess } from './mortal-process.ts';
import { WORDS } from './mortal-words.ts';

const [one, other] = [new MortalProcess(), new MortalProcess()];
/** In no process of its own: it lives as long as the test. */
const steady = createServer((request, response) => {
  request.resume().on('end', () => {
    const message = { role: 'assistant', content: 'steady' };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    const usage = { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id: 's', object: 'chat.completion', choices, usage }));
  });
});
const policy = (health: string): string => `version: 1
server: { port: 0, admin: { port: 0 }, shutdown: { drainSeconds: 1 } }
log: { level: silent }
understanding: { deep: off }
health: { ${health} }
attempts: { max: 5, connectTimeoutMs: 2000, firstTokenTimeoutMs: 20000 }
models:
  - { id: pair, upstreamName: m, price: { inputPerMTok: 1, outputPerMTok: 2 }, accuracy: { default: 0.9 } }
  - { id: single, upstreamName: m, price: { inputPerMTok: 1, outputPerMTok: 2 }, accuracy: { default: 0.9 } }
  - { id: dear, upstreamName: m, price: { inputPerMTok: 100, outputPerMTok: 200 }, accuracy: { default: 0.9 } }
instances:
  - { id: a, model: pair, engine: vllm, url: "${one.url}" }
  - { id: b, model: pair, engine: vllm, url: "${other.url}" }
  - { id: c, model: single, engine: vllm, url: "${one.url}" }
  - { id: s, model: dear, engine: vllm, url: "http://127.0.0.1:${(steady.address() as AddressInfo).port}" }
routes:
${['pair', 'single, dear', 'single']
  .map((models, i) => {
    const name = models.replace(', ', '-');
    return `  - { name: r${i}, when: { metadata: { header: x-case, equals: ${name} } }, use: { models: [${models}] } }`;
  })
  .join('\n')}
budgets: [{ id: all, tenant: "*", per: total, tokens: 100_000_000 }]
`;

const open = (health: string): Promise<RunningApp> =>
  startServe({ configText: policy(health), env: {}, overrides: { port: 0, adminPort: 0 } });

/** Told by traffic alone, and told by probes alone. */
let byTraffic: RunningApp;
let byProbes: RunningApp;
beforeAll(async () => {
  const listening = new Promise<void>((resolve) => steady.listen(0, '127.0.0.1', resolve));
  await Promise.all([listening, one.start(), other.start()]);
  const breaker = 'breaker: { failures: 3, openMs: 1000, openMsMax: 1000, rampFrom: 2 }';
  byTraffic = await open(`pollMs: 60000, timeoutMs: 20000, ${breaker}`);
  byProbes = await open('pollMs: 100, timeoutMs: 20000, breaker: { failures: 10000 }');
}, 60_000);
afterAll(async () => {
  await Promise.all([byTraffic.close(), byProbes.close()]);
  await Promise.all([one.kill(), other.kill()]);
  steady.closeAllConnections();
  steady.close();
});

/** Tokens of all that were asked of the first exchange. */
let charged = 0;
const REFUSED: Pick<Outcome, 'attempts' | 'usage'> = {
  attempts: [],
  usage: { promptTokens: 0, cachedTokens: 0, outputTokens: 0, isEstimated: false },
};

interface Told {
  readonly status: number;
  readonly instance: string | null;
  readonly retryAfter: string | null;
  readonly text: string;
  /** `INSTANCE RESULT` of each attempt in the ledger. */
  readonly attempts: readonly string[];
}

async function send(app: RunningApp, models: string, content: string, stream = false) {
  return fetch(`${app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-case': models },
    body: JSON.stringify({ model: 'auto', stream, messages: [{ role: 'user', content }] }),
  });
}

async function told(app: RunningApp, response: Response): Promise<Told> {
  const text = await response.text();
  const id = response.headers.get('x-bourse-decision-id')!;
  const outcome = await eventually(async () => {
    const view = await getJson<DecisionView>(`${app.adminUrl}/admin/v1/decisions/${id}`);
    return view.outcome ?? (view.refusal === null ? null : REFUSED);
  });
  const { promptTokens, outputTokens } = outcome.usage;
  if (app === byTraffic) charged += promptTokens + outputTokens;
  return {
    status: response.status,
    instance: response.headers.get('x-bourse-instance'),
    retryAfter: response.headers.get('retry-after'),
    text,
    attempts: outcome.attempts.map(({ instance, result }) => `${instance} ${result}`),
  };
}

const ask = async (app: RunningApp, models: string, content: string): Promise<Told> =>
  told(app, await send(app, models, content));

const wordsOf = (body: string): readonly string[] =>
  [...body.matchAll(/"content":"([^"]*)"/g)]
    .map(([, text]) => text)
    .join('')
    .split(' ');

describe('a process that is killed', () => {
  test('in the middle of a stream: another goes on, and the client reads one answer', async () => {
    const response = await send(byTraffic, 'pair', 'stream', true);
    const at = response.headers.get('x-bourse-instance')!;
    const [first, second] = at === 'a' ? [one, other] : [other, one];
    await first.kill();
    const { text, attempts } = await told(byTraffic, response);
    expect(wordsOf(text)).toEqual(WORDS);
    expect(text.match(/\[DONE\]/g)).toHaveLength(1);
    expect(attempts).toEqual([`${at} cut`, `${at === 'a' ? 'b' : 'a'} ok`]);
    expect(second.asked).toEqual(['stream']);
    await first.start();
  });

  test('before the head, on a new connection: the next instance serves, and it went out once', async () => {
    const sent = send(byTraffic, 'single-dear', 'hold');
    await eventually(async () => one.asked.length > 0);
    await one.kill();
    const { status, attempts } = await told(byTraffic, await sent);
    expect(status).toBe(200);
    expect(attempts).toEqual(['c cut', 's ok']);
    await one.start();
  });

  test('before the head, on one that had been idle: it is asked once more, which stands in the ledger', async () => {
    expect((await ask(byTraffic, 'single-dear', 'hello')).instance).toBe('c');
    const sent = send(byTraffic, 'single-dear', 'hold');
    await eventually(async () => one.asked.includes('hold'));
    await one.kill();
    const { status, attempts } = await told(byTraffic, await sent);
    expect(status).toBe(200);
    // Until it is gone altogether, its port still takes a connection.
    expect(attempts).toEqual(['c stale', expect.stringMatching(/^c (connect|cut)$/), 's ok']);
  });

  test('between requests: its circuit opens, is tried by one, and gets a few at first when it is back', async () => {
    const tries: string[] = [];
    // The two tests before have left failures, and no success since.
    while (!tries.includes('s ok')) {
      const { status, attempts } = await ask(byTraffic, 'single-dear', 'hello');
      expect(status).toBe(200);
      tries.push(attempts.join(', '));
      expect(tries.length).toBeLessThanOrEqual(10);
    }
    expect(tries.slice(0, -1).every((each) => each === 'c connect, s ok')).toBe(true);
    const alone = await ask(byTraffic, 'single', 'hello');
    expect(alone.status).toBe(503);
    // For a second, stretched by a fifth at most.
    expect(['1', '2']).toContain(alone.retryAfter);
    await one.start();
    // One request is the trial; who comes while it is under way goes elsewhere.
    const trial = await eventually(async () => {
      const sent = send(byTraffic, 'single-dear', 'hold');
      const isTrial = await Promise.race([
        eventually(async () => one.asked.includes('hold')),
        sent.then(() => false),
      ]);
      if (!isTrial) await told(byTraffic, await sent);
      return isTrial ? { sent } : null;
    });
    expect((await ask(byTraffic, 'single-dear', 'hello')).attempts).toEqual(['s ok']);
    one.go();
    expect((await told(byTraffic, await trial.sent)).attempts).toEqual(['c ok']);
    // Of eight at once, it gets two, and none that it could not answer.
    const held = Array.from({ length: 8 }, () => send(byTraffic, 'single-dear', 'hold again'));
    let elsewhere = 0;
    const ends = held.map(async (each) => {
      const end = await told(byTraffic, await each);
      if (end.instance === 's') elsewhere++;
      return end;
    });
    await eventually(async () => elsewhere >= 6);
    one.go();
    const served = await Promise.all(ends);
    expect(served.filter(({ instance }) => instance === 'c')).toHaveLength(2);
  });

  test('is seen by probes, passed over, and asked again once it is back at the same place', async () => {
    const lifecycle = async (): Promise<string | undefined> => {
      const { instances } = await getJson<{ instances: { id: string; lifecycle: string }[] }>(
        `${byProbes.adminUrl}/admin/v1/instances`,
      );
      return instances.find(({ id }) => id === 'c')?.lifecycle;
    };
    await eventually(async () => (await lifecycle()) === 'ready');
    expect((await ask(byProbes, 'single-dear', 'hello')).instance).toBe('c');
    await one.kill();
    await eventually(async () => (await lifecycle()) === 'down');
    expect((await ask(byProbes, 'single-dear', 'hello')).attempts).toEqual(['s ok']);
    await one.start();
    await eventually(async () => (await lifecycle()) === 'ready');
    expect((await ask(byProbes, 'single-dear', 'hello')).attempts).toEqual(['c ok']);
  });
});

test('the budget holds what was charged, and no more', async () => {
  const { budgets } = await getJson<{ budgets: BalanceView[] }>(
    `${byTraffic.adminUrl}/admin/v1/tenants/default/budgets`,
  );
  expect(Number(budgets.find(({ rule }) => rule === 'all')!.settled.tokens)).toBe(charged);
});
