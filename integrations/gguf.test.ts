import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAnsweringServer } from '../test/flow/answering-server.ts';
import type { AnsweringServer } from '../test/flow/answering-server.ts';
import { startBourse } from './demo.ts';
import type { Demo } from './demo.ts';
import { TOOL_TEMPLATE, tinyGguf } from './tiny-gguf.ts';

/** No key of any cloud, and no server but the exchange's own. */
const POLICY = `version: 1
models:
  - { id: tiny, accuracy: { default: 0.1 }, price: { inputPerMTok: 0, outputPerMTok: 0 } }
  - { id: tools, accuracy: { default: 0.05 }, price: { inputPerMTok: 0, outputPerMTok: 0 } }
  - { id: eager, accuracy: { default: 0.05 }, price: { inputPerMTok: 0, outputPerMTok: 0 } }
  - { id: thinker, accuracy: { default: 0.05 }, price: { inputPerMTok: 0, outputPerMTok: 0 }, reasoning: qwen3 }
  - { id: vectors, kind: embedding, price: { inputPerMTok: 0 } }
instances:
  - { id: local, model: tiny, engine: gguf, options: { file: tiny.gguf, slots: 2, threads: 1 } }
  - { id: tools-local, model: tools, engine: gguf, options: { file: tools.gguf, slots: 1, contextTokens: 2048, threads: 1 } }
  - { id: eager-local, model: eager, engine: gguf, options: { file: eager.gguf, slots: 1, contextTokens: 2048, threads: 1 } }
  - { id: thinker-local, model: thinker, engine: gguf, options: { file: thinker.gguf, slots: 1, contextTokens: 512, threads: 1 } }
  - { id: vectors-local, model: vectors, engine: gguf, options: { file: tiny.gguf, slots: 1, contextTokens: 256, threads: 1 } }
routes:
  - { name: default, use: { models: [tiny], mode: economy } }
understanding: { deep: off }
`;

/** Thinks an "a", and then says a "z". */
const THINKING = [
  ['▁', '<think>'],
  ['<think>', 'a'],
  ['a', '</think>'],
  ['</think>', 'z'],
  ['z', '</s>'],
] as const;
const THINK_TEMPLATE =
  '{% for m in messages %}{{ m.role }}: {% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}\n{% endfor %}assistant: ';

/** Begins a call wherever it may speak, and ends when it has made one. */
const EAGER = [
  ['▁', '<tool_call>\n{"name":▁"'],
  ['<0x3E>', '</s>'],
] as const;

let bourse: Demo;
let client: OpenAI;
beforeAll(async () => {
  bourse = await startBourse('serve', {
    'bourse.yaml': POLICY,
    'tiny.gguf': tinyGguf(),
    'tools.gguf': tinyGguf({ chatTemplate: TOOL_TEMPLATE }),
    'thinker.gguf': tinyGguf({ chatTemplate: THINK_TEMPLATE, follows: THINKING }),
    'eager.gguf': tinyGguf({ chatTemplate: TOOL_TEMPLATE, follows: EAGER }),
  });
  client = new OpenAI({ baseURL: `${bourse.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  // A model is loaded when the first probe asks for it.
  await untilReady(['local', 'tools-local', 'eager-local', 'thinker-local', 'vectors-local']);
}, 90_000);
afterAll(() => bourse.close());

interface Seen {
  readonly id: string;
  readonly lifecycle: string;
  readonly reason: string | null;
}

async function instancesOf({ adminUrl }: Demo): Promise<readonly Seen[]> {
  const answer = await fetch(`${adminUrl}/admin/v1/instances`);
  return ((await answer.json()) as { instances: Seen[] }).instances;
}

async function untilReady(ids: readonly string[]): Promise<void> {
  for (;;) {
    const seen = await instancesOf(bourse);
    if (ids.every((id) => seen.some((one) => one.id === id && one.lifecycle === 'ready'))) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const ask = (content: string, more: object = {}): Promise<Response> =>
  fetch(`${bourse.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({
      model: 'auto',
      messages: [{ role: 'user', content }],
      max_tokens: 12,
      temperature: 0,
      ...more,
    }),
  });

interface Completion {
  readonly choices: readonly [{ readonly message: { readonly content: string } }];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly prompt_tokens_details: { readonly cached_tokens: number };
  };
}

test('a GGUF file beside the policy answers, with no fleet and no key', async () => {
  const answer = await ask('Hello');
  expect(answer.headers.get('x-bourse-instance')).toBe('local');
  const { choices, usage } = (await answer.json()) as Completion;
  expect(choices[0].message.content.length).toBeGreaterThan(0);
  expect(usage.prompt_tokens).toBeGreaterThan(0);
  expect(usage.completion_tokens).toBeGreaterThan(0);
});

test('the same answer streams', async () => {
  const whole = (await (await ask('Stream this')).json()) as Completion;
  const text = await (await ask('Stream this', { stream: true })).text();
  const said = text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)).choices[0]?.delta.content ?? '')
    .join('');
  expect(said).toBe(whole.choices[0].message.content);
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
});

