import { describe, expect, test } from 'vitest';
import { instanceAt } from '../../fixtures/local-server.ts';
import { ollamaDialect } from './dialect.ts';
import { ollama } from './engine.ts';

type Json = Readonly<Record<string, unknown>>;

const INFO = { id: 'd1', createdAtSeconds: 1 };
const at = (options: Readonly<Record<string, string | number>> = {}) =>
  instanceAt('http://127.0.0.1:1', { engine: 'ollama', options });
const sent = (chat: Json, options: Readonly<Record<string, string | number>> = {}): Json =>
  JSON.parse(
    ollamaDialect.request(Buffer.from(JSON.stringify(chat)), at(options)).body.toString(),
  ) as Json;

describe('chat as Ollama takes it', () => {
  test('options, format, thinking and the instance’s own settings', () => {
    const chat = {
      model: 'qwen3',
      messages: [{ role: 'developer', content: 'Be brief.' }],
      max_tokens: 5,
      temperature: 0,
      seed: 7,
      stop: 'END',
      reasoning_effort: 'none',
      response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } },
      stream: true,
    };
    expect(sent(chat, { keepAlive: '30m', contextTokens: 8192 })).toEqual({
      model: 'qwen3',
      messages: [{ role: 'system', content: 'Be brief.' }],
      format: { type: 'object' },
      think: false,
      keep_alive: '30m',
      options: { num_predict: 5, temperature: 0, seed: 7, stop: ['END'], num_ctx: 8192 },
      stream: true,
    });
  });

  test('pictures, calls, and results by the name of their tool', () => {
    const url = 'data:image/png;base64,AAAA';
    const { messages } = sent({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'image_url', image_url: { url } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 't1', function: { name: 'f', arguments: '{"a":1}' } }],
        },
        { role: 'tool', tool_call_id: 't1', content: '7' },
      ],
    });
    expect(messages).toEqual([
      { role: 'user', content: 'a', images: ['AAAA'] },
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }],
      },
      { role: 'tool', content: '7', tool_name: 'f' },
    ]);
  });

  test.each([
    [{ n: 2 }, '"n"'],
    [
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x' } }] },
        ],
      },
      'fetches nothing',
    ],
    [
      {
        messages: [
          { role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '{' } }] },
        ],
      },
      'arguments',
    ],
  ])('what it cannot do is named: %#', (chat, place) => {
    expect(() => sent(chat)).toThrow(place);
  });
});

describe('answers of Ollama’s', () => {
  const record = (message: Json, rest: Json = {}): string =>
    `${JSON.stringify({ model: 'm', message, done: false, ...rest })}\n`;
  const call = { function: { name: 'f', arguments: { a: 1 } } };
  const end = {
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 3,
    eval_count: 2,
    eval_duration: 4e6,
  };

  test('calls of a stream are numbered, and end it as calls do', () => {
    const stream = ollamaDialect.openStream(INFO);
    const bytes =
      record({ role: 'assistant', content: '', tool_calls: [call] }) +
      record({ role: 'assistant', content: '', tool_calls: [call] }) +
      record({ role: 'assistant', content: '' }, end);
    const out = stream.push(Buffer.from(bytes))!.toString();
    const chunks = out
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .map(
        (line) =>
          JSON.parse(line.slice(6)) as { choices: { delta: Json; finish_reason: string | null }[] },
      );
    expect(chunks.map(({ choices }) => choices[0]?.delta['tool_calls'])).toMatchObject([
      [{ index: 0, id: 'call_d1_0', function: { name: 'f', arguments: '{"a":1}' } }],
      [{ index: 1, id: 'call_d1_1' }],
      undefined,
      undefined,
    ]);
    expect(chunks[2]!.choices[0]!.finish_reason).toBe('tool_calls');
    expect(chunks[3]).toMatchObject({
      usage: { prompt_tokens: 3, completion_tokens: 2 },
      timings: { predicted_ms: 4 },
    });
  });

  test('a length, and an error in the middle', () => {
    const answer = ollamaDialect.answer(
      Buffer.from(record({ content: 'x' }, { ...end, done_reason: 'length' })),
      INFO,
    );
    expect(JSON.parse(answer.toString())).toMatchObject({ choices: [{ finish_reason: 'length' }] });
    const stream = ollamaDialect.openStream(INFO);
    expect(stream.push(Buffer.from('{"error":"out of memory"}\n'))!.toString()).toContain(
      'out of memory',
    );
    expect(stream.end()).toBeNull();
  });

  test('an instance whose model was not pulled is unfit, and says so', () => {
    const tags = JSON.stringify({ models: [{ name: 'other:latest' }] });
    expect(ollama.unfitness!(tags, at())).toContain('pull it');
    expect(ollama.unfitness!(JSON.stringify({ models: [{ name: 'm:latest' }] }), at())).toBeNull();
    expect(ollama.unfitness!('oops', at())).toBeNull();
  });
});
