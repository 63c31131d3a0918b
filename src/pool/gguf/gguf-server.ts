import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../../kernel/index.ts';
import { endEvents, errorBody, textEvent, wholeAnswer } from './answer-bytes.ts';
import { readAsk } from './ask-body.ts';
import { LocalAskError } from './local-model.ts';
import type { OpenLocalModel } from './local-model.ts';
import { ModelDesk } from './model-desk.ts';
import { ModelShelf } from './model-shelf.ts';
import { readSpecPath } from './spec-path.ts';

const BODY_BYTES_MAX = 32 * 1024 * 1024;

export interface GgufServerOptions {
  readonly open: OpenLocalModel;
  readonly clock: Clock;
  /** Who does not show it is refused. */
  readonly token: string;
}

export interface GgufServer {
  /** Listens nowhere until it is told to. */
  readonly server: Server;
  close(): Promise<void>;
}

/**
 * Serves local models in the protocol of llama.cpp's server: chat completions, `/health`, `/metrics`,
 * `/props`. A model is loaded when it is first asked for; until then `/health` says why it is absent, and
 * all else answers 503.
 */
export function createGgufServer(options: GgufServerOptions): GgufServer {
  const shelf = new ModelShelf(options.open, options.clock);
  const desk = new GgufDesk(shelf, options);
  const server = createServer((request, response) => {
    // What a handler throws is a connection that broke while its body was read.
    desk.handle(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 75_000;
  return {
    server,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.all([closed, shelf.close()]);
    },
  };
}

class GgufDesk {
  readonly #shelf: ModelShelf;
  readonly #clock: Clock;
  readonly #token: Buffer;

  constructor(shelf: ModelShelf, { clock, token }: GgufServerOptions) {
    this.#shelf = shelf;
    this.#clock = clock;
    this.#token = digestOf(`Bearer ${token}`);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!timingSafeEqual(this.#token, digestOf(request.headers.authorization ?? ''))) {
      return fail(response, 401, 'no such key');
    }
    const asked = readSpecPath(request.url ?? '');
    if (asked === null) return fail(response, 404, 'no such path');
    const opened = this.#shelf.find(asked.spec);
    if (asked.rest === '/health') return tellHealth(response, opened);
    if (!(opened instanceof ModelDesk)) {
      response.setHeader('retry-after', '1');
      return fail(response, 503, opened);
    }
    const { rest } = asked;
    if (rest === '/v1/chat/completions') return this.#chat(request, response, opened);
    const page = pageOf(rest, opened);
    if (page === null) return fail(response, 404, 'no such path');
    response.writeHead(200, { 'content-type': page.type }).end(page.text);
  }

  async #chat(request: IncomingMessage, response: ServerResponse, desk: ModelDesk): Promise<void> {
    const body = await readBody(request);
    if (body === null) return fail(response, 413, 'the body is too long');
    if (desk.isFull) {
      response.setHeader('retry-after', '1');
      return fail(response, 503, 'too many requests wait for this model');
    }
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    try {
      await this.#answer(body, response, { desk, signal: abort.signal });
    } catch (error) {
      if (abort.signal.aborted || response.headersSent) return void response.destroy();
      const status = error instanceof LocalAskError ? 400 : 500;
      fail(response, status, error instanceof Error ? error.message : String(error));
    }
  }

  async #answer(
    body: Buffer,
    response: ServerResponse,
    { desk, signal }: { readonly desk: ModelDesk; readonly signal: AbortSignal },
  ): Promise<void> {
    const { model, ask, isStream, wantsUsage } = readAsk(body);
    const id = `chatcmpl-${randomBytes(12).toString('hex')}`;
    const head = { id, createdSeconds: Math.floor(this.#clock.nowMs() / 1000), model };
    let text = '';
    const onText = (piece: string): void => {
      text += piece;
      if (!isStream) return;
      if (!response.headersSent) {
        response.writeHead(200, {
          'content-type': 'text/event-stream',
          'cache-control': 'no-cache',
        });
        response.write(textEvent(head, { role: 'assistant', content: '' }));
      }
      response.write(textEvent(head, { content: piece }));
    };
    const answer = await desk.serve(ask, onText, signal);
    if (!isStream) {
      response.writeHead(200, { 'content-type': 'application/json' });
      return void response.end(wholeAnswer(head, text, answer));
    }
    if (!response.headersSent) onText('');
    response.end(endEvents(head, answer, wantsUsage));
  }
}

/** The process is up: what else there is to say is of the model. */
function tellHealth(response: ServerResponse, opened: ModelDesk | string): void {
  const health =
    opened instanceof ModelDesk ? { status: 'ok' } : { status: 'absent', message: opened };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(health));
}

/** The pages of llama.cpp's server that tell how it is. */
function pageOf(path: string, desk: ModelDesk): { type: string; text: string } | null {
  const { slots, contextTokens } = desk.model;
  if (path === '/props') {
    const settings = { n_ctx: contextTokens };
    const props = { default_generation_settings: settings, total_slots: slots };
    return { type: 'application/json', text: JSON.stringify(props) };
  }
  if (path !== '/metrics') return null;
  const { running, waiting, promptTokensTotal, outputTokensTotal } = desk.counts();
  const text = [
    gauge('requests_processing', 'Requests that a slot answers.', running),
    gauge('requests_deferred', 'Requests that wait for a slot.', waiting),
    total('prompt_tokens_total', 'Prompt tokens read.', promptTokensTotal),
    total('tokens_predicted_total', 'Tokens generated.', outputTokensTotal),
  ].join('');
  return { type: 'text/plain; version=0.0.4', text };
}

const gauge = (name: string, help: string, value: number): string =>
  `# HELP llamacpp:${name} ${help}\n# TYPE llamacpp:${name} gauge\nllamacpp:${name} ${value}\n`;
const total = (name: string, help: string, value: number): string =>
  `# HELP llamacpp:${name} ${help}\n# TYPE llamacpp:${name} counter\nllamacpp:${name} ${value}\n`;

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

function fail(response: ServerResponse, status: number, message: string): void {
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(errorBody(message, type));
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
