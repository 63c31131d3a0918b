import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../kernel/index.ts';
import { createGgufServer } from './gguf-server.ts';
import type { GgufServer } from './gguf-server.ts';
import { LocalAskError } from './local-model.ts';
import type { LocalAsk, LocalChatModel, LocalEmbedder, LocalModel } from './local-model.ts';
import type { LocalModelSpec, LocalPiece } from './local-model.ts';
import { pathOfSpec } from './spec-path.ts';
import { unitVector } from './unit-vector.ts';

const TOKEN = 'secret-of-this-process';
const SPEC: LocalModelSpec = {
  file: '/m.gguf',
  task: 'chat',
  slots: 2,
  contextTokens: null,
  threads: null,
};
const AUTH = { authorization: `Bearer ${TOKEN}` };

/** Says the last turn word by word, each when it is let go on. */
class Parrot implements LocalChatModel {
  readonly task = 'chat';
  readonly slots = 2;
  readonly contextTokens = 512;
  readonly asked: LocalAsk[] = [];
  open = 0;
  mostOpen = 0;
  gate: Promise<void> = Promise.resolve();

  async generate(ask: LocalAsk, onPiece: (piece: LocalPiece) => void, signal: AbortSignal) {
    this.asked.push(ask);
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    try {
      const text = ask.turns.at(-1)!.text;
      if (text === 'too long') throw new LocalAskError('the prompt is too long');
      if (text === 'broken') throw new Error('the weights are broken');
      const words = text.split(' ').slice(0, ask.maxTokens ?? undefined);
      for (const word of words) {
        await this.gate;
        await new Promise(setImmediate);
        signal.throwIfAborted();
        onPiece({ kind: 'text', text: `${word} ` });
      }
      const usage = {
        promptTokens: 7,
        cachedTokens: 3,
        outputTokens: words.length,
        thoughtTokens: text === 'hmm' ? 1 : 0,
      };
      if (text === 'hmm') onPiece({ kind: 'thought', text: 'Well' });
      if (ask.mustCall) {
        for (const { name } of ask.tools.slice(0, ask.maxCalls)) {
          onPiece({ kind: 'call', name });
          onPiece({ kind: 'arguments', text: '{"a":' });
          onPiece({ kind: 'arguments', text: '1}' });
        }
        return { finishReason: 'tool_calls' as const, ...usage };
      }
      const isCut = ask.maxTokens !== null && words.length === ask.maxTokens;
      const finishReason = isCut ? ('length' as const) : ('stop' as const);
      return { finishReason, ...usage };
    } finally {
      this.open--;
    }
  }

  isClosed = false;
  async close(): Promise<void> {
    this.isClosed = true;
  }
}

/** Two numbers per text: its length, and 1. */
class Ruler implements LocalEmbedder {
  readonly task = 'embedding';
  readonly slots = 1;
  readonly contextTokens = 512;

  async embed(texts: readonly string[]) {
    const vectors = texts.map((text) => unitVector([text.length, 1]));
    return { vectors, promptTokens: 3 * texts.length };
  }

  async close(): Promise<void> {}
}

let server: GgufServer | null = null;
let origin = '';
afterEach(async () => {
  await server?.close();
  server = null;
});

async function start(open: () => Promise<LocalModel>): Promise<string> {
  server = createGgufServer({ open, clock: createSystemClock(), token: TOKEN });
  const { server: http } = server;
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return origin + pathOfSpec(SPEC);
}

const healthOf = async (url: string): Promise<string> =>
  (await fetch(`${url}/health`, { headers: AUTH })).text();

async function ready(model: LocalModel): Promise<string> {
  const url = await start(async () => model);
  while ((await healthOf(url)) !== '{"status":"ok"}');
  return url;
}

const post = (url: string, body: object, signal?: AbortSignal): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: AUTH,
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
interface Said {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
}
const said = async (answer: Response): Promise<string> =>
  ((await answer.json()) as Said).choices[0]!.message.content.trim();
const say = (text: string, more: object = {}): object => ({
  messages: [{ role: 'user', content: text }],
  ...more,
});

const toolOf = (name: string): object => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { a: { type: 'integer' } } } },
});
const named = (name: string): object => ({ type: 'function', function: { name } });
const called = (text: string): object => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'c1', type: 'function', function: { name: 'a', arguments: text } }],
});
const heard = (content: string): object => ({ role: 'tool', tool_call_id: 'c1', content });

