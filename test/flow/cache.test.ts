import { createHash } from 'node:crypto';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import { startAnsweringServer } from './answering-server.ts';
import type { AnsweringServer } from './answering-server.ts';
import { eventually } from './demo-exchange.ts';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');

const policyOf = (url: string): string => `version: 1
server: { port: 0, admin: { port: 0 } }
health: { timeoutMs: 20000 }
log: { level: silent }
keys:
  - { tenant: acme, sha256: ${hash('acme-key')} }
  - { tenant: other, sha256: ${hash('other-key')} }
models:
  - { id: small, price: { inputPerMTok: 1, outputPerMTok: 1 } }
instances:
  - { id: a, model: small, engine: vllm, url: "${url}", labels: { site: cloud } }
signals:
  keywords:
    - { name: titan, anyOf: ["Project Titan"] }
constraints:
  - { name: on-prem, when: { metadata: { header: x-private, exists: true } }, require: { site: on-prem } }
routes:
  - name: cached
    cache: { exact: true, ttlSeconds: 60, tags: [faq] }
    use: { models: "*" }
understanding: { deep: off }
`;

let server: AnsweringServer;
let app: RunningApp;
let acme: OpenAI;
let other: OpenAI;
let gate: Promise<void> = Promise.resolve();
let refusals = 0;

beforeAll(async () => {
  server = await startAnsweringServer(async ({ messages }, count) => {
    await gate;
    if (refusals > 0) {
      refusals--;
      return null;
    }
    return `Answer ${count} to: ${messages.at(-1)!.content}`;
  });
  app = await startServe({ configText: policyOf(server.url), env: {}, overrides: {} });
  acme = clientOf('acme-key');
  other = clientOf('other-key');
});
afterAll(async () => {
  await app.close();
  await server.close();
});