test('a conversation that goes on finds its beginning in the slot', async () => {
  const first = (await (await ask('Remember the number seven.')).json()) as Completion;
  const messages = [
    { role: 'user', content: 'Remember the number seven.' },
    { role: 'assistant', content: first.choices[0].message.content },
    { role: 'user', content: 'Which number?' },
  ];
  const second = (await (await ask('', { messages })).json()) as Completion;
  expect(second.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(20);
});

test('JSON is JSON, even from random weights', async () => {
  const schema = { type: 'object', properties: { isOpen: { type: 'boolean' } } };
  const format = { type: 'json_schema', json_schema: { name: 'door', schema } };
  const answer = await ask('Is it open?', { response_format: format, max_tokens: 100 });
  const { choices } = (await answer.json()) as Completion;
  expect(typeof JSON.parse(choices[0].message.content).isOpen).toBe('boolean');
});

test('more requests than slots wait for their turn', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => ask(`Question ${i}`)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
});

test('a prompt that is too long is refused in words that say what to do', async () => {
  const answer = await ask('long '.repeat(600));
  expect(answer.status).toBe(400);
});

test('an answer that was begun elsewhere is gone on with, and not begun again', async () => {
  const begun = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: 'a' },
  ];
  const more = { model: 'thinker', messages: begun, continue_final_message: true };
  const answer = (await (await ask('', more)).json()) as Completion;
  // After "a" comes the end of a thought, and not the beginning of one.
  expect(answer.choices[0].message.content).toMatch(/z$/);
  expect(answer.choices[0].message.content).not.toContain('a');
  expect(answer.choices[0].message).not.toHaveProperty('reasoning_content');
});

