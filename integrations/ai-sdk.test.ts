import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, streamText, tool } from 'ai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startDemo } from './demo.ts';
import type { Demo } from './demo.ts';

let demo: Demo;
let provider: ReturnType<typeof createOpenAICompatible>;
beforeAll(async () => {
  demo = await startDemo();
  provider = createOpenAICompatible({
    name: 'bourse',
    baseURL: `${demo.url}/v1`,
    includeUsage: true,
  });
});
afterAll(() => demo.close());

test('the AI SDK: text with usage', async () => {
  const answer = await generateText({ model: provider('auto'), prompt: 'Name a colour.' });
  expect(answer.text).toContain('simulated');
  expect(answer.usage.outputTokens).toBeGreaterThan(0);
});

test('the AI SDK: a stream with usage at its end', async () => {
  const stream = streamText({ model: provider('auto:latency'), prompt: 'Name two colours.' });
  let text = '';
  for await (const part of stream.textStream) text += part;
  expect(text).toContain('simulated');
  expect((await stream.usage).outputTokens).toBeGreaterThan(0);
});

test('the AI SDK: a tool call', async () => {
  const answer = await generateText({
    model: provider('auto'),
    prompt: 'What is the weather in Paris?',
    toolChoice: 'required',
    tools: { weather: tool({ inputSchema: z.object({ city: z.string() }) }) },
  });
  expect(answer.toolCalls[0]?.toolName).toBe('weather');
});
