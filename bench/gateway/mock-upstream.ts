/**
 * An upstream that costs as little as node can: a fixed answer to whole requests, and to requests
 * whose body says `"stream":true` an event every 10 ms. Arguments: PORT.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { METRICS, STATIC_ANSWER, STREAM_CHUNKS, STREAM_END, STREAM_GAP_MS } from './answers.ts';

const LANES = 10;
const STATIC = Buffer.from(STATIC_ANSWER);
const STATIC_HEADERS = { 'content-type': 'application/json', 'content-length': STATIC.length };

interface Stream {
  readonly response: ServerResponse;
  sent: number;
}

/** Streams are spread over lanes that take turns, so that not all of them write in the same moment. */
const lanes: Set<Stream>[] = Array.from({ length: LANES }, () => new Set());
let turn = 0;
let opened = 0;

setInterval(() => {
  turn = (turn + 1) % LANES;
  for (const stream of lanes[turn]!) {
    if (stream.sent < STREAM_CHUNKS.length) stream.response.write(STREAM_CHUNKS[stream.sent++]!);
    else {
      lanes[turn]!.delete(stream);
      stream.response.end(STREAM_END);
    }
  }
}, STREAM_GAP_MS / LANES);

function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(STREAM_CHUNKS[0]!);
  const stream: Stream = { response, sent: 1 };
  const lane = lanes[opened++ % LANES]!;
  lane.add(stream);
  response.on('close', () => lane.delete(stream));
}

function answer(response: ServerResponse, isStream: boolean): void {
  if (isStream) startStream(response);
  else {
    response.writeHead(200, STATIC_HEADERS);
    response.end(STATIC);
  }
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'GET') {
    response.end(request.url === '/metrics' ? METRICS : '{"object":"list","data":[]}');
    return;
  }
  let isStream = false;
  request.on('data', (chunk: Buffer) => {
    isStream ||= chunk.includes('"stream":true');
  });
  request.on('end', () => answer(response, isStream));
}

const server = createServer(handle);
server.keepAliveTimeout = 600_000;
server.listen(Number(process.argv[2]), '127.0.0.1', 1024);
