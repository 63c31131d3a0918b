import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An engine of llama.cpp's protocol, as fast and as busy as it is told to be. */
export interface TierServer {
  readonly url: string;
  readonly served: string[];
  /** Requests that it says to run and to have waiting, besides its own. */
  busy: { running: number; waiting: number };
  close(): Promise<void>;
}

export interface TierOptions {
  readonly tokenMs: number;
  /** Who does not show it is refused; null: anybody is served. */
  readonly key: string | null;
}

const PROMPT_TOKENS = 20;
const ANSWER = 'An answer of eight words, said one each'.split(' ');

export async function startTierServer({ tokenMs, key }: TierOptions): Promise<TierServer> {
  const served: string[] = [];
  const tier = { served, busy: { running: 0, waiting: 0 } };
  const server = createServer((request, response) => {
    void handle(request, response).catch(() => response.destroy());
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isKnown = key === null || request.headers.authorization === `Bearer ${key}`;
    if (!isKnown) return answer(response, { error: { message: 'no such key' } }, 401);
    if (request.method === 'POST') return chat(request, response);
    const { running, waiting } = tier.busy;
    if (request.url === '/metrics') {
      response.end(
        `llamacpp:requests_processing ${running}\nllamacpp:requests_deferred ${waiting}\n`,
      );
      return;
    }
    const settings = { default_generation_settings: { n_ctx: 4096 }, total_slots: 2 };
    answer(response, request.url === '/props' ? settings : { status: 'ok', data: [] });
  }

  async function chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = JSON.parse(text) as { model: string; messages: { content: string }[] };
    served.push(body.messages.at(-1)!.content);
    for (let i = 0; i < ANSWER.length; i++) {
      await new Promise((resolve) => setTimeout(resolve, tokenMs));
    }
    const message = { role: 'assistant', content: ANSWER.join(' ') };
    const completion = ANSWER.length;
    answer(response, {
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: body.model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: PROMPT_TOKENS,
        completion_tokens: completion,
        total_tokens: PROMPT_TOKENS + completion,
      },
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(tier, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

function answer(response: ServerResponse, json: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}
