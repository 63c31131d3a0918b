import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import type { EngineFeatures } from '../contract/index.ts';
import { listen } from '../pool/fixtures/local-server.ts';
import type { Answer, LocalServer } from '../pool/fixtures/local-server.ts';
import { PLAN, createExchange, modelNamed, serve } from './fixtures/exchange.ts';
import type { Asked, Candidate, Client, Exchange } from './fixtures/exchange.ts';
import { readStream, writer } from './fixtures/writer.ts';

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
const at = (id: string, server: LocalServer, more: Partial<Candidate> = {}): Candidate => ({
  id,
  url: server.url,
  engine: 'vllm',
  ...more,
});
const codeOf = ({ error }: Client): string | null => (Fault.isInstance(error) ? error.code : null);
const bodyOf = (server: LocalServer, i = 0): Record<string, unknown> =>
  JSON.parse(server.requests[i]!.body) as Record<string, unknown>;

const TOKENS = ['One', ' two', ' three', ' four', ' five', ' six', ' seven', '.'];
const TEXT = TOKENS.join('');
const MESSAGES = '"messages":[{"role":"user","content":"hi"}]';
const STREAM = `{"model":"m","stream":true,"stream_options":{"include_usage":true},${MESSAGES}}`;

/** The first instance breaks off after so many tokens, the second is well. */
async function takeOver(
  asked: Asked,
  more: { readonly first?: Partial<Candidate>; readonly second?: Partial<Candidate> } = {},
  options: Partial<Parameters<typeof writer>[0]> = {},
) {
  const failing = await serverThat(writer({ tokens: TOKENS, breaks: { 1: 3 }, ...options }));
  const other = await serverThat(writer({ tokens: TOKENS, ...options, breaks: {} }));
  const ceiling = 100;
  const candidates = [at('a', failing, more.first), at('b', other, more.second)];
  const client = await serve(exchange, asked, candidates, ceiling);
  expect([client.terminals, client.dones]).toEqual([1, 1]);
  expect([exchange.inFlight('a'), exchange.inFlight('b')]).toEqual([0, 0]);
  return { client, failing, other };
}

describe('a stream that breaks off after its first token', () => {
  test('is written on by another instance of the model, as one stream', async () => {
    const { client, other } = await takeOver({ body: STREAM });
    expect(readStream(client.text)).toEqual({
      text: TEXT,
      thoughts: '',
      ids: ['c1'],
      created: [1],
      roles: 1,
      finishes: ['stop'],
      usages: [{ prompt_tokens: 40, completion_tokens: 8, total_tokens: 48 }],
      dones: 1,
      last: '[DONE]',
    });
    expect(bodyOf(other)).toMatchObject({
      continue_final_message: true,
      add_generation_prompt: false,
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'One two three' },
      ],
    });
    expect(exchange.events).toContainEqual(
      expect.objectContaining({ kind: 'answer-taken-over', from: 'a', instance: 'b' }),
    );
  });

  const goesOn: EngineFeatures = { hasResponses: false, continuesChat: true };
  test.each<[engine: string, features: EngineFeatures | undefined]>([
    ['vllm', undefined],
    ['sglang', undefined],
    ['llama-cpp', goesOn],
  ])('another is asked by %s in the words that it understands', async (engine, features) => {
    const second = { engine, ...(features !== undefined && { features }) };
    const first = { engine: 'openai' };
    const { client, other } = await takeOver({ body: STREAM }, { first, second });
    expect(readStream(client.text)).toMatchObject({ text: TEXT, finishes: ['stop'], dones: 1 });
    expect(other.requests[0]!.path).toBe('/v1/chat/completions');
    expect(bodyOf(other)).toEqual({
      model: 'm',
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'One two three' },
      ],
      continue_final_message: true,
      add_generation_prompt: false,
      max_tokens: 97,
    });
  });

  test('is charged as one answer: what the client reads as usage', async () => {
    const { client } = await takeOver({ body: STREAM });
    expect(client.result).toMatchObject({
      status: 'ok',
      finishReason: 'stop',
      usage: { promptTokens: 40, outputTokens: 8, isEstimated: true },
      costPicoUsd: 40 * 1_000_000 + 8 * 2_000_000,
    });
    const attempts = client.result.attempts.map(({ instance, result }) => [instance, result]);
    expect(attempts).toEqual([
      ['a', 'cut'],
      ['b', 'ok'],
    ]);
  });

  test("the rest has what is left of the caller's ceiling", async () => {
    const body = STREAM.replace('{', '{"max_tokens":5,');
    const { client, other } = await takeOver({ body });
    expect(bodyOf(other)['max_tokens']).toBe(2);
    expect(readStream(client.text)).toMatchObject({ text: 'One two three four five', dones: 1 });
  });

  test('where a limit of our own has cut it before, both seams are invisible', async () => {
    const limited = { limitTokens: 4 };
    const { client } = await takeOver(
      { body: STREAM },
      { first: limited, second: limited },
      { breaks: { 2: 2 } },
    );
    expect(readStream(client.text)).toMatchObject({
      text: TEXT,
      ids: ['c1'],
      finishes: ['stop'],
      usages: [{ prompt_tokens: 10, completion_tokens: 8, total_tokens: 18 }],
    });
    expect(client.result.usage).toMatchObject({ promptTokens: 10, outputTokens: 8 });
  });

  test('completions go on at any engine', async () => {
    const engine = { engine: 'openai' };
    const body = '{"model":"m","stream":true,"prompt":"Count: "}';
    const { client, other } = await takeOver(
      { body, surface: 'completions' },
      { first: engine, second: engine },
      { prompt: 'Count: ' },
    );
    expect(readStream(client.text)).toMatchObject({ text: TEXT, finishes: ['stop'] });
    expect(bodyOf(other)['prompt']).toBe('Count: One two three four');
  });

  test('a responses request that is put as chat goes on as one response', async () => {
    const body = '{"model":"m","stream":true,"input":"hi"}';
    const { client } = await takeOver({ body, surface: 'responses' });
    const deltas = [
      ...client.text.matchAll(/^data: (\{"type":"response\.output_text\.delta".*)$/gm),
    ];
    const texts = deltas.map(([, json]) => (JSON.parse(json!) as { delta: string }).delta);
    expect(texts.join('')).toBe(TEXT);
    expect(client.text.match(/^event: response\.(completed|failed)$/gm)).toHaveLength(1);
  });

  test('and once more, where the second breaks off too', async () => {
    const a = await serverThat(writer({ tokens: TOKENS, breaks: { 1: 2 } }));
    const b = await serverThat(writer({ tokens: TOKENS, breaks: { 1: 2 } }));
    const c = await serverThat(writer({ tokens: TOKENS }));
    const all = [at('a', a), at('b', b), at('c', c)];
    const client = await serve(exchange, { body: STREAM }, all);
    expect(readStream(client.text)).toMatchObject({ text: TEXT, finishes: ['stop'], dones: 1 });
    expect(client.result.usage).toMatchObject({ promptTokens: 40, outputTokens: 8 });
  });

  test('a long answer is kept as its text', async () => {
    const tokens = Array.from({ length: 2_500 }, (_, i) => ` word${i}`);
    const failing = await serverThat(writer({ tokens, breaks: { 1: 2_400 } }));
    const other = await serverThat(writer({ tokens }));
    const client = await serve(exchange, { body: STREAM }, [at('a', failing), at('b', other)]);
    expect(readStream(client.text).text).toBe(tokens.join(''));
  });
});

