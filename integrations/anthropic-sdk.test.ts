import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemo } from './demo.ts';
import type { Demo } from './demo.ts';

let demo: Demo;
let client: Anthropic;
beforeAll(async () => {
  demo = await startDemo();
  client = new Anthropic({ baseURL: demo.url, apiKey: 'unused', maxRetries: 0 });
});
afterAll(() => demo.close());

const ASK = {
  model: 'auto',
  max_tokens: 200,
  messages: [{ role: 'user' as const, content: 'What is the weather in Paris?' }],
};
const WEATHER: Anthropic.Tool = {
  name: 'weather',
  description: 'Tells the weather of a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

test('the Anthropic SDK: a message with usage', async () => {
  const message = await client.messages.create(ASK);
  const [block] = message.content;
  expect(block?.type === 'text' && block.text).toContain('simulated');
  expect(message.usage.input_tokens).toBeGreaterThan(0);
  expect(message.usage.output_tokens).toBeGreaterThan(0);
});

test('the Anthropic SDK: a stream, put together by the SDK', async () => {
  const stream = client.messages.stream(ASK);
  let text = '';
  stream.on('text', (piece) => (text += piece));
  const message = await stream.finalMessage();
  const [block] = message.content;
  expect(block?.type === 'text' && block.text).toBe(text);
  expect(text).toContain('simulated');
  expect(message.usage.output_tokens).toBeGreaterThan(0);
});

test.each(['whole', 'streamed'])(
  'the Anthropic SDK: a tool call and its result (%s)',
  async (kind) => {
    const ask = { ...ASK, tools: [WEATHER], tool_choice: { type: 'any' as const } };
    const first =
      kind === 'whole'
        ? await client.messages.create(ask)
        : await client.messages.stream(ask).finalMessage();
    const call = first.content.find((block) => block.type === 'tool_use');
    expect(call).toMatchObject({ name: 'weather', input: { city: expect.any(String) } });
    expect(first.stop_reason).toBe('tool_use');
    const second = await client.messages.create({
      ...ASK,
      tools: [WEATHER],
      messages: [
        ...ASK.messages,
        { role: 'assistant', content: first.content },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: call!.id, content: '21 °C' }],
        },
      ],
    });
    expect(second.content.length).toBeGreaterThan(0);
  },
);

test('the Anthropic SDK: the list of models', async () => {
  const ids: string[] = [];
  for await (const model of client.models.list()) ids.push(model.id);
  expect(ids).toContain('auto');
});

test('the Anthropic SDK: tokens are counted, and errors are of its own classes', async () => {
  const { max_tokens: _ceiling, ...rest } = ASK;
  expect((await client.messages.countTokens(rest)).input_tokens).toBeGreaterThan(0);
  await expect(client.messages.create({ ...ASK, model: 'claude-99' })).rejects.toBeInstanceOf(
    Anthropic.NotFoundError,
  );
  const bad = { ...ASK, messages: [] };
  await expect(client.messages.create(bad)).rejects.toBeInstanceOf(Anthropic.BadRequestError);
});
