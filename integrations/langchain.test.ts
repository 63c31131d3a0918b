import { HumanMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startDemo } from './demo.ts';
import type { Demo } from './demo.ts';

let demo: Demo;
let model: ChatOpenAI;
beforeAll(async () => {
  demo = await startDemo();
  model = new ChatOpenAI({
    model: 'auto',
    apiKey: 'unused',
    maxRetries: 0,
    configuration: { baseURL: `${demo.url}/v1` },
  });
});
afterAll(() => demo.close());

test('LangChain: a message with usage', async () => {
  const answer = await model.invoke([new HumanMessage('Name a colour.')]);
  expect(answer.text).toContain('simulated');
  expect(answer.usage_metadata?.output_tokens).toBeGreaterThan(0);
});

test('LangChain: a stream with usage at its end', async () => {
  let text = '';
  let outputTokens = 0;
  for await (const chunk of await model.stream('Name two colours.')) {
    text += chunk.text;
    outputTokens = Math.max(outputTokens, chunk.usage_metadata?.output_tokens ?? 0);
  }
  expect(text).toContain('simulated');
  expect(outputTokens).toBeGreaterThan(0);
});

test('LangChain: a tool call', async () => {
  const weather = {
    name: 'weather',
    description: 'Tells the weather.',
    schema: z.object({ city: z.string() }),
  };
  const answer = await model
    .bindTools([weather], { tool_choice: 'required' })
    .invoke('What is the weather in Paris?');
  expect(answer.tool_calls?.[0]?.name).toBe('weather');
});
