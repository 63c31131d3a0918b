/**
 * A server of chat completions, in a process of its own, so that it can be killed. `hold` in a prompt:
 * no head until the process is told `go` on its standard input; `stream`: a word every few milliseconds.
 * It writes a line when it listens, and one for each request that has arrived.
 */
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { WORDS } from './mortal-words.ts';

interface Asked {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly continue_final_message?: boolean;
}

const WORD_MS = 5;

function main(): void {
  const held: (() => void)[] = [];
  process.stdin.on('data', () => {
    for (const go of held.splice(0)) go();
  });
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (request.url !== '/v1/chat/completions') {
        response.writeHead(request.method === 'POST' ? 404 : 200).end('{}');
        return;
      }
      const asked = JSON.parse(body) as Asked;
      const prompt = asked.messages[0]!.content;
      process.stdout.write(`asked ${prompt}\n`);
      const go = (): void => answer(response, asked);
      if (prompt.includes('hold')) held.push(go);
      else go();
    });
  });
  server.listen(Number(process.argv[2]), '127.0.0.1', () =>
    process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`),
  );
}

function answer(response: ServerResponse, asked: Asked): void {
  const last = asked.messages.at(-1)!;
  const begun = asked.continue_final_message === true ? last.content.split(' ').length : 0;
  const words = WORDS.slice(begun);
  const usage = {
    prompt_tokens: 10,
    completion_tokens: words.length,
    total_tokens: 10 + words.length,
  };
  if (asked.stream !== true) {
    const message = { role: 'assistant', content: words.join(' ') };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id: 'c', object: 'chat.completion', choices, usage }));
    return;
  }
  response.setHeader('content-type', 'text/event-stream');
  const send = (choices: readonly object[], more: object = {}): boolean =>
    response.write(
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices, ...more })}\n\n`,
    );
  let at = 0;
  const next = (): void => {
    const word = words[at++];
    if (word === undefined) {
      send([{ index: 0, delta: {}, finish_reason: 'stop' }]);
      send([], { usage });
      response.end('data: [DONE]\n\n');
      return;
    }
    const content = begun + at === 1 ? word : ` ${word}`;
    send([{ index: 0, delta: { content }, finish_reason: null }]);
    setTimeout(next, WORD_MS);
  };
  next();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
