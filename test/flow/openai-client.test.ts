import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, getJson, startDemoExchange } from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';
import type { DecisionView } from '../../src/contract/index.ts';

let demo: DemoExchange;
let client: OpenAI;

beforeAll(async () => {
  demo = await startDemoExchange();
  client = new OpenAI({ apiKey: 'unused', baseURL: `${demo.app.modelUrl}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await demo.close();
});

const decisionOf = (id: string): Promise<DecisionView> =>
  getJson<DecisionView>(`${demo.app.adminUrl}/admin/v1/decisions/${id}`);

describe('the official OpenAI client', () => {
  test('chat: an answer, its usage, and why it went where it went', async () => {
    const { data, response } = await client.chat.completions
      .create({ model: 'auto', messages: [{ role: 'user', content: 'Name a prime number.' }] })
      .withResponse();
    expect(data.choices[0]?.message.content).toContain('simulated');
    expect(data.usage?.total_tokens).toBe(
      data.usage!.prompt_tokens + data.usage!.completion_tokens,
    );
    const id = response.headers.get('x-bourse-decision-id')!;
    const decision = await eventually(async () => {
      const view = await decisionOf(id);
      return view.outcome === null ? null : view;
    });
    expect(decision.winner).toBe(response.headers.get('x-bourse-instance'));
    expect(decision.bids.length).toBeGreaterThan(1);
    expect(decision.bids[0]!.lostByUsd).toBe(0);
    expect(decision.outcome!.usage.promptTokens).toBe(data.usage!.prompt_tokens);
    expect(decision.outcome!.usage.outputTokens).toBe(data.usage!.completion_tokens);
    const charged = Number(response.headers.get('x-bourse-charged-usd'));
    expect(charged).toBeCloseTo(decision.outcome!.costPicoUsd / 1e12, 12);
    expect(charged).toBeGreaterThan(0);
  });

  test('streaming: content, one finish, no usage unless asked for', async () => {
    const stream = await client.chat.completions.create({
      model: 'auto',
      stream: true,
      messages: [{ role: 'user', content: 'Count to three.' }],
    });
    let text = '';
    const finishes: string[] = [];
    let usages = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.choices[0]?.finish_reason) finishes.push(chunk.choices[0].finish_reason);
      if (chunk.usage) usages++;
    }
    expect(text).toContain('simulated');
    expect(finishes).toHaveLength(1);
    expect(usages).toBe(0);
  });

  test('streaming with include_usage: the last chunk carries it, and it is what the ledger has', async () => {
    const { data: stream, response } = await client.chat.completions
      .create({
        model: 'auto',
        stream: true,
        stream_options: { include_usage: true },
        messages: [{ role: 'user', content: 'Count to four.' }],
      })
      .withResponse();
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const usage = chunks.at(-1)?.usage;
    expect(usage?.completion_tokens).toBeGreaterThan(0);
    const id = response.headers.get('x-bourse-decision-id')!;
    const decision = await eventually(async () => {
      const view = await decisionOf(id);
      return view.outcome === null ? null : view;
    });
    expect(decision.outcome!.usage).toMatchObject({
      promptTokens: usage!.prompt_tokens,
      outputTokens: usage!.completion_tokens,
      isEstimated: false,
    });
  });

  test('tools: the call comes back, streamed and not', async () => {
    const request = {
      model: 'auto',
      messages: [{ role: 'user' as const, content: 'What is the weather in Paris?' }],
      tools: [
        {
          type: 'function' as const,
          function: {
            name: 'get_weather',
            parameters: { type: 'object', properties: { city: { type: 'string' } } },
          },
        },
      ],
      tool_choice: 'required' as const,
    };
    const answer = await client.chat.completions.create(request);
    const call = answer.choices[0]?.message.tool_calls?.[0];
    expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather' } });
    const final = await client.chat.completions.stream(request).finalChatCompletion();
    expect(final.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'get_weather' },
    });
  });

  test('embeddings: the named model, and never the market', async () => {
    const models = await client.models.list();
    const embedding = models.data.find((model) => model.id.includes('bge'))!;
    const answer = await client.embeddings.create({ model: embedding.id, input: ['one', 'two'] });
    expect(answer.data).toHaveLength(2);
    expect(answer.data[0]!.embedding.length).toBeGreaterThan(8);
    await expect(client.embeddings.create({ model: 'auto', input: 'one' })).rejects.toMatchObject({
      status: 400,
    });
  });

  test('completions', async () => {
    const answer = await client.completions.create({ model: 'auto', prompt: 'Once upon a time' });
    expect(answer.choices[0]?.text.length).toBeGreaterThan(0);
  });

  test('responses, translated for engines that have none, streamed and not', async () => {
    const answer = await client.responses.create({ model: 'auto', input: 'Say hello.' });
    expect(answer.output_text).toContain('simulated');
    expect(answer.usage?.output_tokens).toBeGreaterThan(0);
    const stream = await client.responses.create({
      model: 'auto',
      input: 'Say hello.',
      stream: true,
    });
    const kinds: string[] = [];
    for await (const event of stream) kinds.push(event.type);
    expect(kinds[0]).toBe('response.created');
    expect(kinds).toContain('response.output_text.delta');
    expect(kinds.at(-1)).toBe('response.completed');
  });

  test('models: the virtual ones and the real ones', async () => {
    const ids = (await client.models.list()).data.map((model) => model.id);
    expect(ids).toEqual(
      expect.arrayContaining(['auto', 'auto:accuracy', 'auto:economy', 'auto:eco', 'auto:latency']),
    );
    expect(ids.length).toBeGreaterThan(8);
    expect((await client.models.retrieve('auto')).id).toBe('auto');
  });

  test('an aborted stream: the upstream is told, and what was seen is settled', async () => {
    const { data: stream, response } = await client.chat.completions
      .create({
        model: 'auto',
        stream: true,
        max_tokens: 4000,
        messages: [{ role: 'user', content: 'Write a long story.' }],
      })
      .withResponse();
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) break;
    }
    stream.controller.abort();
    const id = response.headers.get('x-bourse-decision-id')!;
    const decision = await eventually(async () => {
      const view = await decisionOf(id);
      return view.outcome === null ? null : view;
    });
    expect(['aborted', 'ok']).toContain(decision.outcome!.status);
    expect(decision.outcome!.usage.promptTokens).toBeGreaterThan(0);
  });

  test('errors: the shape and the class that the client expects', async () => {
    await expect(
      client.chat.completions.create({
        model: 'gpt-99',
        messages: [{ role: 'user', content: 'x' }],
      }),
    ).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    await expect(
      client.chat.completions.create({ model: 'auto', messages: 'no' as never }),
    ).rejects.toMatchObject({ status: 400, param: 'messages' });
  });
});
