import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, getJson, startDemoExchange, without } from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';
import type { DecisionView } from '../../src/contract/index.ts';

let demo: DemoExchange;
let client: OpenAI;

/** A busy machine must not look like a fleet that is down. */
const RULES = `
health: { timeoutMs: 20000 }
constraints:
  - { name: no-shell, tools: { deny: [shell, "db_*"], message: The shell is closed. } }
  - { name: no-root, tools: { deny: root, onDeclared: refuse, onHistory: refuse, onCall: block } }
`;

beforeAll(async () => {
  demo = await startDemoExchange({
    edit: (yaml) => `${without(yaml, 'constraints')}\n${RULES}`,
  });
  client = new OpenAI({ apiKey: 'unused', baseURL: `${demo.app.modelUrl}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await demo.close();
});

const functionTool = (name: string) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
});

/** The simulated model calls `call`, whatever it was offered. */
const chat = (names: readonly string[], call: string | null = null, extra: object = {}) => ({
  model: 'auto',
  messages: [{ role: 'user' as const, content: 'What is the weather in Paris?' }],
  tools: names.map(functionTool),
  ...(call !== null && { bourse_sim: { call } }),
  ...extra,
});

async function decisionOf(response: Response): Promise<DecisionView> {
  const id = response.headers.get('x-bourse-decision-id')!;
  return eventually(async () => {
    const view = await getJson<DecisionView>(`${demo.app.adminUrl}/admin/v1/decisions/${id}`);
    return view.outcome === null && view.refusal === null ? null : view;
  });
}

async function metric(line: string): Promise<number> {
  const text = await (await fetch(`${demo.app.adminUrl}/metrics`)).text();
  const found = text.split('\n').find((each) => each.startsWith(line));
  return found === undefined ? 0 : Number(found.split(' ').at(-1));
}

describe('tools on the way to the model', () => {
  test('a denied tool is cut: the model is offered the rest, and the decision says so', async () => {
    const { data, response } = await client.chat.completions
      .create(chat(['shell', 'get_weather', 'db_drop'], null, { tool_choice: 'required' }))
      .withResponse();
    // The simulated model calls the first tool that it is offered.
    expect(data.choices[0]?.message.tool_calls).toMatchObject([
      { function: { name: 'get_weather' } },
    ]);
    const view = await decisionOf(response);
    expect(view.tools).toEqual({
      rules: expect.arrayContaining(['constraint no-shell: tools deny shell, db_*']),
      cutCount: 2,
      cut: [
        { name: 'shell', because: 'constraint no-shell' },
        { name: 'db_drop', because: 'constraint no-shell' },
      ],
    });
  });

  test('with no tool left there is no choice left either', async () => {
    const answer = await client.chat.completions.create(
      chat(['shell'], null, { tool_choice: 'required', parallel_tool_calls: true }),
    );
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.choices[0]?.message.content).toContain('simulated');
  });

  test('a choice of a denied tool, a declared and a called one are refused', async () => {
    const choice = { type: 'function' as const, function: { name: 'shell' } };
    await expect(
      client.chat.completions.create(chat(['shell'], null, { tool_choice: choice })),
    ).rejects.toMatchObject({
      status: 403,
      code: 'brs_tool_forbidden',
      message: /The shell is closed/,
    });
    await expect(client.chat.completions.create(chat(['root']))).rejects.toMatchObject({
      status: 403,
      message: /The tool "root" is not allowed here \(constraint no-root\)/,
    });
    const call = {
      id: 'c1',
      type: 'function' as const,
      function: { name: 'root', arguments: '{}' },
    };
    const messages = [
      { role: 'assistant' as const, tool_calls: [call] },
      { role: 'tool' as const, tool_call_id: 'c1', content: 'done' },
    ];
    await expect(
      client.chat.completions.create(chat([], null, { messages, tools: undefined })),
    ).rejects.toMatchObject({ status: 403 });
  });

  test('a client that names its model is bound too', async () => {
    const models = await client.models.list();
    const model = models.data.find(({ id }) => !id.startsWith('auto') && !id.includes('bge'))!.id;
    const answer = await client.chat.completions.create(
      chat(['shell', 'get_weather'], null, { model, tool_choice: 'required' }),
    );
    expect(answer.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'get_weather' },
    });
  });

  test('on the responses surface', async () => {
    const tool = (name: string) => ({
      type: 'function' as const,
      name,
      strict: false,
      parameters: { type: 'object', properties: {} },
    });
    const answer = await client.responses.create({
      model: 'auto',
      input: 'What is the weather?',
      tools: [tool('shell'), tool('get_weather')],
      tool_choice: 'required',
    });
    expect(answer.output).toMatchObject([{ type: 'function_call', name: 'get_weather' }]);
  });
});

describe('calls on the way to the client', () => {
  test('a denied call is dropped, streamed and not', async () => {
    const before = await metric('bourse_guarded_tool_calls_total{source="constraint no-shell"');
    const { data, response } = await client.chat.completions
      .create(chat(['shell', 'get_weather'], 'shell'))
      .withResponse();
    expect(data.choices).toMatchObject([
      { finish_reason: 'stop', message: { content: 'The shell is closed.' } },
    ]);
    expect(data.choices[0]!.message.tool_calls).toBeUndefined();
    // The model worked, and is paid.
    const { outcome } = await decisionOf(response);
    expect(outcome).toMatchObject({ status: 'ok', finishReason: 'tool_calls' });
    expect(outcome!.usage.outputTokens).toBe(data.usage!.completion_tokens);

    const final = await client.chat.completions
      .stream(chat(['shell', 'get_weather'], 'shell', { stream_options: { include_usage: true } }))
      .finalChatCompletion();
    expect(final.choices).toMatchObject([
      { finish_reason: 'stop', message: { role: 'assistant', content: 'The shell is closed.' } },
    ]);
    expect(final.usage?.completion_tokens).toBeGreaterThan(0);
    await eventually(
      async () =>
        (await metric('bourse_guarded_tool_calls_total{source="constraint no-shell"')) >=
        before + 2,
    );
  });

  test('so is one of a tool that was never declared', async () => {
    const stream = await client.chat.completions.create({
      ...chat(['get_weather'], 'get_wether', { n: 2 }),
      stream: true,
    });
    const ends: string[] = [];
    for await (const chunk of stream) {
      expect(JSON.stringify(chunk)).not.toContain('get_wether');
      for (const { finish_reason: end } of chunk.choices) if (end !== null) ends.push(end);
    }
    expect(ends).toEqual(['stop', 'stop']);
  });

  test('a permitted call comes through, streamed and not', async () => {
    const request = chat(['get_weather'], 'get_weather');
    const whole = await client.chat.completions.create(request);
    const final = await client.chat.completions.stream(request).finalChatCompletion();
    for (const answer of [whole, final]) {
      expect(answer.choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: { tool_calls: [{ function: { name: 'get_weather' } }] },
      });
    }
  });

  test('block withholds the answer, streamed and not', async () => {
    const { response } = await client.chat.completions.create(chat(['get_weather'], 'root')).then(
      () => ({ response: null }),
      (error: unknown) => ({
        response: error as { status: number; code: string; headers: Headers },
      }),
    );
    expect(response).toMatchObject({ status: 403, code: 'brs_tool_called' });
    const raw = await fetch(`${demo.app.modelUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chat(['get_weather'], 'root', { stream: true })),
    });
    const text = await raw.text();
    expect(text).toContain('BRS_TOOL_CALLED');
    expect(text).not.toContain('[DONE]');
    expect(text).not.toContain('arguments');
    const view = await decisionOf(raw);
    expect(['cut', 'failed']).toContain(view.outcome!.status);
  });

  test('on the responses surface, streamed and not', async () => {
    const request = {
      model: 'auto',
      input: 'List the files.',
      tools: [{ type: 'function' as const, name: 'get_weather', strict: false, parameters: {} }],
      bourse_sim: { call: 'shell' },
    };
    const whole = await client.responses.create(request);
    expect(whole.output_text).toBe('The shell is closed.');
    const stream = client.responses.stream(request);
    const kinds: string[] = [];
    for await (const event of stream) {
      expect(JSON.stringify(event)).not.toContain('"shell"');
      kinds.push(event.type);
    }
    const final = await stream.finalResponse();
    expect(final.output_text).toBe('The shell is closed.');
    expect(kinds.at(-1)).toBe('response.completed');
    expect(kinds).not.toContain('response.function_call_arguments.delta');
  });
});
