import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { PromptRenderer, tokensIn } from './prompt-renderer.ts';

interface Asked {
  readonly path: string;
  readonly body: unknown;
  readonly authorization: string | undefined;
}
const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
});

async function serve(answers: Readonly<Record<string, readonly [number, string]>>) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const [status, text] = answers[path] ?? [404, '{}'];
    void json(request)
      .then((body) => asked.push({ path, body, authorization: request.headers.authorization }))
      .finally(() => response.writeHead(status).end(text));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const renderer = new PromptRenderer(() => 0);
  closing.push(
    async () => renderer.close(),
    () => server.close(),
  );
  const render = (body: object, path = '/v1/chat/completions') =>
    renderer.render({
      url,
      path,
      headers: { 'content-type': 'application/json', authorization: 'Bearer k' },
      body: Buffer.from(JSON.stringify(body)),
    });
  return { asked, render };
}
const CHAT = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5 };

describe('a renderer of prompts', () => {
  test('asks the render endpoint for the request as it was sent', async () => {
    const path = '/v1/chat/completions/render';
    const { asked, render } = await serve({ [path]: [200, '{"token_ids":[1,2,3]}'] });
    expect(await render(CHAT)).toEqual([1, 2, 3]);
    expect(asked).toEqual([{ path, body: CHAT, authorization: 'Bearer k' }]);
  });

  test('asks /tokenize where there is none, and does not look for it again', async () => {
    const { asked, render } = await serve({ '/tokenize': [200, '{"count":2,"tokens":[4,5]}'] });
    const tools = [{ type: 'function' }];
    expect(await render({ ...CHAT, tools, reasoning_effort: 'low' })).toEqual([4, 5]);
    expect(await render({ model: 'm', prompt: 'Once' }, '/v1/completions')).toEqual([4, 5]);
    expect(await render(CHAT)).toEqual([4, 5]);
    const { max_tokens: _, ...chat } = CHAT;
    expect(asked.map(({ path, body }) => [path, body])).toEqual([
      ['/v1/chat/completions/render', { ...CHAT, tools, reasoning_effort: 'low' }],
      ['/tokenize', { ...chat, tools, chat_template_kwargs: { reasoning_effort: 'low' } }],
      ['/v1/completions/render', { model: 'm', prompt: 'Once' }],
      ['/tokenize', { model: 'm', prompt: 'Once' }],
      ['/tokenize', chat],
    ]);
  });

  test('knows nothing where a server cannot say, or says what is no prompt', async () => {
    const none = await serve({});
    expect(await none.render(CHAT)).toBeNull();
    expect(await none.render({ model: 'm', prompt: ['a', 'b'] })).toBeNull();
    const broken = await serve({ '/tokenize': [200, 'oops'] });
    expect(await broken.render(CHAT)).toBeNull();
    const renderer = new PromptRenderer(() => 0);
    closing.push(() => renderer.close());
    const nobody = { url: 'http://127.0.0.1:1', path: '/v1/completions', headers: {} };
    expect(await renderer.render({ ...nobody, body: Buffer.from('{"prompt":"a"}') })).toBeNull();
    expect(await renderer.render({ ...nobody, body: Buffer.from('{') })).toBeNull();
  });

  test.each([
    ['{"token_ids":[1]}', [1]],
    ['[{"token_ids":[1]}]', [1]],
    ['[[{"role":"user"}],[{"prompt_token_ids":[1,2]}]]', [1, 2]],
    ['[{"token_ids":[1]},{"token_ids":[2]}]', null],
    ['{"tokens":[1.5]}', null],
    ['{"tokens":[]}', null],
    ['null', null],
  ])('reads %s', (text, tokens) => expect(tokensIn(text)).toEqual(tokens));

  test('reads anything without an exception', () => {
    fc.assert(fc.property(fc.json(), (text) => void tokensIn(text)));
  });
});
