import { gzipSync } from 'node:zlib';
import type { Socket } from 'node:net';
import { contentType } from './faulty-server.ts';
import type { Fault, Good } from './faulty-server.ts';

const status = (code: number, more = ''): Fault => ({
  name: `status ${code}${more === '' ? '' : ` ${more}`}`,
  when: 'before',
  of: 'both',
  strike: (socket) =>
    void socket.end(
      `HTTP/1.1 ${code} Oops\r\ncontent-type: application/json\r\n${more}content-length: 2\r\nconnection: close\r\n\r\n{}`,
    ),
});

const raw = (name: string, bytes: string, more: Partial<Fault> = {}): Fault => ({
  name,
  when: 'before',
  of: 'both',
  strike: (socket) => void socket.end(bytes),
  ...more,
});

const OK = 'HTTP/1.1 200 OK\r\n';
const silent = (): void => {};

/** Nothing of the answer arrives, or nothing that is one. */
const HEADS: readonly Fault[] = [
  ...[401, 403, 404, 429, 500, 502, 503, 529].map((code) => status(code)),
  // Nobody goes where an upstream points to: the server there would be asked.
  ...[301, 302, 307, 308].map((code) => status(code, 'location: /v1/chat/completions\r\n')),
  raw('no content', 'HTTP/1.1 204 No Content\r\n\r\n'),
  raw('another protocol', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  raw('nothing but a hint', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'),
  // undici takes it for a protocol that it does not speak.
  raw(
    'a go-ahead that nobody asked for',
    `HTTP/1.1 100 Continue\r\n\r\n${OK}content-length: 2\r\n\r\n{}`,
  ),
  raw('a head of a megabyte', `${OK}x-large: ${'x'.repeat(1 << 20)}\r\n\r\n`),
  raw('a head of many lines', `${OK}${'x-more: y\r\n'.repeat(5_000)}\r\n`),
  raw('two lengths', `${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`),
  raw('a length that is none', `${OK}content-length: some\r\n\r\n{}`),
  {
    name: 'hints before the answer',
    when: 'never',
    of: 'both',
    strike(socket, good) {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'.repeat(3));
      endQuietly(socket, good, Buffer.concat(good.parts));
    },
  },
  raw('cut before the status line', ''),
  raw('cut inside the status line', 'HTTP/1.1 2'),
  raw('cut inside the headers', `${OK}content-ty`),
  raw('malformed head', 'HELLO\r\n\r\n'),
  raw('reset before the head', '', { strike: (socket) => void socket.resetAndDestroy() }),
  raw('hang before the head', '', { of: 'stream', isSlow: true, strike: silent }),
  raw('hang inside the head', '', {
    of: 'stream',
    isSlow: true,
    strike: (socket) => void socket.write(`${OK}content-ty`),
  }),
  raw('hang behind the head', '', {
    of: 'stream',
    isSlow: true,
    strike: (socket, good) => void socket.write(`${OK}${contentType(good)}\r\n`),
  }),
  {
    name: 'gzip that nobody asked for',
    when: 'before',
    of: 'both',
    strike(socket, good) {
      const bytes = gzipSync(Buffer.concat(good.parts));
      socket.write(`${OK}${contentType(good)}content-encoding: gzip\r\n`);
      socket.end(Buffer.concat([Buffer.from(`content-length: ${bytes.length}\r\n\r\n`), bytes]));
    },
  },
];

/** The bytes of a stream up to a place in them. */
interface Cut {
  readonly name: string;
  readonly when: Fault['when'];
  /** Given the events, where the bytes end. */
  readonly at: (parts: readonly Buffer[], all: Buffer) => number;
}

const before = (parts: readonly Buffer[], count: number): number =>
  parts.slice(0, count).reduce((sum, part) => sum + part.length, 0);
/** The third word: two have arrived whole. */
const within = (parts: readonly Buffer[], mark: string, more = 0): number =>
  before(parts, 3) + parts[3]!.indexOf(mark) + more;
const finishOf = (parts: readonly Buffer[]): number =>
  parts.findIndex((part) => part.includes('"stop"'));

const CUTS: readonly Cut[] = [
  { name: 'before the first event', when: 'before', at: () => 0 },
  { name: 'inside the first event', when: 'before', at: () => 20 },
  { name: 'behind the first event', when: 'before', at: (parts) => before(parts, 1) },
  { name: "inside an event's name", when: 'after', at: (parts) => within(parts, 'event') + 4 },
  { name: 'inside `data:`', when: 'after', at: (parts) => within(parts, 'data:', 2) },
  { name: 'inside JSON', when: 'after', at: (parts) => within(parts, '"choices"', 4) },
  { name: 'inside a character', when: 'after', at: (parts) => within(parts, '😀', 2) },
  { name: 'before a line ends', when: 'after', at: (parts) => before(parts, 4) - 4 },
  { name: 'between CR and LF', when: 'after', at: (parts) => before(parts, 4) - 3 },
  { name: 'before a blank line', when: 'after', at: (parts) => before(parts, 4) - 2 },
  { name: 'inside a blank line', when: 'after', at: (parts) => before(parts, 4) - 1 },
  { name: 'between events', when: 'after', at: (parts) => before(parts, 4) },
  { name: 'before the finish', when: 'after', at: (parts) => before(parts, finishOf(parts)) },
  { name: 'behind the finish', when: 'never', at: (parts) => before(parts, finishOf(parts) + 1) },
  { name: 'behind the usage', when: 'never', at: (parts) => before(parts, parts.length - 1) },
  { name: 'inside [DONE]', when: 'never', at: (_, all) => all.length - 7 },
  { name: 'behind [DONE]', when: 'never', at: (_, all) => all.length },
];

/** Ends as HTTP may end without a length: nothing tells that bytes are missing. */
function endQuietly(socket: Socket, good: Good, bytes: Buffer): void {
  socket.write(`${OK}${contentType(good)}connection: close\r\n\r\n`);
  socket.end(bytes);
}

/** In chunks, the last of which never comes. */
function breakOff(socket: Socket, good: Good, bytes: Buffer): void {
  socket.write(`${OK}${contentType(good)}transfer-encoding: chunked\r\n\r\n`);
  if (bytes.length > 0) {
    socket.write(`${bytes.length.toString(16)}\r\n`);
    socket.write(bytes);
    socket.write('\r\n');
  }
  setTimeout(() => socket.destroy(), 60);
}

const streamFault = (name: string, when: Fault['when'], strike: Fault['strike']): Fault => ({
  name,
  when,
  of: 'stream',
  strike,
});

const slow = (fault: Fault): Fault => ({ ...fault, isSlow: true });

const cutsBy = (how: string, write: typeof breakOff): readonly Fault[] =>
  CUTS.map(({ name, when, at }) =>
    streamFault(`cut ${name}, ${how}`, when, (socket, good) => {
      const all = Buffer.concat(good.parts);
      write(socket, good, all.subarray(0, at(good.parts, all)));
    }),
  );

/** Another event before the one at this place; what stands before it has arrived by then. */
const withEvent =
  (at: (good: Good) => number, event: string): Fault['strike'] =>
  (socket, good) => {
    const place = at(good);
    socket.write(`${OK}${contentType(good)}connection: close\r\n\r\n`);
    socket.write(Buffer.concat(good.parts.slice(0, place)));
    const rest = Buffer.concat([Buffer.from(event), ...good.parts.slice(place)]);
    setTimeout(() => socket.end(rest), 120);
  };
const EXTRA =
  'data: {"id":"x","choices":[{"index":0,"delta":{"content":"extra"},"finish_reason":null}]}\n\n';

const STREAMS: readonly Fault[] = [
  ...cutsBy('quietly', endQuietly),
  ...cutsBy('broken', breakOff),
  slow(
    streamFault('hang in the stream', 'after', (socket, good) => {
      socket.write(`${OK}${contentType(good)}transfer-encoding: chunked\r\n\r\n`);
      const bytes = Buffer.concat(good.parts.slice(0, 4));
      socket.write(`${bytes.length.toString(16)}\r\n${bytes.toString()}\r\n`);
    }),
  ),
  streamFault(
    'an error event',
    'after',
    withEvent(() => 4, 'data: {"error":{"message":"oh"}}\n\n'),
  ),
  streamFault(
    'malformed JSON',
    'after',
    withEvent(() => 4, 'data: {"choices":[{oops\n\n'),
  ),
  streamFault('a size of a chunk that is none', 'after', (socket, good) => {
    socket.write(`${OK}${contentType(good)}transfer-encoding: chunked\r\n\r\n`);
    const bytes = Buffer.concat(good.parts.slice(0, 4));
    socket.write(`${bytes.length.toString(16)}\r\n${bytes.toString()}\r\n`);
    setTimeout(() => socket.end('nine\r\n'), 60);
  }),
  streamFault('a length that ends it too soon', 'after', (socket, good) => {
    const all = Buffer.concat(good.parts);
    const length = before(good.parts, 4) + 9;
    socket.write(`${OK}${contentType(good)}content-length: ${length}\r\n\r\n`);
    socket.end(all);
  }),
  streamFault('a length that is never reached', 'never', (socket, good) => {
    const all = Buffer.concat(good.parts);
    socket.write(`${OK}${contentType(good)}content-length: ${all.length + 9}\r\n\r\n`);
    socket.end(all);
  }),
  slow(
    streamFault('no end behind [DONE]', 'never', (socket, good) => {
      socket.write(`${OK}${contentType(good)}transfer-encoding: chunked\r\n\r\n`);
      const bytes = Buffer.concat(good.parts);
      socket.write(`${bytes.length.toString(16)}\r\n${bytes.toString()}\r\n`);
    }),
  ),
  streamFault(
    'garbage behind [DONE]',
    'never',
    withEvent(({ parts }) => parts.length, '\0\xff{oops\n\ndata:{}}\r\r'),
  ),
  streamFault(
    'the usage behind [DONE]',
    'never',
    withEvent(
      ({ parts }) => parts.length,
      'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}}\n\n',
    ),
  ),
  streamFault('two finishes', 'never', (socket, good) => {
    const end = finishOf(good.parts);
    const parts = [...good.parts.slice(0, end), good.parts[end]!, ...good.parts.slice(end)];
    endQuietly(socket, good, Buffer.concat(parts));
  }),
  streamFault(
    '[DONE] twice',
    'never',
    withEvent(({ parts }) => parts.length, 'data: [DONE]\n\n'),
  ),
  streamFault(
    'events behind [DONE]',
    'never',
    withEvent(({ parts }) => parts.length, EXTRA),
  ),
];

/** Of a body that comes in one piece; the client has seen nothing of it. */
const wholeFault = (name: string, strike: Fault['strike']): Fault => ({
  name,
  when: 'before',
  of: 'whole',
  strike,
});
const bodyOf = ({ parts }: Good): Buffer => Buffer.concat(parts);
const WHOLES: readonly Fault[] = [
  wholeFault('body cut inside JSON, quietly', (socket, good) =>
    endQuietly(socket, good, bodyOf(good).subarray(0, 60)),
  ),
  wholeFault('body cut behind a brace, quietly', (socket, good) => {
    const body = bodyOf(good);
    endQuietly(socket, good, body.subarray(0, body.lastIndexOf('}]') + 1));
  }),
  wholeFault('body cut, broken', (socket, good) =>
    breakOff(socket, good, bodyOf(good).subarray(0, 60)),
  ),
  wholeFault('body shorter than its length', (socket, good) => {
    const body = bodyOf(good);
    socket.write(`${OK}${contentType(good)}content-length: ${body.length + 9}\r\n\r\n`);
    socket.end(body);
  }),
  wholeFault('body longer than its length', (socket, good) => {
    const body = bodyOf(good);
    socket.write(`${OK}${contentType(good)}content-length: ${body.length - 9}\r\n\r\n`);
    socket.end(body);
  }),
  wholeFault('malformed JSON', (socket, good) =>
    endQuietly(socket, good, Buffer.from('{"a":[oops}')),
  ),
  wholeFault('an event stream', (socket, good) =>
    endQuietly(socket, { ...good, isStream: true }, Buffer.from('data: [DONE]\n\n')),
  ),
];

export const FAULTS: readonly Fault[] = [...HEADS, ...STREAMS, ...WHOLES];
