import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../kernel/index.ts';
import { createGgufServer } from './gguf-server.ts';
import type { GgufServer } from './gguf-server.ts';
import { LocalAskError } from './local-model.ts';
import type { LocalAsk, LocalModel, LocalModelSpec } from './local-model.ts';
import { pathOfSpec } from './spec-path.ts';

const TOKEN = 'secret-of-this-process';
const SPEC: LocalModelSpec = { file: '/m.gguf', slots: 2, contextTokens: null, threads: null };
const AUTH = { authorization: `Bearer ${TOKEN}` };

/** Says the last turn word by word, each when it is let go on. */
class Parrot implements LocalModel {
  readonly slots = 2;
  readonly contextTokens = 512;
  readonly asked: LocalAsk[] = [];
  open = 0;
  mostOpen = 0;
  gate: Promise<void> = Promise.resolve();

  async generate(ask: LocalAsk, onText: (text: string) => void, signal: AbortSignal) {
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
        onText(`${word} `);
      }
      const isCut = ask.maxTokens !== null && words.length === ask.maxTokens;
      const finishReason = isCut ? ('length' as const) : ('stop' as const);
      return { finishReason, promptTokens: 7, cachedTokens: 3, outputTokens: words.length };
    } finally {
      this.open--;
    }
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
    [say('x', { tools: [{ type: 'function' }] }), 'calls no tools'],
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
