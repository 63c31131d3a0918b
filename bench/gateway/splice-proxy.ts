/**
 * The floor that the product is measured against: the least that a gateway in Node can do. It takes a
 * body, replaces the bytes of its `model`, sends it on with undici's dispatch, and hands the answer back.
 * No key, no policy, no ledger; streams pass through as raw bytes. Arguments: PORT UPSTREAM_URL.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';

const [port, upstreamUrl] = process.argv.slice(2);
if (port === undefined || upstreamUrl === undefined) throw new Error('usage: PORT UPSTREAM_URL');

const MODEL = Buffer.from('"upstream-model"');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const pool = new Pool(upstreamUrl, { connections: 128, pipelining: 1, keepAliveTimeout: 60_000 });
const upstreamHeaders = {
  'content-type': 'application/json',
  authorization: 'Bearer sk-upstream-0123456789abcdef',
};

/** One past the closing quote of the string that opens at `open`. */
function endOfString(bytes: Buffer, open: number): number {
  let quote = bytes.indexOf(QUOTE, open + 1);
  while (quote > 0) {
    let slashes = 0;
    while (bytes[quote - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    quote = bytes.indexOf(QUOTE, quote + 1);
  }
  throw new SyntaxError('a string that never ends');
}

/** Where the value of the top-level `model` stands: `[start, end)`; null where there is none. */
function modelSpan(bytes: Buffer): readonly [number, number] | null {
  let depth = 0;
  let isModel = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      const end = endOfString(bytes, i);
      if (isModel) return [i, end];
      if (depth === 1 && end - i === 7) {
        const colon = bytes[end] === 0x3a || bytes[end + 1] === 0x3a;
        isModel = colon && bytes.toString('latin1', i + 1, end - 1) === 'model';
      }
      i = end - 1;
    } else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return null;
}

function splice(bytes: Buffer): Buffer {
  const span = modelSpan(bytes);
  if (span === null) return bytes;
  const [start, end] = span;
  return Buffer.concat([bytes.subarray(0, start), MODEL, bytes.subarray(end)]);
}

/** Whole answers leave in one write; streams as their bytes come, at the pace of the client. */
class PassThrough implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  #status = 502;
  #contentType = 'application/json';
  #isStream = false;
  readonly #chunks: Buffer[] = [];

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) controller.abort(new Error('the client left'));
    });
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    this.#contentType = String(headers['content-type'] ?? 'application/json');
    this.#isStream = this.#contentType.startsWith('text/event-stream');
    if (!this.#isStream) return;
    this.#response.writeHead(status, { 'content-type': this.#contentType });
    this.#response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isStream) {
      this.#chunks.push(chunk);
      return;
    }
    if (this.#response.write(chunk)) return;
    controller.pause();
    this.#response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    if (this.#isStream) {
      this.#response.end();
      return;
    }
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const headers = { 'content-type': this.#contentType, 'content-length': body.length };
    this.#response.writeHead(this.#status, headers);
    this.#response.end(body);
  }

  onResponseError(): void {
    if (this.#response.headersSent) this.#response.destroy();
    else this.#response.writeHead(502).end();
  }
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    pool.dispatch(
      {
        path: '/v1/chat/completions',
        method: 'POST',
        headers: upstreamHeaders,
        body: splice(bytes),
      },
      new PassThrough(response),
    );
  });
}

const server = createServer(handle);
server.keepAliveTimeout = 600_000;
server.listen(Number(port), '127.0.0.1', 1024);
