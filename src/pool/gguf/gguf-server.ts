import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../../kernel/index.ts';
import { embeddingAnswer, errorBody } from './answer-bytes.ts';
import { AnswerWriter } from './answer-writer.ts';
import { readAsk } from './ask-body.ts';
import { readEmbeddingRequest } from './embedding-body.ts';
import { LocalAskError } from './local-model.ts';
import type { LocalModelSpec, OpenLocalModel } from './local-model.ts';
import { ModelDesk } from './model-desk.ts';
import { ModelShelf } from './model-shelf.ts';
import type { ShelfWatch } from './model-shelf.ts';
import { KEEP_PATH, readSpecPath } from './spec-path.ts';
import { shortened } from './unit-vector.ts';

const BODY_BYTES_MAX = 32 * 1024 * 1024;

export interface GgufServerOptions {
  readonly open: OpenLocalModel;
  readonly clock: Clock;
  /** Who does not show it is refused. */
  readonly token: string;
  /** Unset: nobody is told. */
  readonly watch?: ShelfWatch;
}

export interface GgufServer {
  /** Listens nowhere until it is told to. */
  readonly server: Server;
  /** Does not load the model of a path for so long, and says why. */
  readonly bar: (path: string, reason: string, forMs: number) => void;
  close(): Promise<void>;
}

/**
 * Serves local models in the protocol of llama.cpp's server: chat completions, embeddings, `/health`,
 * `/metrics`, `/props`. A model is loaded when it is first asked for; until then `/health` says why it is absent, and
 * all else answers 503.
 */
export function createGgufServer(options: GgufServerOptions): GgufServer {
  const shelf = new ModelShelf(options.open, options.clock, options.watch);
  const desk = new GgufDesk(shelf, options);
  const server = createServer((request, response) => {
    // What a handler throws is a connection that broke while its body was read.
    desk.handle(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 75_000;
  return {
    server,
    bar: (path, reason, forMs) => shelf.bar(path, reason, forMs),
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
    const path = request.url ?? '';
    if (path === KEEP_PATH) return this.#keep(request, response);
    const asked = readSpecPath(path);
    if (asked === null) return fail(response, 404, 'no such path');
    const { spec, rest } = asked;
    if (rest === '/health') return tellHealth(response, this.#shelf.find(spec));
    if (rest === '/v1/chat/completions' || rest === '/v1/embeddings') {
      return this.#ask(request, response, { spec, isChat: rest !== '/v1/embeddings' });
    }
    const opened = this.#shelf.find(spec);
    if (!(opened instanceof ModelDesk)) return busy(response, opened);
    const page = pageOf(rest, opened);
    if (page === null) return fail(response, 404, 'no such path');
    response.writeHead(200, { 'content-type': page.type }).end(page.text);
  }

  async #ask(
    request: IncomingMessage,
    response: ServerResponse,
    { spec, isChat }: { readonly spec: LocalModelSpec; readonly isChat: boolean },
  ): Promise<void> {
    const body = await readBytes(request);
    if (body === null) return fail(response, 413, 'the body is too long');
    // From here to its turn nothing is waited for: a model that is let go of is not let go of between.
    const desk = this.#shelf.find(spec);
    if (!(desk instanceof ModelDesk)) return busy(response, desk);
    if (desk.isFull) return busy(response, 'too many requests wait for this model');
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    try {
      const parts = { desk, signal: abort.signal };
      await (isChat ? this.#chat(body, response, parts) : this.#embed(body, response, parts));
    } catch (error) {
      if (abort.signal.aborted || response.headersSent) return void response.destroy();
      const status = error instanceof LocalAskError ? 400 : 500;
      fail(response, status, error instanceof Error ? error.message : String(error));
    }
  }

  async #chat(body: Buffer, response: ServerResponse, { desk, signal }: InTurn): Promise<void> {
    const request = readAsk(body);
    const writer = new AnswerWriter(response, request, this.#clock.nowMs());
    writer.end(await desk.chat(request.ask, (piece) => writer.add(piece), signal));
  }

  async #embed(body: Buffer, response: ServerResponse, { desk, signal }: InTurn): Promise<void> {
    const { model, texts, dimensions, isBase64 } = readEmbeddingRequest(body);
    const answer = shortened(await desk.embed(texts, signal), dimensions);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(embeddingAnswer(model, answer, isBase64));
  }

  async #keep(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBytes(request);
    const paths = body === null ? null : pathsIn(body);
    if (paths === null) return fail(response, 400, 'a list of paths is needed');
    response.writeHead(204).end(() => this.#shelf.keep(paths));
  }
}

interface InTurn {
  readonly desk: ModelDesk;
  readonly signal: AbortSignal;
}

function pathsIn(body: Buffer): string[] | null {
  try {
    const json: unknown = JSON.parse(body.toString());
    const isList = Array.isArray(json) && json.every((each) => typeof each === 'string');
    return isList ? json : null;
  } catch {
    return null;
  }
}

/** It is worth asking again soon. */
function busy(response: ServerResponse, reason: string): void {
  response.setHeader('retry-after', '1');
  fail(response, 503, reason);
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

async function readBytes(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
