import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Asked {
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[];
  readonly prompt?: string;
  readonly stream?: boolean;
  readonly model: string;
  readonly cache_salt?: string;
}

/** A request that the engine has and does not answer until it is let go. */
export interface HeldRequest {
  readonly arrived: Promise<void>;
  release(): void;
}

/**
 * One engine for all tenants, in the protocol of vLLM: what it says is a function of what it is asked. Of a prompt
 * whose beginning has come before, under the same salt, it reports all but a token as cached: never less than was
 * expected, so that nobody believes otherwise of it for what others ask.
 */
export interface SharedEngine {
  readonly url: string;
  readonly asked: Asked[];
  /** Holds the next request that comes. */
  holdNext(): HeldRequest;
  /** No request that comes from now on is held. */
  holdNone(): void;
  close(): Promise<void>;
}

const BEGINNING_CHARACTERS = 64;

export async function startSharedEngine(): Promise<SharedEngine> {
  const asked: Asked[] = [];
  const known = new Set<string>();
  let hold: { readonly arrive: () => void; readonly until: Promise<void> } | null = null;

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    if (request.method !== 'POST') return void response.end('{}');
    const body = JSON.parse(text) as Asked;
    asked.push(body);
    const tokens = tokensOf(body, known);
    const held = hold;
    hold = null;
    held?.arrive();
    await held?.until;
    const said = lastSaid(body);
    if (said.includes('refuse')) {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end('{"error":{"message":"this engine does not like it","type":"invalid_request"}}');
      return;
    }
    answer(response, body, said, tokens);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    holdNext: () => {
      let release = (): void => {};
      let arrive = (): void => {};
      const until = new Promise<void>((resolve) => (release = resolve));
      const arrived = new Promise<void>((resolve) => (arrive = resolve));
      hold = { arrive, until };
      return { arrived, release: () => release() };
    },
    holdNone: () => {
      hold = null;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function lastSaid({ messages, prompt }: Asked): string {
  const last = messages?.at(-1)?.content ?? prompt ?? '';
  return typeof last === 'string' ? last : JSON.stringify(last);
}

/** Tokens of the prompt, and how many of them the engine had. */
function tokensOf({ messages, prompt, cache_salt: salt = '', model }: Asked, known: Set<string>) {
  const text = prompt ?? messages!.map(({ content }) => JSON.stringify(content).slice(1)).join('');
  const beginning = `${model}\n${salt}\n${text.slice(0, BEGINNING_CHARACTERS)}`;
  const tokens = Math.ceil(text.length / 4);
  const cached = known.has(beginning) ? tokens - 1 : 0;
  known.add(beginning);
  return { prompt: tokens, cached };
}

function answer(
  response: ServerResponse,
  { model, stream }: Asked,
  said: string,
  tokens: { readonly prompt: number; readonly cached: number },
): void {
  const thing = /lamp|tent|sofa/.exec(said)?.[0] ?? 'thing';
  const what = said.includes('repair') ? 'is repaired at the workshop' : 'goes back within a month';
  const text = `The ${thing} ${what}.`;
  const usage = {
    prompt_tokens: tokens.prompt,
    completion_tokens: 9,
    total_tokens: tokens.prompt + 9,
    prompt_tokens_details: { cached_tokens: tokens.cached },
  };
  const frame = { id: 'x', created: 1, model };
  if (stream !== true) {
    const message = { role: 'assistant', content: text };
    const choices = [{ index: 0, message, text, logprobs: null, finish_reason: 'stop' }];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...frame, object: 'chat.completion', choices, usage }));
    return;
  }
  response.setHeader('content-type', 'text/event-stream');
  const events = text.split(/(?<= )/).map((piece) => ({ delta: { content: piece }, text: piece }));
  const choices = [...events, { delta: {}, text: '', finish_reason: 'stop' }].map((choice) => [
    { index: 0, finish_reason: null, ...choice },
  ]);
  for (const [i, each] of choices.entries()) {
    const isLast = i === choices.length - 1;
    const event = { ...frame, object: 'chat.completion.chunk', choices: each };
    response.write(`data: ${JSON.stringify(isLast ? { ...event, usage } : event)}\n\n`);
  }
  response.end('data: [DONE]\n\n');
}
