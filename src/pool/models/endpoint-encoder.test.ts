import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { encoderContract } from '../../../test/contract/encoder.contract.ts';
import { openEndpointEncoder } from './endpoint-encoder.ts';
import type { EndpointEncoderOptions } from './endpoint-encoder.ts';

const DIMENSIONS = 16;

/** A vector that depends on every word. */
function vectorOf(text: string): number[] {
  const vector = Array.from({ length: DIMENSIONS }, (_, i) => (i === 0 ? 0.1 : 0));
  for (const word of text.split(' ')) {
    let hash = 7;
    for (const character of word) hash = (hash * 31 + character.codePointAt(0)!) % 65_521;
    vector[hash % DIMENSIONS]! += 1;
  }
  return vector;
}

interface Asked {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: { readonly model: string; readonly input: readonly string[] };
}

let server: Server;
let url: string;
let asked: Asked[] = [];
let respond: ((response: ServerResponse, input: readonly string[]) => void) | null = null;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const body = JSON.parse(text) as Asked['body'];
  asked.push({ path: request.url, authorization: request.headers.authorization, body });
  if (respond !== null) {
    respond(response, body.input);
    return;
  }
  const data = body.input.map((input, index) => ({ index, embedding: vectorOf(input) }));
  response.end(JSON.stringify({ object: 'list', data: data.toReversed() }));
}

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  asked = [];
  respond = null;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const open = (options: Partial<EndpointEncoderOptions> = {}) =>
  openEndpointEncoder({
    url,
    model: 'embed-1',
    apiKey: 'sk-secret',
    dimensions: DIMENSIONS,
    timeoutMs: 5000,
    ...options,
  });

encoderContract('endpoint', () => open());

describe('an endpoint', () => {
  test('is asked once for what is wanted at once, with its key and its model', async () => {
    const encoder = open({ url: `${url}/v1/` });
    await Promise.all([encoder.embed(['a', 'b']), encoder.embed(['c'])]);
    expect(asked).toEqual([
      {
        path: '/v1/embeddings',
        authorization: 'Bearer sk-secret',
        body: { model: 'embed-1', input: ['a', 'b', 'c'], encoding_format: 'float' },
      },
    ]);
    await encoder.close();
  });

  test('large batches are parted', async () => {
    await open({ batchMax: 2 }).embed(['a', 'b', 'c']);
    expect(asked.map(({ body }) => body.input.length).toSorted((a, b) => a - b)).toEqual([1, 2]);
  });

  test.each<[string, (response: ServerResponse) => void, string]>([
    [
      'an error',
      (r) => r.writeHead(500).end('{"error":"sk-secret is bad"}'),
      'BRS_UPSTREAM_STATUS',
    ],
    ['no JSON', (r) => r.end('<html>sk-secret'), 'BRS_UPSTREAM_PROTOCOL'],
    ['another object', (r) => r.end('{"data":[{"x":1}]}'), 'BRS_UPSTREAM_PROTOCOL'],
    ['too few vectors', (r) => r.end('{"data":[]}'), 'BRS_UPSTREAM_PROTOCOL'],
    [
      'shorter vectors',
      (r) => r.end('{"data":[{"index":0,"embedding":[1]}]}'),
      'BRS_UPSTREAM_PROTOCOL',
    ],
    ['a cut connection', (r) => r.destroy(), 'BRS_UPSTREAM_CONNECT'],
    ['more than it should', (r) => r.end(' '.repeat(3_000_000)), 'BRS_UPSTREAM_PROTOCOL'],
  ])('that answers with %s', async (_, act, code) => {
    respond = act;
    const error: unknown = await Promise.resolve(open().embed(['a'])).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('sk-secret');
  });

  test('that says nothing is given up', async () => {
    respond = () => {};
    await expect(open({ timeoutMs: 50 }).embed(['a'])).rejects.toMatchObject({
      code: 'BRS_UPSTREAM_TIMEOUT',
    });
  });

  test('that is not there', async () => {
    const encoder = open({ url: 'http://127.0.0.1:1' });
    await expect(encoder.embed(['a'])).rejects.toMatchObject({ code: 'BRS_UPSTREAM_CONNECT' });
  });

  test('the queue has an end, and room again when it is answered', async () => {
    const encoder = open({ queueMax: 2 });
    const first = encoder.embed(['a', 'b']);
    await expect(encoder.embed(['c'])).rejects.toMatchObject({ code: 'BRS_OVERLOADED' });
    await first;
    expect(await encoder.embed(['c'])).toHaveLength(DIMENSIONS);
  });
});
