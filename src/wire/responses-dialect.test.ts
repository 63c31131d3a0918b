import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { responsesFromChat } from './responses-answer.ts';
import type { ResponseInfo } from './responses-object.ts';
import { chatFromResponses } from './responses-request.ts';
import { createResponsesStream } from './responses-stream.ts';
import { scanBody } from './scan-body.ts';

const USAGE = {
  prompt_tokens: 12,
  completion_tokens: 7,
  total_tokens: 19,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 3 },
};

/** What the chat engine behind the translation says; each test sets it. */
let deltas: readonly object[] = [];
let finishReason = 'stop';
let message: object = {};

const chunk = (fields: object): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'served', ...fields })}\n\n`;
const choice = (delta: object, finish: string | null = null): object => ({
  choices: [{ index: 0, delta, finish_reason: finish }],
});

/** A server of the responses surface in front of an engine of the chat surface, by way of the translation. */
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const body = scanBody(Buffer.concat(parts));
    const info: ResponseInfo = { id: 'x1', createdAtSeconds: 1_700_000_000, request: body };
    const chat = JSON.parse(chatFromResponses(body).toString()) as { stream?: boolean };
    if (chat.stream !== true) {
      const choices = [{ index: 0, message, finish_reason: finishReason }];
      const answer = Buffer.from(JSON.stringify({ model: 'served', choices, usage: USAGE }));
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(responsesFromChat(answer, info));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const stream = createResponsesStream(info);
    const text = [
      ...deltas.map((delta) => chunk(choice(delta))),
      chunk(choice({}, finishReason)),
      chunk({ choices: [], usage: USAGE }),
      'data: [DONE]\n\n',
    ].join('');
    // Cut without regard to events: the translation puts them together again.
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 97) {
      const out = stream.push(bytes.subarray(at, at + 97));
      if (out !== null) response.write(out);
    }
    const rest = stream.end();
    if (rest !== null) response.write(rest);
    response.end();
  });
});

let client: OpenAI;
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  client = new OpenAI({ apiKey: 'k', baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const usage = {
  input_tokens: 12,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 3 },
  total_tokens: 19,
};
const CALLS = [
  { index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":' } },
  { index: 1, id: 'c2', type: 'function', function: { name: 'g', arguments: '' } },
];

describe('an unstreamed answer', () => {
  test('text and reasoning', async () => {
    finishReason = 'stop';
    message = { role: 'assistant', reasoning_content: 'Hm.', content: 'Hello.' };
    const response = await client.responses.create({
      model: 'auto',
      input: 'hi',
      instructions: 'Be brief.',
      temperature: 0.5,
    });
    expect(response.output_text).toBe('Hello.');
    expect(response).toMatchObject({
      id: 'resp_x1',
      object: 'response',
      created_at: 1_700_000_000,
      model: 'served',
      status: 'completed',
      instructions: 'Be brief.',
      temperature: 0.5,
      usage,
      output: [
        { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'Hm.' }] },
        { type: 'message', role: 'assistant', status: 'completed' },
      ],
    });
  });

  test('tool calls', async () => {
    finishReason = 'tool_calls';
    message = {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
    };
    const response = await client.responses.create({ model: 'auto', input: 'hi' });
    expect(response.status).toBe('completed');
    expect(response.output).toMatchObject([
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
    ]);
  });

  test('one that the ceiling cut is incomplete', async () => {
    finishReason = 'length';
    message = { role: 'assistant', content: 'Hel' };
    const response = await client.responses.create({ model: 'auto', input: 'hi' });
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
  });

  test('what is no chat answer is a fault', () => {
    const info = { id: 'x', createdAtSeconds: 0, request: scanBody(Buffer.from('{"model":"m"}')) };
    for (const text of ['{}', 'x', '{"choices":[]}', '{"choices":[{"index":0}]}']) {
      expect(() => responsesFromChat(Buffer.from(text), info)).toThrow(/choices\[0\]\.message/);
    }
  });
});

describe('a streamed answer', () => {
  test('its events are those that the official client knows, numbered without gaps', async () => {
    finishReason = 'stop';
    deltas = [
      { role: 'assistant', content: '' },
      { reasoning: 'Hm' },
      { reasoning: '.' },
      { content: 'Hel' },
      { content: 'lo "é"\n\n.' },
    ];
    const stream = await client.responses.create({ model: 'auto', input: 'hi', stream: true });
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.map((event) => event.type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.reasoning_text.delta',
      'response.reasoning_text.delta',
      'response.reasoning_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    expect(events.at(-1)).toMatchObject({
      response: { id: 'resp_x1', status: 'completed', model: 'served', usage },
    });
  });

  test("the client's accumulator puts the whole response together", async () => {
    finishReason = 'tool_calls';
    deltas = [
      { content: 'Let me see.' },
      { tool_calls: CALLS },
      {
        tool_calls: [
          { index: 0, function: { arguments: '1}' } },
          { index: 1, function: { arguments: '{}' } },
        ],
      },
    ];
    const stream = client.responses.stream({ model: 'auto', input: 'hi' });
    const parts: string[] = [];
    stream.on('response.output_text.delta', (event) => parts.push(event.delta));
    const response = await stream.finalResponse();
    expect(parts.join('')).toBe('Let me see.');
    expect(response.output_text).toBe('Let me see.');
    expect(response.output).toMatchObject([
      { type: 'message', content: [{ type: 'output_text', text: 'Let me see.' }] },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
      { type: 'function_call', call_id: 'c2', name: 'g', arguments: '{}' },
    ]);
    expect(response.usage).toEqual(usage);
  });

  test('a refusal, a late name of a tool, and a ceiling', async () => {
    finishReason = 'length';
    deltas = [
      { refusal: 'No' },
      { tool_calls: [{ index: 0, id: 'c9', function: { arguments: '{' } }] },
      { tool_calls: [{ index: 0, function: { name: 'late', arguments: '}' } }] },
    ];
    const response = await client.responses.stream({ model: 'auto', input: 'hi' }).finalResponse();
    expect(response.status).toBe('incomplete');
    expect(response.output).toMatchObject([
      { type: 'message', content: [{ type: 'refusal', refusal: 'No' }] },
      { type: 'function_call', call_id: 'c9', name: 'late', arguments: '{}' },
    ]);
  });

  test('one that broke off ends as failed, never as completed', () => {
    const request = scanBody(Buffer.from('{"model":"m","input":"x"}'));
    const stream = createResponsesStream({ id: 'x', createdAtSeconds: 0, request });
    stream.push(Buffer.from(chunk(choice({ content: 'Hel' }))));
    const end = stream.end()!.toString();
    expect(end).toContain('event: response.failed');
    expect(end).not.toContain('response.completed');
    expect(stream.end()).toBeNull();
  });

  test('usage that the stream did not tell is taken from who knows it', () => {
    const request = scanBody(Buffer.from('{"model":"m","input":"x"}'));
    const stream = createResponsesStream({ id: 'x', createdAtSeconds: 0, request });
    stream.push(Buffer.from(chunk(choice({ content: 'Hi' }, 'stop'))));
    const known = { promptTokens: 3, cachedTokens: 0, outputTokens: 1, isEstimated: true };
    expect(stream.end(known)!.toString()).toContain('"input_tokens":3');
  });
});
