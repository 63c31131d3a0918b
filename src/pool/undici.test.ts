import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as undici from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent, Client, Pool, request } from './undici.ts';

describe('what is taken of undici', () => {
  test('is what its index gives', () => {
    expect(Pool).toBe(undici.Pool);
    expect(Agent).toBe(undici.Agent);
    expect(Client).toBe(undici.Client);
  });
});

describe('request', () => {
  const server = createServer((incoming, response) => {
    const { method, url, headers } = incoming;
    response.end(JSON.stringify({ method, url, host: headers.host, key: headers['x-key'] }));
  });
  const agent = new Agent({ connections: 1 });
  let base = '';

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await agent.destroy();
    server.close();
  });

  test('asks for the path and the query, with the headers and no fragment', async () => {
    const url = `http://${base}/v1/models?a=1&b=%20#part`;
    const headers = { 'x-key': 'one' };
    const { statusCode, body } = await request(url, { dispatcher: agent, method: 'GET', headers });
    expect(statusCode).toBe(200);
    expect(await body.json()).toEqual({
      method: 'GET',
      url: '/v1/models?a=1&b=%20',
      host: base,
      key: 'one',
    });
  });

  test('rejects where there is no URL, no server and no time', async () => {
    const ask = (url: string, signal = AbortSignal.timeout(5_000)) =>
      request(url, { dispatcher: agent, method: 'GET', signal });
    await expect(ask('nowhere')).rejects.toMatchObject({ code: 'ERR_INVALID_URL' });
    await expect(ask('http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(ask(`http://${base}/`, AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
