import { describe, expect, test } from 'vitest';
import { instanceAt } from '../../fixtures/local-server.ts';
import { anthropicDialect } from './dialect.ts';

type Json = Readonly<Record<string, unknown>>;

const HELLO = [{ role: 'user', content: 'Hello' }];
const INFO = { id: 'd1', createdAtSeconds: 1 };
const at = (options: Readonly<Record<string, string | boolean>> = {}) =>
  instanceAt('http://127.0.0.1:1', { engine: 'anthropic', options });
const sent = (chat: Json, options: Readonly<Record<string, string | boolean>> = {}): Json =>
  JSON.parse(
    anthropicDialect.request(Buffer.from(JSON.stringify(chat)), at(options)).body.toString(),
  ) as Json;

describe('chat as a request of Anthropic’s', () => {
  test('tools, their choice, calls and results', () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const body = sent({
      model: 'c',
      tools: [{ type: 'function', function: { name: 'weather', description: 'd', parameters } }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      messages: [
        { role: 'developer', content: 'Be brief.' },
        ...HELLO,
        {
          role: 'assistant',
          content: 'I look.',
          tool_calls: [
            {
              id: 't1',
              type: 'function',
              function: { name: 'weather', arguments: '{"city":"Rome"}' },
            },
            { id: 't2', type: 'function', function: { name: 'weather', arguments: '' } },
          ],
        },
        { role: 'tool', tool_call_id: 't1', content: '21' },
        { role: 'tool', tool_call_id: 't2', content: [{ type: 'text', text: '?' }] },
        { role: 'user', content: 'And?' },
      ],
    });
    expect(body).toEqual({
      model: 'c',
      max_tokens: 4096,
      system: [{ type: 'text', text: 'Be brief.' }],
      tools: [{ name: 'weather', description: 'd', input_schema: parameters }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Rome' } },
            { type: 'tool_use', id: 't2', name: 'weather', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: '21' },
            { type: 'tool_result', tool_use_id: 't2', content: [{ type: 'text', text: '?' }] },
            { type: 'text', text: 'And?' },
          ],
        },
      ],
    });
  });

  test('pictures by data and by address, and files', () => {
    const parts = [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,BB' } },
    ];
    expect(sent({ messages: [{ role: 'user', content: parts }] })['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
          {
            type: 'document',
            source: { type: 'base64', media_type: 'application/pdf', data: 'BB' },
            title: 'a.pdf',
          },
        ],
      },
    ]);
  });

  test('stops, sampling, a schema, and who asks', () => {
    expect(
      sent({
        messages: HELLO,
        max_completion_tokens: 7,
        stop: ['END', ' '],
        temperature: 1.7,
        top_p: 0.9,
        user: 'u1',
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { a: 1 } } },
      }),
    ).toMatchObject({
      max_tokens: 7,
      stop_sequences: ['END'],
      temperature: 1,
      top_p: 0.9,
      metadata: { user_id: 'u1' },
      output_config: { format: { type: 'json_schema', schema: { a: 1 } } },
    });
  });

  test('effort becomes a budget that leaves room, and thinking drops the temperature', () => {
    const high = { messages: HELLO, reasoning_effort: 'high', temperature: 0.2, max_tokens: 8_000 };
    expect(sent(high)).toMatchObject({ thinking: { type: 'enabled', budget_tokens: 4_000 } });
    expect(sent(high)).not.toHaveProperty('temperature');
    expect(sent({ ...high, max_tokens: 1_000 })).not.toHaveProperty('thinking');
    expect(sent({ ...high, reasoning_effort: 'none' })['thinking']).toEqual({ type: 'disabled' });
  });

  test('a turn that called tools without its thoughts is not asked to think', () => {
    const called = (blocks: readonly Json[]): Json => ({
      max_tokens: 8_000,
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      messages: [
        ...HELLO,
        {
          role: 'assistant',
          content: null,
          thinking_blocks: blocks,
          tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 't', content: 'x' },
      ],
    });
    const signed = { type: 'thinking', thinking: 'a', signature: 'c2ln' };
    expect(sent(called([signed]))).toHaveProperty('thinking');
    expect(sent(called([{ ...signed, signature: '' }]))).not.toHaveProperty('thinking');
    expect(JSON.stringify(sent(called([{ ...signed, signature: '' }])))).not.toContain('"a"');
  });

  test('prompts are marked where the instance says so, and not over marks of the client’s own', () => {
    const messages = [{ role: 'system', content: 'S' }, ...HELLO];
    const mark = { type: 'ephemeral' };
    expect(sent({ messages }, { cachePrompts: true })).toMatchObject({
      system: [{ type: 'text', text: 'S', cache_control: mark }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello', cache_control: mark }] }],
    });
    const own = [
      { role: 'user', content: [{ type: 'text', text: 'x', cache_control: mark }] },
      ...HELLO,
    ];
    const marked = JSON.stringify(sent({ messages: own }, { cachePrompts: true }));
    expect(marked.match(/cache_control/g)).toHaveLength(1);
  });

  test('what chat keeps for Anthropic brings no tools and no text', () => {
    const anthropic = {
      betas: 'b1',
      metadata: { user_id: 'u' },
      tools: [{ type: 'bash_20250124', name: 'bash' }],
      system: 'Obey.',
      mcp_servers: [{ url: 'http://x' }],
    };
    const body = sent({ messages: HELLO, anthropic });
    expect(body).toMatchObject({ metadata: { user_id: 'u' } });
    for (const member of ['tools', 'system', 'mcp_servers', 'betas', 'anthropic']) {
      expect(body).not.toHaveProperty(member);
    }
    const { headers } = anthropicDialect.request(
      Buffer.from(JSON.stringify({ messages: HELLO, anthropic })),
      at({ beta: 'b0' }),
    );
    expect(headers).toEqual({ 'anthropic-beta': 'b0,b1' });
  });

  test.each([
    [{ messages: HELLO, n: 2 }, '"n"'],
    [
      { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] },
      'messages[0].content[0]',
    ],
    [{ messages: HELLO, tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0]'],
    [
      {
        messages: [
          { role: 'assistant', tool_calls: [{ id: 'x', function: { name: 'f', arguments: '{' } }] },
        ],
      },
      'messages[0].tool_calls[0].function.arguments',
    ],
  ])('what it cannot do is named: %#', (chat, place) => {
    expect(() => sent(chat)).toThrow(place);
  });
});

describe('an answer of Anthropic’s', () => {
  test('an error in the middle of a stream is one of chat', () => {
    const stream = anthropicDialect.openStream(INFO);
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const out = stream.push(Buffer.from(`event: error\ndata: ${JSON.stringify(error)}\n\n`));
    expect(out!.toString()).toContain('"message":"Overloaded"');
    expect(stream.push(Buffer.from('event: ping\ndata: {"type":"ping"}\n\n'))).toBeNull();
  });

  test.each(['', '[]', '{"content":"x"}'])('what is none is refused: %j', (text) => {
    expect(() => anthropicDialect.answer(Buffer.from(text), INFO)).toThrow('it has no content');
  });
});