const clientOf = (apiKey: string): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${app.modelUrl}/v1`, maxRetries: 0 });

async function ask(client: OpenAI, content: string, extra: object = {}, headers = {}) {
  const { data, response } = await client.chat.completions
    .create(
      { model: 'auto', messages: [{ role: 'user', content }], ...extra, stream: false },
      { headers },
    )
    .withResponse();
  return {
    text: data.choices[0]!.message.content,
    status: response.headers.get('x-bourse-cache'),
    charged: response.headers.get('x-bourse-charged-usd'),
    usage: data.usage,
  };
}

async function askStream(client: OpenAI, content: string) {
  const { data, response } = await client.chat.completions
    .create({
      model: 'auto',
      messages: [{ role: 'user', content }],
      stream: true,
      stream_options: { include_usage: true },
    })
    .withResponse();
  let text = '';
  let usage: unknown = null;
  for await (const chunk of data) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }
  return { text, usage, status: response.headers.get('x-bourse-cache') };
}

/** Asks until it is answered from the cache: storing happens after the answer. */
const untilHit = (client: OpenAI, content: string) =>
  eventually(async () => {
    const answer = await ask(client, content);
    return answer.status === 'hit' && answer;
  });

describe('the same request again', () => {
  test('is answered from the cache, at no cost, and says so', async () => {
    const first = await ask(acme, 'How do I return a jacket?');
    expect(first.status).toBe('miss');
    const again = await untilHit(acme, 'How do I return a jacket?');
    expect(again.charged).toBe('0.000000000000');
    expect(again.text).toContain('How do I return a jacket?');
    expect(again.usage).toMatchObject({
      prompt_tokens: 12,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 12 },
      bourse_cache: { status: 'hit' },
    });
  });

  test('as a stream too, and a stream is stored when it is complete', async () => {
    const first = await askStream(acme, 'Do you ship to Norway?');
    expect(first.status).toBe('miss');
    const whole = await untilHit(acme, 'Do you ship to Norway?');
    expect(whole.text).toBe(first.text);
    const stream = await askStream(acme, 'Do you ship to Norway?');
    expect(stream).toMatchObject({ status: 'hit', text: first.text });
    expect(stream.usage).toMatchObject({ completion_tokens: 7 });
  });

  test('of another tenant is another request', async () => {
    await ask(acme, 'What is your phone number?');
    await untilHit(acme, 'What is your phone number?');
    expect((await ask(other, 'What is your phone number?')).status).toBe('miss');
  });

  test('with other parameters, another conversation or system prompt is another request', async () => {
    await ask(acme, 'Tell me of gift cards.');
    await untilHit(acme, 'Tell me of gift cards.');
    const others = [
      { temperature: 0.2 },
      { max_tokens: 5 },
      { response_format: { type: 'json_object' } },
      {
        messages: [
          { role: 'system', content: 'You are a pirate.' },
          { role: 'user', content: 'Tell me of gift cards.' },
        ],
      },
    ];
    for (const extra of others) {
      expect((await ask(acme, 'Tell me of gift cards.', extra)).status).toBe('miss');
    }
  });

  test('constraints of this request bind stored answers', async () => {
    await ask(acme, 'Where are your shops?');
    await untilHit(acme, 'Where are your shops?');
    await expect(
      ask(acme, 'Where are your shops?', {}, { 'x-private': '1' }),
    ).rejects.toMatchObject({ code: 'brs_no_eligible_model' });
  });

  test.each([
    ['a seed', 'Name a colour.', { seed: 4 }],
    ['a high temperature', 'Name a colour.', { temperature: 1.2 }],
    ['several answers', 'Name a colour.', { n: 2 }],
  ])('%s: it meets no cache', async (_, content, extra) => {
    expect((await ask(acme, content, extra)).status).toBe('bypass');
    expect((await ask(acme, content, extra)).status).toBe('bypass');
  });

  test.each([
    ['the moment', 'What is the weather like today?'],
    ['personal data', 'My card is 4111 1111 1111 1111, was it charged?'],
  ])('a question that depends on %s is not stored', async (_, content) => {
    await ask(acme, content);
    await ask(acme, 'A marker that is stored after it.');
    await untilHit(acme, 'A marker that is stored after it.');
    expect((await ask(acme, content)).status).toBe('miss');
  });

  test('a client that wants a fresh answer gets one', async () => {
    await ask(acme, 'What sizes are there?');
    await untilHit(acme, 'What sizes are there?');
    const fresh = await ask(acme, 'What sizes are there?', {}, { 'cache-control': 'no-cache' });
    expect(fresh.status).toBe('miss');
  });
});

describe('the same request at the same time', () => {
  test('waits for the first one', async () => {
    const open = hold();
    const question = 'Is the café open on holidays in general?';
    // The exchange also looks at what the model can do.
    const times = (): number =>
      server.asked.filter(({ messages }) => messages?.at(-1)?.content === question).length;
    const asked = [1, 2, 3, 4].map(() => ask(acme, question));
    await eventually(async () => times() > 0);
    open();
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 'miss')).toHaveLength(1);
    expect(times()).toBe(1);
  });

  test('goes on by itself when the first one fails', async () => {
    const open = hold();
    refusals = 1;
    const before = server.asked.length;
    const asked = [1, 2].map(() =>
      ask(acme, 'Do you have vouchers?').catch((error: unknown) => error),
    );
    await eventually(async () => server.asked.length > before);
    open();
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer instanceof Error)).toHaveLength(1);
    expect(answers.filter((answer) => !(answer instanceof Error))).toHaveLength(1);
  });
});

describe('on every surface, a hit says what it is', () => {
  const asked = (content: string) => ({
    chat: { path: 'chat/completions', messages: [{ role: 'user', content }] },
    completions: { path: 'completions', prompt: content },
    responses: { path: 'responses', input: content },
    messages: { path: 'messages', max_tokens: 50, messages: [{ role: 'user', content }] },
  });
  type Surface = keyof ReturnType<typeof asked>;

  async function post(surface: Surface, content: string, stream: boolean) {
    const { path, ...body } = asked(content)[surface];
    const isOpenAi = surface === 'chat' || surface === 'completions';
    const options = stream && isOpenAi ? { stream_options: { include_usage: true } } : {};
    const answered = await fetch(`${app.modelUrl}/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer acme-key' },
      body: JSON.stringify({ model: 'auto', ...body, stream, ...options }),
    });
    return { head: answered.headers, text: await answered.text() };
  }

  /** The last usage in a body or a stream. */
  function usageIn(text: string): Record<string, unknown> {
    const start = text.lastIndexOf('"usage":{') + '"usage":'.length;
    let depth = 0;
    for (let at = start; at < text.length; at++) {
      if (text[at] === '{') depth++;
      else if (text[at] === '}' && --depth === 0) {
        return JSON.parse(text.slice(start, at + 1)) as Record<string, unknown>;
      }
    }
    throw new Error(`no usage in ${text}`);
  }

  const OPENAI = { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 };
  const USAGES: Record<Surface, object> = {
    chat: { ...OPENAI, prompt_tokens_details: { cached_tokens: 12 } },
    completions: { ...OPENAI, prompt_tokens_details: { cached_tokens: 12 } },
    responses: {
      input_tokens: 12,
      input_tokens_details: { cached_tokens: 12 },
      output_tokens: 7,
      total_tokens: 19,
    },
    messages: { input_tokens: 0, cache_read_input_tokens: 12, output_tokens: 7 },
  };

  test.each(
    (Object.keys(USAGES) as Surface[]).flatMap((surface) => [
      [surface, false] as const,
      [surface, true] as const,
    ]),
  )('%s, streamed: %s', async (surface, isStream) => {
    const content = `How long is the warranty, by ${surface} ${isStream ? 'streamed' : 'whole'}?`;
    await post(surface, content, isStream);
    const { head, text } = await eventually(async () => {
      const answer = await post(surface, content, isStream);
      return answer.head.get('x-bourse-cache') === 'hit' && answer;
    });
    expect(head.get('x-bourse-cache-age')).toMatch(/^\d+$/);
    expect(head.get('x-bourse-charged-usd')).toBe('0.000000000000');
    expect(head.get('x-bourse-model')).toBe('small');
    const usage = usageIn(text);
    expect(usage).toMatchObject(USAGES[surface]);
    expect(usage['bourse_cache']).toEqual({ status: 'hit', age_seconds: expect.any(Number) });
  });
});

/** Holds answers back until the returned function is called. */
function hold(): () => void {
  let open = (): void => {};
  gate = new Promise((resolve) => {
    open = resolve;
  });
  return open;
}