describe('a server of local models', () => {
  test('loads a model when it is asked for, and says so until it is there', async () => {
    let finish: (model: LocalModel) => void = () => undefined;
    const url = await start(() => new Promise((resolve) => (finish = resolve)));
    expect(await healthOf(url)).toContain('being loaded');
    expect((await post(url, say('x'))).status).toBe(503);
    finish(new Parrot());
    await expect.poll(() => healthOf(url)).toBe('{"status":"ok"}');
    expect((await post(url, say('x'))).status).toBe(200);
  });

  test('a file that cannot be loaded is told in the words of the library', async () => {
    const url = await start(() => Promise.reject(new Error('not a GGUF file')));
    await expect.poll(() => healthOf(url)).toContain('not a GGUF file');
  });

  test('answers whole, with usage', async () => {
    const url = await ready(new Parrot());
    const answer = await (await post(url, say('a b c', { max_tokens: 2 }))).json();
    expect(answer).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { content: 'a b ' }, finish_reason: 'length' }],
      usage: {
        prompt_tokens: 7,
        completion_tokens: 2,
        prompt_tokens_details: { cached_tokens: 3 },
      },
    });
  });

  test('streams, and ends with usage where that is asked for', async () => {
    const url = await ready(new Parrot());
    const body = say('a b', { stream: true, stream_options: { include_usage: true } });
    const text = await (await post(url, body)).text();
    const events = text.split('\n\n').filter((line) => line.startsWith('data: {'));
    const chunks = events.map((line) => JSON.parse(line.slice(6)));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content).join('')).toBe('a b ');
    expect(chunks.at(-1).usage).toMatchObject({ total_tokens: 9 });
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  test('what was thought before is told apart, whole and streamed', async () => {
    const url = await ready(new Parrot());
    expect(await (await post(url, say('hmm'))).json()).toMatchObject({
      choices: [{ message: { content: 'hmm ', reasoning_content: 'Well' } }],
      usage: { completion_tokens_details: { reasoning_tokens: 1 } },
    });
    const text = await (await post(url, say('hmm', { stream: true }))).text();
    expect(text).toContain('{"reasoning_content":"Well"}');
  });

  test('an answer that was begun is gone on with, where the client says so', async () => {
    const parrot = new Parrot();
    const url = await ready(parrot);
    const messages = [...(say('x') as { messages: object[] }).messages];
    const begun = [...messages, { role: 'assistant', content: 'b' }];
    await post(url, { messages: begun, continue_final_message: true });
    await post(url, { messages: begun });
    await post(url, { messages, continue_final_message: true });
    expect(parrot.asked.map(({ continues }) => continues)).toEqual([true, false, false]);
  });

  test.each([
    [{}, true],
    [{ reasoning_effort: 'low' }, true],
    [{ reasoning_effort: 'none' }, false],
    [{ chat_template_kwargs: { enable_thinking: false } }, false],
  ])('%j says whether to think', async (more, thinks) => {
    const parrot = new Parrot();
    await post(await ready(parrot), say('x', more));
    expect(parrot.asked[0]!.thinks).toBe(thinks);
  });

  test('no more requests run than there are slots, and none is lost', async () => {
    const parrot = new Parrot();
    const url = await ready(parrot);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => post(url, say(`word ${i}`))),
    );
    expect(await Promise.all(answers.map(said))).toEqual(
      Array.from({ length: 12 }, (_, i) => `word ${i}`),
    );
    expect(parrot.mostOpen).toBe(2);
    const metrics = await (await fetch(`${url}/metrics`, { headers: AUTH })).text();
    expect(metrics).toContain('llamacpp:requests_processing 0');
    expect(metrics).toContain('llamacpp:tokens_predicted_total 24');
  });

  test('a client that leaves gives its slot, or its place in the queue, to others', async () => {
    const parrot = new Parrot();
    const url = await ready(parrot);
    let open = (): void => undefined;
    parrot.gate = new Promise((resolve) => (open = resolve));
    const leaving = new AbortController();
    const left = Array.from({ length: 4 }, () =>
      post(url, say('never said'), leaving.signal).catch(() => null),
    );
    await expect.poll(() => parrot.open).toBe(2);
    leaving.abort();
    await Promise.all(left);
    open();
    expect(await said(await post(url, say('said')))).toBe('said');
    await expect.poll(() => parrot.open).toBe(0);
  });

  test.each([
    [{ messages: [] }, 'messages'],
    [say('x', { tools: [{ type: 'custom', custom: {} }] }), 'calls functions only'],
    [say('x', { tools: [toolOf('a'), toolOf('a')] }), 'stands there twice'],
    [say('x', { tools: [toolOf('a b')] }), 'tools.0.function.name'],
    [say('x', { tools: [toolOf('a')], tool_choice: named('b') }), 'there is no tool \\"b\\"'],
    [say('x', { tool_choice: 'required' }), 'there are no tools'],
    [say('x', { tools: [toolOf('a')], response_format: { type: 'json_object' } }), 'tool_choice'],
    [{ messages: [called('{}')] }, 'messages.0: has the call'],
    [{ messages: [called('{'), heard('1')] }, 'messages.0.tool_calls.0.function.arguments'],
    [{ messages: [called('{}'), heard('1'), heard('2')] }, 'messages.2'],
    [{ messages: [heard('1')] }, 'messages.0'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 'messages.0.content'],
    [say('x', { n: 2 }), 'n'],
    [say('too long'), 'too long'],
  ])('what it cannot do is refused with its place: %j', async (body, place) => {
    const answer = await post(await ready(new Parrot()), body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(place);
  });

  test('a model that fails is an error of the server', async () => {
    const answer = await post(await ready(new Parrot()), say('broken'));
    expect(answer.status).toBe(500);
  });

  test('nobody is served without the key, nor from a path that is none', async () => {
    const url = await ready(new Parrot());
    expect((await fetch(`${url}/health`)).status).toBe(401);
    const none = [`${origin}/gguf/x/health`, `${origin}/`, `${url}/slots`];
    for (const other of none) expect((await fetch(other, { headers: AUTH })).status).toBe(404);
  });
});

