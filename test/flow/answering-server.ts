import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly model: string;
}

/** What is said to a request; null: it is refused with status 400. */
export type Answering = (asked: Asked, count: number) => string | Promise<string | null>;

export interface AnsweringServer {
  readonly url: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

/** A model that answers by a function, in the protocol of vLLM. */
export async function startAnsweringServer(answering: Answering): Promise<AnsweringServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') {
      response.end('');
      return;
    }
    // It has no such surface, and says so whenever it is asked whether it has.
    if (request.url === '/v1/responses') {
      response.writeHead(404).end();
      return;
    }
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = asChat(JSON.parse(text) as Asked & { readonly prompt?: string });
    asked.push(body);
    const answer = await answering(body, asked.length);
    if (answer === null) {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'refused', type: 'invalid_request' } }));
      return;
    }
    const usage = { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 };
    const frame = { id: 'x', created: 1, model: body.model };
    if (body.stream !== true) {
      const message = { role: 'assistant', content: answer };
      const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...frame, object: 'chat.completion', choices, usage }));
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    const send = (choice: object, more: object = {}): void => {
      const choices = [{ index: 0, finish_reason: null, ...choice }];
      const event = { ...frame, object: 'chat.completion.chunk', choices, ...more };
      response.write(`data: ${JSON.stringify(event)}\n\n`);
    };
    for (const piece of answer.split(/(?<= )/)) send({ delta: { content: piece } });
    send({ delta: {}, finish_reason: 'stop' }, { usage });
    response.end('data: [DONE]\n\n');
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A prompt is what a user says. */
function asChat({ prompt, ...body }: Asked & { readonly prompt?: string }): Asked {
  return prompt === undefined ? body : { ...body, messages: [{ role: 'user', content: prompt }] };
}