describe('it ends with an error', () => {
  const formed = STREAM.replace('{', '{"response_format":{"type":"json_object"},');
  const foreign = modelNamed('other');
  const ANSWERS: EngineFeatures = { hasResponses: false, continuesChat: false };
  const cases: readonly [string, Parameters<typeof takeOver>][] = [
    ...['openai', 'ollama', 'tgi', 'anthropic', 'dynamo', 'llama-cpp'].map(
      (engine): [string, Parameters<typeof takeOver>] => [
        `where the other is ${engine}, which is not known to go on`,
        [{ body: STREAM }, { second: { engine } }],
      ],
    ),
    [
      'where the other was found to answer what is begun',
      [{ body: STREAM }, { second: { engine: 'llama-cpp', features: ANSWERS } }],
    ],
    ['where the other model is another', [{ body: STREAM }, { second: { model: foreign } }]],
    ['where the answer has a form', [{ body: formed }]],
    [
      'where the policy says so',
      [{ body: STREAM, mandate: { attempts: { ...PLAN, continueCut: false } } }],
    ],
    ['inside of what the model thinks', [{ body: STREAM }, {}, { thoughts: ['Hm', ' hm', ' hm'] }]],
    ['where the ceiling is reached', [{ body: STREAM.replace('{', '{"max_tokens":3,') }]],
  ];
  test.each(cases)('%s', async (_, call) => {
    const { client, other } = await takeOver(...call);
    expect(codeOf(client)).toBe('BRS_UPSTREAM_CUT');
    expect(other.requests).toHaveLength(0);
    expect(readStream(client.text)).toMatchObject({ finishes: [], dones: 0 });
    expect(client.result).toMatchObject({ status: 'cut', usage: { outputTokens: 3 } });
    expect(client.result.attempts).toHaveLength(1);
  });

  test('where the other refuses to go on; what was written is charged', async () => {
    const failing = await serverThat(writer({ tokens: TOKENS, breaks: { 1: 3 } }));
    const other = await serverThat((response) => response.writeHead(400).end('{}'));
    const all = [at('a', failing), at('b', other)];
    const client = await serve(exchange, { body: STREAM }, all);
    expect(codeOf(client)).toBe('BRS_UPSTREAM_PROTOCOL');
    expect(client.result).toMatchObject({
      status: 'cut',
      usage: { promptTokens: 40, outputTokens: 3 },
    });
    expect([exchange.inFlight('a'), exchange.inFlight('b')]).toEqual([0, 0]);
  });
});