describe('tools', () => {
  const body = say('x', { tools: [toolOf('a'), toolOf('b')], tool_choice: 'required' });

  test('calls are told whole', async () => {
    const answer = await (await post(await ready(new Parrot()), body)).json();
    const call = (name: string) => ({
      id: expect.stringMatching(/^call_\w+$/),
      type: 'function',
      function: { name, arguments: '{"a":1}' },
    });
    expect(answer).toMatchObject({
      choices: [{ message: { tool_calls: [call('a'), call('b')] }, finish_reason: 'tool_calls' }],
    });
  });

  test('and as deltas of a stream, each call under its own index', async () => {
    const url = await ready(new Parrot());
    const text = await (await post(url, { ...body, stream: true })).text();
    const events = text.split('\n\n').filter((line) => line.startsWith('data: {'));
    const choices = events.map((line) => JSON.parse(line.slice(6)).choices[0]);
    const calls: { id: string; function: { name: string; arguments: string } }[] = [];
    for (const delta of choices.flatMap(({ delta: { tool_calls } }) => tool_calls ?? [])) {
      if (delta.id === undefined)
        calls[delta.index]!.function.arguments += delta.function.arguments;
      else calls[delta.index] = delta;
    }
    expect(calls.map((call) => call.function)).toEqual([
      { name: 'a', arguments: '{"a":1}' },
      { name: 'b', arguments: '{"a":1}' },
    ]);
    expect(choices.at(-1).finish_reason).toBe('tool_calls');
  });

  test.each([
    ['auto', [toolOf('a')], undefined, { names: ['a'], mustCall: false, maxCalls: 16 }],
    ['none', [toolOf('a')], 'none', { names: [], mustCall: false, maxCalls: 16 }],
    ['one', [toolOf('a'), toolOf('b')], named('b'), { names: ['b'], mustCall: true, maxCalls: 1 }],
  ])('the choice "%s" leaves what may be called', async (_, tools, choice, expected) => {
    const parrot = new Parrot();
    const url = await ready(parrot);
    await post(url, say('x', { tools, ...(choice !== undefined && { tool_choice: choice }) }));
    const { tools: asked, mustCall, maxCalls } = parrot.asked[0]!;
    expect({ names: asked.map(({ name }) => name), mustCall, maxCalls }).toEqual(expected);
  });

  test('calls that are not to be made together are made one by one', async () => {
    const parrot = new Parrot();
    await post(await ready(parrot), { ...body, parallel_tool_calls: false });
    expect(parrot.asked[0]!.maxCalls).toBe(1);
  });

  test('what a tool said stands with its call', async () => {
    const parrot = new Parrot();
    const messages = [{ role: 'user', content: 'x' }, called('{"a":2}'), heard('{"b":3}')];
    await post(await ready(parrot), { messages: [...messages, { role: 'user', content: 'y' }] });
    expect(parrot.asked[0]!.turns).toEqual([
      { role: 'user', text: 'x' },
      { role: 'assistant', text: '', calls: [{ name: 'a', params: { a: 2 }, result: { b: 3 } }] },
      { role: 'user', text: 'y' },
    ]);
  });
});