test('what a model thinks before it answers is told apart, and counted', async () => {
  const answer = (await (await ask('x', { model: 'thinker' })).json()) as {
    choices: [{ message: { content: string; reasoning_content?: string } }];
    usage: { completion_tokens_details?: { reasoning_tokens: number } };
  };
  expect(answer.choices[0].message).toMatchObject({ content: 'z', reasoning_content: 'a' });
  expect(answer.usage.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
  const off = (await (
    await ask('x', { model: 'thinker', reasoning_effort: 'none' })
  ).json()) as typeof answer;
  expect(off.choices[0].message.reasoning_content ?? '').toBe('');
});

const functionNamed = (name: string, properties: object): OpenAI.ChatCompletionFunctionTool => ({
  type: 'function',
  function: { name, description: 'A tool.', parameters: { type: 'object', properties } },
});
const DOOR = functionNamed('door', {
  isOpen: { type: 'boolean' },
  side: { type: 'string', enum: ['left', 'right'] },
  wait: { anyOf: [{ type: 'boolean' }, { type: 'null' }] },
});
const BELL = functionNamed('bell', {});
const USER = { role: 'user' as const, content: 'Is the door open?' };
const call = (model: string, more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>) =>
  client.chat.completions.create({
    model,
    messages: [USER],
    temperature: 0,
    max_tokens: 600,
    ...more,
    stream: false,
  });

function expectDoor(text: string): void {
  const said = JSON.parse(text) as Record<string, unknown>;
  expect(Object.keys(said)).toEqual(['isOpen', 'side', 'wait']);
  expect(typeof said['isOpen']).toBe('boolean');
  expect(['left', 'right']).toContain(said['side']);
  expect([true, false, null]).toContain(said['wait']);
}

describe('tools', () => {
  test('a named one is called with arguments of its schema, even from random weights', async () => {
    const choice = { type: 'function' as const, function: { name: 'door' } };
    for (const model of ['tiny', 'tools']) {
      const max_tokens = model === 'tiny' ? 120 : 600;
      const tools =
        model === 'tiny' ? [functionNamed('door', { isOpen: { type: 'boolean' } })] : [DOOR];
      const answer = await call(model, { tools, tool_choice: choice, max_tokens });
      const { message, finish_reason } = answer.choices[0];
      expect(finish_reason).toBe('tool_calls');
      expect(message.content).toBeNull();
      const [made] = message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
      expect(made.function.name).toBe('door');
      if (model === 'tools') expectDoor(made.function.arguments);
      else expect(typeof JSON.parse(made.function.arguments).isOpen).toBe('boolean');
      expect(answer.usage!.completion_tokens).toBeGreaterThan(5);
    }
  });

  test('the same call streams, in pieces that the SDK puts together', async () => {
    const ask = {
      model: 'tools',
      messages: [USER],
      tools: [DOOR],
      temperature: 0,
      max_tokens: 600,
    };
    const stream = client.chat.completions.stream({
      ...ask,
      tool_choice: 'required',
      parallel_tool_calls: false,
    });
    let pieces = 0;
    stream.on('chunk', (chunk) => (pieces += chunk.choices[0]?.delta.tool_calls?.length ?? 0));
    const { choices } = await stream.finalChatCompletion();
    expect(pieces).toBeGreaterThan(3);
    const { message, finish_reason: finish } = choices[0] as OpenAI.ChatCompletion.Choice;
    const [made, ...others] = message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expect(others).toEqual([]);
    expect(finish).toBe('tool_calls');
    expectDoor(made.function.arguments);
  });

  test('several are called together where the family of the model can', async () => {
    const answer = await call('tools', { tools: [BELL], tool_choice: 'required', max_tokens: 40 });
    const { message } = answer.choices[0];
    const calls = message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expect(calls.length).toBeGreaterThan(1);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
    expect(calls.every((each) => each.function.arguments === '{}')).toBe(true);
    expect(answer.usage!.completion_tokens).toBeLessThanOrEqual(40);
  });

  test('clients of other surfaces call them too', async () => {
    const post = async (path: string, body: object): Promise<string> =>
      (
        await fetch(`${bourse.url}${path}`, {
          method: 'POST',
          body: JSON.stringify({ model: 'tools', ...body }),
        })
      ).text();
    const { name, parameters } = DOOR.function;
    const message = JSON.parse(
      await post('/v1/messages', {
        max_tokens: 600,
        messages: [USER],
        tools: [{ name, input_schema: parameters }],
        tool_choice: { type: 'tool', name },
      }),
    ) as { stop_reason: string; content: { type: string; input: object }[] };
    expect(message.stop_reason).toBe('tool_use');
    const used = message.content.find(({ type }) => type === 'tool_use');
    expectDoor(JSON.stringify(used?.input));
    const response = JSON.parse(
      await post('/v1/responses', {
        input: 'Is the door open?',
        max_output_tokens: 600,
        store: false,
        tools: [{ type: 'function', name, parameters }],
        tool_choice: { type: 'function', name },
      }),
    ) as { output: { type: string; arguments: string }[] };
    const made = response.output.find(({ type }) => type === 'function_call');
    expectDoor(made?.arguments ?? '');
  });

  test('a model calls by itself what it may, and what it may not it only says', async () => {
    const [free] = (await call('eager', { tools: [DOOR] })).choices;
    expect(free.finish_reason).toBe('tool_calls');
    const [made] = free.message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expectDoor(made.function.arguments);
    const [none] = (await call('eager', { tools: [DOOR], tool_choice: 'none' })).choices;
    expect(none.message.tool_calls).toBeUndefined();
    expect(none.message.content).toContain('<tool_call>');
  });

  test('what a tool said is read, and the conversation goes on from it', async () => {
    const id = 'call_1';
    const messages = [
      USER,
      {
        role: 'assistant' as const,
        content: null,
        tool_calls: [
          { id, type: 'function' as const, function: { name: 'bell', arguments: '{}' } },
        ],
      },
      { role: 'tool' as const, tool_call_id: id, content: 'It rang twice, and nobody came.' },
    ];
    const more = { tools: [BELL], max_tokens: 4, tool_choice: 'none' as const };
    const before = await call('tools', more);
    const after = await call('tools', { ...more, messages });
    expect(after.choices[0].message.content!.length).toBeGreaterThan(0);
    const read = after.usage!.prompt_tokens - before.usage!.prompt_tokens;
    expect(read).toBeGreaterThan('It rang twice, and nobody came.'.length / 2);
    const unanswered = call('tools', { ...more, messages: messages.slice(0, 2) });
    await expect(unanswered).rejects.toMatchObject({ status: 400 });
  });
});

describe('embeddings', () => {
  test('a batch is embedded in order, in both encodings, with usage', async () => {
    const input = ['the sea', 'a letter', 'the sea'];
    const model = 'vectors';
    const plain = await client.embeddings.create({ model, input, encoding_format: 'float' });
    // The SDK asks for base64 by itself.
    const packed = await client.embeddings.create({ model, input });
    expect(plain.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    const [first, second, third] = plain.data.map(({ embedding }) => embedding);
    expect(first).toEqual(third);
    expect(first).not.toEqual(second);
    expect(first.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
    packed.data[0].embedding.forEach((value, i) => expect(value).toBeCloseTo(first[i], 6));
    expect(plain.usage.prompt_tokens).toBeGreaterThan(input.join('').length / 2);
    expect(plain.usage.total_tokens).toBe(plain.usage.prompt_tokens);
  });

  test('fewer dimensions are of unit length again, and more than there are refused', async () => {
    const ask = { model: 'vectors', input: 'the sea', encoding_format: 'float' as const };
    const { data } = await client.embeddings.create({ ...ask, dimensions: 16 });
    expect(data[0].embedding).toHaveLength(16);
    expect(data[0].embedding.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
    const more = client.embeddings.create({ ...ask, dimensions: 4_096 });
    await expect(more).rejects.toMatchObject({ status: 400 });
  });

  test('a text that is too long is refused with its place', async () => {
    const input = ['short', 'long '.repeat(300)];
    const long = client.embeddings.create({ model: 'vectors', input });
    await expect(long).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('input.1'),
    });
  });
});

/** Processes of the exchange that run local models. */
function localProcesses(): string[] {
  return readdirSync('/proc').filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      const command = readFileSync(`/proc/${id}/cmdline`, 'utf8');
      const environment = readFileSync(`/proc/${id}/environ`, 'utf8');
      return command.includes('gguf-process') && environment.includes(`BOURSE_TEST=${MARK}`);
    } catch {
      return false;
    }
  });
}
const MARK = `gguf-${process.pid}`;

