import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, getJson, inParallel, startDemoExchange, without } from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';

/** A limit that half of the answers exceed, so that many are cut, some of them more than once. */
const TIGHT = 'maxTokens: { auto: { quantile: 0.5, margin: 1, min: 16, max: 60 } }';

let demo: DemoExchange;
async function start(budgets = ''): Promise<void> {
  demo = await startDemoExchange({
    speedup: 200,
    edit: (yaml) => `${['budgets', 'routes', 'learning'].reduce(without, yaml)}
understanding: { deep: off }
health: { pollMs: 60000, timeoutMs: 10000 }
routes: [{ name: all, use: { ${TIGHT} } }]
${budgets}
`,
  });
}

interface Asked {
  readonly path?: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const post = (url: string, { path = '/v1/chat/completions', body }: Asked): Promise<Response> =>
  fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

interface Choice {
  readonly delta?: { readonly content?: string };
  readonly message?: { readonly content: string };
  readonly text?: string;
  readonly finish_reason: string | null;
}
interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}
interface Answer {
  readonly text: string;
  readonly finishes: readonly string[];
  readonly usage: Usage | undefined;
  readonly dones: number;
}

function read(body: string): Answer {
  const isStream = body.startsWith('data:') || body.startsWith(':');
  const payloads = isStream
    ? body.split('\n\n').filter((event) => event.startsWith('data: '))
    : [`data: ${body}`];
  const chunks = payloads
    .filter((payload) => payload !== 'data: [DONE]')
    .map((payload) => JSON.parse(payload.slice(6)) as { choices: Choice[]; usage?: Usage });
  const choices = chunks.flatMap((chunk) => chunk.choices);
  return {
    text: choices
      .map(({ delta, message, text }) => delta?.content ?? message?.content ?? text ?? '')
      .join(''),
    finishes: choices.flatMap(({ finish_reason: reason }) => (reason === null ? [] : [reason])),
    usage: chunks.findLast(({ usage }) => usage !== undefined)?.usage,
    dones: payloads.length - chunks.length,
  };
}

/** What the instance itself answers, with nothing in between. */
async function direct(served: Response, asked: Asked): Promise<Answer> {
  const instance = served.headers.get('x-bourse-instance')!;
  const url = demo.fleet.env[`BOURSE_SIM_${instance.replace('-', '_').toUpperCase()}_URL`]!;
  const model = served.headers.get('x-bourse-model')!;
  const response = await post(url, { ...asked, body: { ...asked.body, model, max_tokens: 8_000 } });
  return read(await response.text());
}

async function continued(): Promise<number> {
  const response = await fetch(`${demo.app.adminUrl}/metrics`);
  const text = await response.text();
  return Number(/bourse_events_total\{kind="answer-continued"\} (\d+)/.exec(text)?.[1] ?? 0);
}

describe('over real connections', () => {
  beforeAll(() => start());
  afterAll(() => demo.close());

  test.each([true, false])(
    'chat answers are those that an uncut run gives; streamed: %s',
    async (stream) => {
      await inParallel(Array.from({ length: 16 }), 8, async (_, i) => {
        const asked = {
          body: {
            model: 'auto',
            stream,
            ...(stream && { stream_options: { include_usage: true } }),
            messages: [{ role: 'user', content: `Explain the number ${i} at length.` }],
          },
        };
        const response = await post(demo.app.modelUrl, asked);
        const answer = read(await response.text());
        expect(answer).toEqual(await direct(response, asked));
        expect(answer.finishes).toEqual(['stop']);
      });
      expect(await eventually(continued)).toBeGreaterThan(4);
    },
  );

  test('completions too', async () => {
    const before = await continued();
    for (let i = 0; i < 4; i++) {
      const body = {
        model: 'auto',
        prompt: `Once upon a time there were ${i}`,
        stream: i % 2 === 0,
      };
      const asked = { path: '/v1/completions', body };
      const response = await post(demo.app.modelUrl, asked);
      const answer = read(await response.text());
      const expected = await direct(response, asked);
      expect([answer.text, answer.finishes]).toEqual([expected.text, ['stop']]);
    }
    await eventually(async () => (await continued()) > before);
  });

  test("the caller's own ceiling stands, and tools are given no limit", async () => {
    const messages = [{ role: 'user', content: 'Explain the number 7 at length.' }];
    const before = await continued();
    const own = await post(demo.app.modelUrl, { body: { model: 'auto', messages, max_tokens: 5 } });
    expect(read(await own.text())).toMatchObject({
      finishes: ['length'],
      usage: { completion_tokens: 5 },
    });
    const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];
    const called = await post(demo.app.modelUrl, { body: { model: 'auto', messages, tools } });
    expect(read(await called.text()).finishes).toEqual(['stop']);
    expect(await continued()).toBe(before);
  });

  test('the decision says the limit, and the ledger counts all parts as one answer', async () => {
    const body = { model: 'auto', messages: [{ role: 'user', content: 'Explain 3 at length.' }] };
    const response = await post(demo.app.modelUrl, { body });
    const { usage } = read(await response.text());
    const id = response.headers.get('x-bourse-decision-id')!;
    const view = await eventually(async () => {
      const found = await getJson<{
        readonly injection: object;
        readonly bids: readonly { readonly limitTokens: number }[];
        readonly outcome: { readonly usage: object; readonly attempts: readonly object[] } | null;
      }>(`${demo.app.adminUrl}/admin/v1/decisions/${id}`);
      return found.outcome === null ? null : found;
    });
    expect(view.injection).toMatchObject({
      outputLimit: { quantile: 0.5, margin: 1, minTokens: 16, maxTokens: 60 },
    });
    expect(view.bids[0]!.limitTokens).toBeGreaterThanOrEqual(16);
    expect(view.bids[0]!.limitTokens).toBeLessThanOrEqual(60);
    expect(view.outcome!.usage).toMatchObject({
      promptTokens: usage!.prompt_tokens,
      outputTokens: usage!.completion_tokens,
    });
    expect(view.outcome!.attempts).toHaveLength(1);
  });
});

describe('a budget', () => {
  afterAll(() => demo.close());

  test('that pays for less ends the answer at what it pays for, and is never overspent', async () => {
    const limit = 1_000;
    await start(`budgets: [{ tenant: "*", per: total, tokens: ${limit} }]`);
    let spent = 0;
    let cut = 0;
    let refused = 0;
    for (let i = 0; i < 30 && refused < 2; i++) {
      const messages = [{ role: 'user', content: `Explain the number ${i} at length.` }];
      const response = await post(demo.app.modelUrl, { body: { model: 'auto', messages } });
      const text = await response.text();
      if (response.status !== 200) {
        refused++;
        continue;
      }
      const { finishes, usage } = read(text);
      spent += usage!.total_tokens;
      if (finishes[0] === 'length') cut++;
    }
    expect(spent).toBeLessThanOrEqual(limit);
    expect(spent).toBeGreaterThan(limit / 2);
    expect(refused).toBeGreaterThan(0);
    expect(cut).toBeGreaterThan(0);
    expect(await eventually(continued)).toBeGreaterThan(0);
  });
});