describe('embeddings', () => {
  const embed = async (model: LocalModel, body: object): Promise<Response> =>
    fetch(`${await ready(model)}/v1/embeddings`, {
      method: 'POST',
      headers: AUTH,
      body: JSON.stringify(body),
    });

  test('of a batch, in order, with usage', async () => {
    const answer = await embed(new Ruler(), { model: 'm', input: ['abcd', 'b'] });
    const [long, short] = [unitVector([4, 1]), unitVector([1, 1])];
    expect(await answer.json()).toEqual({
      object: 'list',
      model: 'm',
      data: [
        { object: 'embedding', index: 0, embedding: [...long] },
        { object: 'embedding', index: 1, embedding: [...short] },
      ],
      usage: { prompt_tokens: 6, total_tokens: 6 },
    });
  });

  test('in base64 they are 32-bit floats, and fewer of them are of unit length again', async () => {
    const body = { input: 'abc', dimensions: 1, encoding_format: 'base64' };
    const answer = (await (await embed(new Ruler(), body)).json()) as {
      data: [{ embedding: string }];
    };
    const bytes = Buffer.from(answer.data[0].embedding, 'base64');
    expect(bytes.length).toBe(4);
    expect(bytes.readFloatLE(0)).toBeCloseTo(1);
  });

  test.each([
    [{ input: [] }, 'input'],
    [{ input: ['a', ''] }, 'input.1'],
    [{ input: [[1, 2]] }, 'token numbers'],
    [{ input: 'a', dimensions: 3 }, 'dimensions'],
    [{ input: 'a', encoding_format: 'int8' }, 'encoding_format'],
  ])('refuses %j with its place', async (body, place) => {
    const answer = await embed(new Ruler(), body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(place);
  });

  test('a model that chats does not embed, nor the other way round', async () => {
    expect(await (await embed(new Parrot(), { input: 'a' })).text()).toContain('kind: embedding');
    const answer = await post(await ready(new Ruler()), say('x'));
    expect(await answer.text()).toContain('embeds texts');
  });
});

describe('what the fleet keeps', () => {
  const keep = (...specs: LocalModelSpec[]): Promise<Response> =>
    fetch(`${origin}/keep`, {
      method: 'PUT',
      headers: AUTH,
      body: JSON.stringify(specs.map(pathOfSpec)),
    });

  test('a model that has left answers what it was asked, takes no more, and is closed', async () => {
    const parrot = new Parrot();
    const url = await ready(parrot);
    let open = (): void => undefined;
    parrot.gate = new Promise((resolve) => (open = resolve));
    const last = [post(url, say('one')), post(url, say('two')), post(url, say('three'))];
    await expect.poll(() => parrot.open).toBe(2);
    expect((await keep()).status).toBe(204);
    await expect.poll(() => healthOf(url)).toContain('no longer');
    expect((await post(url, say('four'))).status).toBe(503);
    expect(parrot.isClosed).toBe(false);
    open();
    const answers = await Promise.all(last);
    expect(await Promise.all(answers.map(said))).toEqual(['one', 'two', 'three']);
    await expect.poll(() => parrot.isClosed).toBe(true);
  });

  test('a model with another context takes its place, and one that comes back is loaded again', async () => {
    const opened: Parrot[] = [];
    const url = await start(async () => {
      const parrot = new Parrot();
      opened.push(parrot);
      return parrot;
    });
    await expect.poll(() => healthOf(url)).toBe('{"status":"ok"}');
    const changed = { ...SPEC, contextTokens: 1024 };
    await keep(changed);
    await expect.poll(() => opened[0]!.isClosed).toBe(true);
    const other = origin + pathOfSpec(changed);
    await expect.poll(() => healthOf(other)).toBe('{"status":"ok"}');
    await keep(SPEC, changed);
    await expect.poll(() => healthOf(url)).toBe('{"status":"ok"}');
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, false, false]);
  });

  test('one that is let go of while it is loaded is closed when it is there', async () => {
    let finish: (model: LocalModel) => void = () => undefined;
    const url = await start(() => new Promise((resolve) => (finish = resolve)));
    expect(await healthOf(url)).toContain('being loaded');
    await keep();
    const parrot = new Parrot();
    finish(parrot);
    await expect.poll(() => parrot.isClosed).toBe(true);
    await expect.poll(() => healthOf(url)).toContain('no longer');
  });

  test('one whose loading ended a process is not tried again', async () => {
    let loads = 0;
    const url = await start(async () => {
      loads++;
      return new Parrot();
    });
    server!.bar(pathOfSpec(SPEC), 'BRS_MODEL_CRASH: it ended', 60_000);
    expect(await healthOf(url)).toContain('BRS_MODEL_CRASH');
    expect(loads).toBe(0);
  });

  test('a list that is none is refused', async () => {
    await ready(new Parrot());
    const body = '{"a":1}';
    const answer = await fetch(`${origin}/keep`, { method: 'PUT', headers: AUTH, body });
    expect(answer.status).toBe(400);
    expect((await fetch(`${origin}/keep`, { method: 'PUT', body: '[]' })).status).toBe(401);
  });
});
