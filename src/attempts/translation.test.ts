import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import { listen } from '../pool/fixtures/local-server.ts';
import type { Answer, LocalServer } from '../pool/fixtures/local-server.ts';
import { createExchange, serve, sse } from './fixtures/exchange.ts';
import type { Candidate, Exchange } from './fixtures/exchange.ts';

const servers: LocalServer[] = [];
let exchange: Exchange;
beforeEach(() => {
  exchange = createExchange();
});
afterEach(async () => {
  await exchange.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serverThat(answer: Answer): Promise<LocalServer> {
  const server = await listen(answer);
  servers.push(server);
  return server;
}

const surface = 'responses';
const BODY = '{"model":"auto","input":"hi","max_output_tokens":50}';
const CHAT = JSON.stringify({
  id: 'c',
  object: 'chat.completion',
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 7, completion_tokens: 2 },
});
const json =
  (body: string): Answer =>
  (response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
const at = (id: string, server: LocalServer, hasResponses = false): Candidate => ({
  id,
  url: server.url,
  features: { hasResponses },
});

describe('a responses request', () => {
  test('goes as it is to an engine that has the surface', async () => {
    const answer =
      '{"id":"r","object":"response","status":"completed","output":[],"usage":{"input_tokens":7,"output_tokens":2}}';
    const server = await serverThat(json(answer));
    const client = await serve(exchange, { body: BODY, surface }, [at('a', server, true)], 20);
    expect(server.requests[0]).toMatchObject({
      path: '/v1/responses',
      body: '{"model":"m","input":"hi","max_output_tokens":20}',
    });
    expect(client.text).toBe(answer);
    expect(client.result.usage).toMatchObject({ promptTokens: 7, outputTokens: 2 });
  });

  test('is translated for an engine that has not, and so is the answer', async () => {
    const server = await serverThat(json(CHAT));
    const client = await serve(exchange, { body: BODY, surface }, [at('a', server)], 20);
    expect(server.requests[0]!.path).toBe('/v1/chat/completions');
    expect(JSON.parse(server.requests[0]!.body)).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
      max_tokens: 20,
    });
    expect(JSON.parse(client.text)).toMatchObject({
      object: 'response',
      status: 'completed',
      output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hello' }] }],
      usage: { input_tokens: 7, output_tokens: 2 },
    });
    expect(client.result).toMatchObject({ status: 'ok', finishReason: 'stop' });
  });

  test('streams in its own events', async () => {
    const server = await serverThat((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(
        [
          sse.role(),
          sse.text('Hel'),
          sse.text('lo'),
          sse.finish(),
          sse.usage(7, 2),
          sse.done(),
        ].join(''),
      );
    });
    const body = '{"model":"auto","input":"hi","stream":true}';
    const client = await serve(exchange, { body, surface }, [at('a', server)]);
    const types = client.text.match(/^event: .*$/gm)!;
    expect(types[0]).toBe('event: response.created');
    expect(types.filter((type) => type === 'event: response.output_text.delta')).toHaveLength(2);
    expect(types.at(-1)).toBe('event: response.completed');
    expect(client.text).toContain('"input_tokens":7');
    expect(client.text).not.toContain('[DONE]');
    expect(client.result).toMatchObject({
      status: 'ok',
      usage: { promptTokens: 7, outputTokens: 2, isEstimated: false },
    });
  });

  test('native streams end with their terminal event', async () => {
    const event = (type: string, fields: object): string =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
    const frames = [
      event('response.created', { response: { status: 'in_progress' } }),
      event('response.output_text.delta', { delta: 'Hi' }),
      event('response.completed', {
        response: { status: 'completed', usage: { input_tokens: 3, output_tokens: 1 } },
      }),
    ].join('');
    const server = await serverThat((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(frames);
    });
    const body = '{"model":"auto","input":"hi","stream":true}';
    const client = await serve(exchange, { body, surface }, [at('a', server, true)]);
    expect(client.text).toBe(frames);
    expect(server.requests[0]!.body).toBe(body.replace('auto', 'm'));
    expect(client.result).toMatchObject({
      status: 'ok',
      usage: { promptTokens: 3, outputTokens: 1 },
    });
  });

  test('one that cannot be translated goes to whoever speaks the surface, or is told why', async () => {
    const body = '{"model":"auto","input":"hi","previous_response_id":"resp_1"}';
    const chatOnly = await serverThat(json(CHAT));
    const alone = await serve(exchange, { body, surface }, [at('a', chatOnly)]);
    expect((alone.error as Fault).code).toBe('BRS_FIELD_UNSUPPORTED');
    expect(alone.result).toMatchObject({ httpStatus: 400, attempts: [] });
    expect(chatOnly.requests).toEqual([]);
    const native = await serverThat(json('{"object":"response","status":"completed"}'));
    const both = await serve(exchange, { body, surface }, [
      at('a', chatOnly),
      at('b', native, true),
    ]);
    expect(both.result.status).toBe('ok');
    expect(both.headers).not.toHaveProperty('x-bourse-attempt');
  });

  test('a chat answer that is none is retried', async () => {
    const bad = await serverThat(json('{"choices":[]}'));
    const good = await serverThat(json(CHAT));
    const client = await serve(exchange, { body: BODY, surface }, [at('a', bad), at('b', good)]);
    expect(client.result.attempts).toMatchObject([{ result: 'protocol' }, { result: 'ok' }]);
    expect(exchange.inFlight('a')).toBe(0);
  });
});
