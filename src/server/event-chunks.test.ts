import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { openChunks } from './event-chunks.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

const PIECES = [
  Buffer.from('data: é\n\n'),
  Buffer.alloc(0),
  Buffer.alloc(16 * 1024, 0xff),
  Buffer.alloc(16 * 1024 + 1, 0x80),
  Buffer.alloc(300_000, 'x\r\n'),
];
const LAST = Buffer.from('data: end\n\n');

/** A server that streams `PIECES` and `LAST`, framed where that is to be done; resolves with its port. */
async function serve(wasChunked: boolean[]): Promise<number> {
  const server = createServer((request, response) => {
    response.writeHead(200, ['content-type', 'text/event-stream']);
    const chunks = openChunks(response);
    wasChunked.push(chunks !== null);
    for (const piece of PIECES) {
      if (chunks === null) response.write(piece);
      else chunks.write(piece);
    }
    if (chunks === null) response.end(LAST);
    else chunks.end(request.url === '/bare' ? null : LAST);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('the framing of a stream', () => {
  test('every byte arrives, and the connection serves again', async () => {
    const port = await serve([]);
    const read = async (path: string): Promise<Buffer> => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      expect(answer.headers.get('transfer-encoding')).toBe('chunked');
      return Buffer.from(await answer.arrayBuffer());
    };
    expect((await read('/')).equals(Buffer.concat([...PIECES, LAST]))).toBe(true);
    expect((await read('/bare')).equals(Buffer.concat(PIECES))).toBe(true);
    expect((await read('/')).equals(Buffer.concat([...PIECES, LAST]))).toBe(true);
  });

  test('two answers on one connection follow each other byte by byte', async () => {
    const port = await serve([]);
    const text = await exchange(port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(2));
    const body = text.slice(text.indexOf('\r\n\r\n') + 4, text.indexOf('\r\n0\r\n\r\n') + 7);
    expect(body.startsWith('a\r\ndata: \u00c3\u00a9\n\n\r\n4000\r\n')).toBe(true);
    expect(text.split(body)).toHaveLength(3);
    expect(text.split('HTTP/1.1 200 OK')).toHaveLength(3);
    expect(text.endsWith('b\r\ndata: end\n\n\r\n0\r\n\r\n')).toBe(true);
  });

  test('a client of HTTP/1.0 gets the bytes and the end of the connection', async () => {
    const wasChunked: boolean[] = [];
    const port = await serve(wasChunked);
    const text = await exchange(port, 'GET / HTTP/1.0\r\n\r\n');
    expect(wasChunked).toEqual([false]);
    const body = text.slice(text.indexOf('\r\n\r\n') + 4);
    expect(body).toBe(Buffer.concat([...PIECES, LAST]).toString('latin1'));
  });
});

/** All that comes back for `sent`, up to the end of the connection or of the second answer. */
function exchange(port: number, sent: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(sent));
    let text = '';
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1');
      if (text.split('\r\n0\r\n\r\n').length === 3) socket.end();
    });
    socket.on('end', () => resolve(text));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}