describe.skipIf(process.platform !== 'linux')('instances that the admin API adds', () => {
  const policyAt = (url: string): string => `version: 1
models:
  - { id: tiny, price: { inputPerMTok: 0, outputPerMTok: 0 } }
  - { id: other, price: { inputPerMTok: 0, outputPerMTok: 0 } }
instances: [{ id: alive, model: other, engine: vllm, url: "${url}" }]
routes: [{ name: default, use: { models: [tiny] } }]
store: { path: bourse.db }
understanding: { deep: off }
`;
  let folder: string;
  let own: Demo;
  /** An exchange is not ready before one of its instances is. */
  let alive: AnsweringServer;
  beforeAll(async () => {
    alive = await startAnsweringServer(() => 'alive');
    process.env['BOURSE_TEST'] = MARK;
    folder = await mkdtemp(join(tmpdir(), 'bourse-gguf-'));
    await writeFile(join(folder, 'tiny.gguf'), tinyGguf());
    await writeFile(join(folder, 'none.gguf'), 'no model');
    own = await startBourse('serve', { 'bourse.yaml': policyAt(alive.url) });
  });
  afterAll(async () => {
    await own.close();
    await alive.close();
    await rm(folder, { recursive: true, force: true });
    delete process.env['BOURSE_TEST'];
  });

  const change = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${own.adminUrl}/admin/v1/instances${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const added = (file: string, options: object = {}) => ({
    id: 'local',
    model: 'tiny',
    engine: 'gguf',
    options: { file: join(folder, file), slots: 1, contextTokens: 256, threads: 1, ...options },
  });
  const say = (text = 'x') =>
    fetch(`${own.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({
        model: 'auto',
        messages: [{ role: 'user', content: text }],
        max_tokens: 8,
      }),
    });
  const untilSaid = async (status: number): Promise<Response> => {
    for (;;) {
      const answer = await say();
      if (answer.status === status) return answer;
      await answer.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  test('what could never run is refused with its code, and not remembered', async () => {
    expect(localProcesses()).toEqual([]);
    const bad = await Promise.all([
      change('POST', '', added('missing.gguf')),
      change('POST', '', added('none.gguf')),
      change('POST', '', { ...added('tiny.gguf'), options: { file: 'tiny.gguf' } }),
      change('POST', '', added('tiny.gguf', { slots: 0 })),
    ]);
    expect(bad.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect(bad[0].text).toContain('BRS_MODEL_FILE');
    expect(bad[1].text).toContain('no GGUF file');
    expect(bad[2].text).toContain('absolute');
    expect(bad[3].text).toContain('options.slots');
    expect(localProcesses()).toEqual([]);
  });

  test('one starts its process, serves, comes back after a restart, and takes the process with it', async () => {
    expect((await change('POST', '', added('tiny.gguf'))).status).toBe(201);
    const answer = await untilSaid(200);
    expect(answer.headers.get('x-bourse-instance')).toBe('local');
    expect(localProcesses()).toHaveLength(1);
    await own.restart();
    expect((await untilSaid(200)).headers.get('x-bourse-instance')).toBe('local');
    expect((await change('DELETE', '/local')).status).toBe(204);
    await expect.poll(localProcesses, { timeout: 60_000 }).toEqual([]);
    expect((await say()).status).toBe(503);
  }, 120_000);

  test('one that does not fit into memory says so, with its code, and the others are served', async () => {
    expect((await change('POST', '', added('tiny.gguf'))).status).toBe(201);
    const large = { ...added('tiny.gguf', { contextTokens: 16_000_000, slots: 4 }), id: 'large' };
    expect((await change('POST', '', large)).status).toBe(201);
    const reason = async () => (await instancesOf(own)).find(({ id }) => id === 'large')?.reason;
    await expect.poll(reason, { timeout: 60_000 }).toContain('BRS_MODEL_MEMORY');
    expect((await untilSaid(200)).headers.get('x-bourse-instance')).toBe('local');
  }, 120_000);
});
