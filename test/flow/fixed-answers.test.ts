import { createHash } from 'node:crypto';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServe } from '../../src/app-serve.ts';
import type { RunningApp } from '../../src/app-serve.ts';
import type { DecisionView } from '../../src/contract/index.ts';
import { eventually, getJson } from './demo-exchange.ts';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Nothing listens at the instance: whoever asked it would hear of that. */
const POLICY = `version: 1
server: { port: 0, admin: { port: 0 } }
log: { level: silent }
keys:
  - { tenant: acme, sha256: ${hash('acme-key')} }
  - { tenant: slow, sha256: ${hash('slow-key')} }
tenants:
  - { id: slow, requestsPerMinute: 1 }
models:
  - { id: small, price: { inputPerMTok: 1, outputPerMTok: 1 } }
instances:
  - { id: a, model: small, engine: vllm, url: "http://127.0.0.1:9" }
signals:
  keywords:
    - { name: payroll, anyOf: [payroll] }
    - { name: weapons, anyOf: [weapons] }
    - { name: help, anyOf: [help] }
constraints:
  - { name: no-weapons, when: { keyword: weapons }, refuse: Not here. }
routes:
  - name: closed
    when: { keyword: payroll }
    use: { answer: { text: "Write to payroll@example.com." } }
  - name: sent-on
    when: { keyword: help }
    use: { answer: { redirect: { text: "See", url: "https://example.com/help" } } }
  - name: refused
    use: { mode: eco, answer: { refuse: "I do not talk about this." } }
budgets:
  - { tenant: "*", per: day, tokens: 1000, usd: 1 }
understanding: { deep: off }
`;

let app: RunningApp;
let client: OpenAI;

beforeAll(async () => {
  app = await startServe({ configText: POLICY, env: {}, overrides: {} });
  client = clientOf('acme-key');
});
afterAll(async () => {
  await app.close();
});

const clientOf = (apiKey: string): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${app.modelUrl}/v1`, maxRetries: 0 });
const chat = (content: string) => ({
  model: 'auto',
  messages: [{ role: 'user' as const, content }],
});

async function settled(id: string): Promise<DecisionView> {
  return eventually(async () => {
    const view = await getJson<DecisionView>(`${app.adminUrl}/admin/v1/decisions/${id}`);
    return view.outcome === null ? null : view;
  });
}

interface Totals {
  readonly requests: number;
  readonly promptTokens: string;
  readonly picoUsd: string;
}

describe('a fixed answer over HTTP', () => {
  test('chat: answered at no cost, and written down', async () => {
    const { data, response } = await client.chat.completions
      .create(chat('About payroll.'))
      .withResponse();
    expect(data.choices).toMatchObject([
      {
        message: { role: 'assistant', content: 'Write to payroll@example.com.' },
        finish_reason: 'stop',
      },
    ]);
    expect(data.usage).toMatchObject({ total_tokens: 0 });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-bourse-route': 'closed',
      'x-bourse-mode': 'economy',
      'x-bourse-charged-usd': '0.000000000000',
    });
    expect(response.headers.get('x-bourse-instance')).toBeNull();
    const view = await settled(response.headers.get('x-bourse-decision-id')!);
    expect(view).toMatchObject({
      route: 'closed',
      answer: 'Write to payroll@example.com.',
      winner: null,
      refusal: null,
      outcome: {
        tenant: 'acme',
        status: 'ok',
        httpStatus: 200,
        finishReason: 'stop',
        instance: null,
        model: null,
        costPicoUsd: 0,
        reservation: null,
        attempts: [],
      },
    });
  });

  test('chat, streamed, with usage', async () => {
    const stream = client.chat.completions.stream({
      ...chat('About payroll.'),
      stream_options: { include_usage: true },
    });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]!.message.content).toBe('Write to payroll@example.com.');
    expect(final.usage?.total_tokens).toBe(0);
  });

  test('a refusal is a refusal to the client, streamed and not', async () => {
    const whole = await client.chat.completions.create({ ...chat('Hi.'), n: 2 });
    expect(whole.choices.map(({ message }) => message.refusal)).toEqual([
      'I do not talk about this.',
      'I do not talk about this.',
    ]);
    const final = await client.chat.completions.stream(chat('Hi.')).finalChatCompletion();
    expect(final.choices[0]!.message).toMatchObject({ refusal: 'I do not talk about this.' });
  });

  test('a redirection has its address', async () => {
    const whole = await client.chat.completions.create(chat('I need help.'));
    expect(whole.choices[0]!.message).toMatchObject({
      content: 'See https://example.com/help',
      annotations: [{ type: 'url_citation', url_citation: { url: 'https://example.com/help' } }],
    });
  });

  test('completions, streamed and not', async () => {
    const whole = await client.completions.create({ model: 'auto', prompt: 'payroll' });
    expect(whole.choices[0]!.text).toBe('Write to payroll@example.com.');
    const stream = await client.completions.create({
      model: 'auto',
      prompt: 'payroll',
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
    expect(text).toBe('Write to payroll@example.com.');
  });

  test('responses, streamed and not', async () => {
    const whole = await client.responses.create({ model: 'auto', input: 'payroll' });
    expect(whole.output_text).toBe('Write to payroll@example.com.');
    const final = await client.responses.stream({ model: 'auto', input: 'Hi.' }).finalResponse();
    expect(final.output).toMatchObject([
      { type: 'message', content: [{ type: 'refusal', refusal: 'I do not talk about this.' }] },
    ]);
  });

  test('constraints refuse before it', async () => {
    await expect(client.chat.completions.create(chat('payroll and weapons'))).rejects.toMatchObject(
      {
        status: 403,
        message: /Not here/,
      },
    );
  });

  test('keys and rates come before it', async () => {
    await expect(clientOf('no-key').chat.completions.create(chat('payroll'))).rejects.toMatchObject(
      {
        status: 401,
      },
    );
    const slow = clientOf('slow-key');
    await slow.chat.completions.create(chat('payroll'));
    await expect(slow.chat.completions.create(chat('payroll'))).rejects.toMatchObject({
      status: 429,
    });
  });

  test('the ledger has a row for each, the metrics count them, and no budget was touched', async () => {
    const { response } = await client.chat.completions.create(chat('payroll')).withResponse();
    await settled(response.headers.get('x-bourse-decision-id')!);
    const totals = await getJson<Totals>(`${app.adminUrl}/admin/v1/ledger`);
    expect(totals.requests).toBeGreaterThanOrEqual(2);
    expect([totals.promptTokens, totals.picoUsd].map(Number)).toEqual([0, 0]);
    const metrics = await (await fetch(`${app.adminUrl}/metrics`)).text();
    const line = metrics
      .split('\n')
      .find((each) =>
        each.startsWith(
          'bourse_requests_total{surface="chat",route="closed",model="none",status="ok"}',
        ),
      );
    expect(Number(line?.split(' ').at(-1))).toBeGreaterThanOrEqual(2);
    expect(metrics).toMatch(/bourse_events_total\{kind="settled"\} \d+/);
    const { budgets } = await getJson<{ budgets: { settled: object; reserved: object }[] }>(
      `${app.adminUrl}/admin/v1/tenants/acme/budgets`,
    );
    for (const { settled: used, reserved } of budgets) {
      expect(Object.values({ ...used, ...reserved }).map(Number)).toEqual([0, 0, 0]);
    }
  });
});
