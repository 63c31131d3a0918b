import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chatFromMessages, MessageStream, messageFromChat, withoutMarks } from './index.ts';

type Json = Readonly<Record<string, unknown>>;

const chatOf = (request: Json, betas: string | null = null): Json =>
  JSON.parse(chatFromMessages(Buffer.from(JSON.stringify(request)), betas).chat.toString()) as Json;
const user = (...content: readonly Json[]): Json => ({ role: 'user', content });

describe('a request of the messages surface as chat', () => {
  test('system, text, stops, ceiling and sampling', () => {
    expect(
      chatOf({
        model: 'm',
        max_tokens: 9,
        system: 'Be brief.',
        stop_sequences: ['END'],
        temperature: 0.5,
        top_k: 3,
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    ).toEqual({
      model: 'm',
      max_tokens: 9,
      temperature: 0.5,
      top_k: 3,
      stop: ['END'],
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
      ],
    });
  });

  test('text blocks without a mark are one string; pictures and files are parts', () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'AAAA' };
    const pdf = { type: 'base64', media_type: 'application/pdf', data: 'BBBB' };
    const { messages } = chatOf({
      messages: [
        user({ type: 'text', text: 'a' }, { type: 'text', text: 'b' }),
        user({ type: 'image', source }, { type: 'document', source: pdf, title: 'x.pdf' }),
        user({ type: 'document', title: 'T', source: { type: 'text', data: 'words' } }),
      ],
    });
    expect(messages).toEqual([
      { role: 'user', content: 'a\nb' },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          {
            type: 'file',
            file: { filename: 'x.pdf', file_data: 'data:application/pdf;base64,BBBB' },
          },
        ],
      },
      { role: 'user', content: 'T\nwords' },
    ]);
  });

  test('results of tools stand before what else the user says', () => {
    const { messages } = chatOf({
      messages: [
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } }],
        },
        user(
          { type: 'text', text: 'Here.' },
          { type: 'tool_result', tool_use_id: 't1', content: '7' },
        ),
      ],
    });
    expect(messages).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 't1', content: '7' },
      { role: 'user', content: 'Here.' },
    ]);
  });

  test('marks and thoughts stand where only Anthropic reads them, and are taken out for others', () => {
    const mark = { cache_control: { type: 'ephemeral' } };
    const chat = chatOf(
      {
        system: [{ type: 'text', text: 'S', ...mark }],
        thinking: { type: 'enabled', budget_tokens: 2000 },
        tools: [{ name: 'f', input_schema: {}, ...mark }],
        messages: [
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'x', signature: 's' },
              { type: 'text', text: 'y' },
            ],
          },
          user({ type: 'tool_result', tool_use_id: 't', is_error: true, content: 'no', ...mark }),
        ],
      },
      'beta-1',
    );
    expect(chat['anthropic']).toEqual({
      thinking: { type: 'enabled', budget_tokens: 2000 },
      betas: 'beta-1',
    });
    const plain = ['messages', 'tools'].map((field) =>
      withoutMarks(Buffer.from(JSON.stringify(chat[field]))).toString(),
    );
    for (const text of plain) expect(text).not.toMatch(/cache_control|thinking|is_error/);
    expect(JSON.parse(plain[0]!)).toEqual([
      { role: 'system', content: 'S' },
      { role: 'assistant', content: 'y' },
      { role: 'tool', tool_call_id: 't', content: 'no' },
    ]);
  });

  test('a client cannot bring members that only the exchange may set', () => {
    const chat = chatOf({ messages: [user()], anthropic: { betas: 'x', metadata: 1 } });
    expect(chat).not.toHaveProperty('anthropic');
  });

  test.each([
    [{ messages: 'x' }, 'messages'],
    [{ messages: [1] }, 'messages[0]'],
    [{ messages: [{ role: 'user', content: 3 }] }, 'messages[0].content'],
    [{ messages: [user({ type: 'image', source: { type: 'file', file_id: 'f' } })] }, 'source'],
    [{ messages: [], tools: {} }, 'tools'],
    [{ messages: [], tool_choice: { type: 'maybe' } }, 'tool_choice.type'],
    [{ messages: [], system: [{ type: 'image' }] }, 'system[0]'],
    [{ messages: [], stop_sequences: 'x' }, 'stop_sequences'],
    [{ messages: [], container: 'c' }, 'container'],
  ])('what cannot be put as chat is named: %j', (request, place) => {
    expect(() => chatOf(request)).toThrow(place);
  });
});

/** An answer as it grows: thoughts, text, and calls whose arguments come in pieces. */
const answers = fc.record({
  thought: fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
  text: fc.array(fc.string({ minLength: 1 }), { maxLength: 4 }),
  calls: fc.array(
    fc.record({
      name: fc.stringMatching(/^[a-z]{1,8}$/),
      input: fc.dictionary(fc.string(), fc.jsonValue()),
    }),
    { maxLength: 3 },
  ),
  pieces: fc.integer({ min: 1, max: 7 }),
  isInterleaved: fc.boolean(),
  cut: fc.integer({ min: 1, max: 40 }),
});

interface Grown {
  readonly thought: readonly string[];
  readonly text: readonly string[];
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
  readonly pieces: number;
  readonly isInterleaved: boolean;
}

function deltasOf({ thought, text, calls, pieces, isInterleaved }: Grown): Json[] {
  const deltas: Json[] = [
    ...thought.map((each) => ({ reasoning_content: each })),
    ...text.map((each) => ({ content: each })),
  ];
  const parts = calls.flatMap(({ name, input }, index) => {
    const json = JSON.stringify(input);
    const size = Math.ceil(json.length / pieces);
    return Array.from({ length: Math.ceil(json.length / size) }, (_, i) => ({
      order: isInterleaved ? i : index,
      index,
      piece: {
        index,
        ...(i === 0 && { id: `call_${index}`, type: 'function' }),
        function: { ...(i === 0 && { name }), arguments: json.slice(i * size, (i + 1) * size) },
      },
    }));
  });
  const ordered = parts.toSorted((a, b) => a.order - b.order || a.index - b.index);
  return [...deltas, ...ordered.map(({ piece }) => ({ tool_calls: [piece] }))];
}

describe('an answer of chat as a message', () => {
  const usage = {
    prompt_tokens: 50,
    completion_tokens: 9,
    prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 10 },
  };

  test('streamed and whole are the same message, however the bytes come', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const finish = answer.calls.length > 0 ? 'tool_calls' : 'stop';
        const message = {
          role: 'assistant',
          content: answer.text.join('') || null,
          ...(answer.thought.length > 0 && { reasoning_content: answer.thought.join('') }),
          tool_calls: answer.calls.map(({ name, input }, i) => ({
            id: `call_${i}`,
            function: { name, arguments: JSON.stringify(input) },
          })),
        };
        const whole = JSON.parse(
          messageFromChat(
            Buffer.from(
              JSON.stringify({ model: 'm', choices: [{ message, finish_reason: finish }], usage }),
            ),
            'id',
          ).toString(),
        ) as Json;
        const frames = [
          ...deltasOf(answer).map((delta) => ({ model: 'm', choices: [{ delta }] })),
          { model: 'm', choices: [{ delta: {}, finish_reason: finish }] },
          { model: 'm', choices: [], usage },
        ];
        const bytes = Buffer.from(
          `${frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join('')}data: [DONE]\n\n`,
        );
        const stream = new MessageStream({ id: 'id', model: '', inputTokens: 12 });
        let out = '';
        for (let at = 0; at < bytes.length; at += answer.cut) {
          out += stream.push(bytes.subarray(at, at + answer.cut))?.toString() ?? '';
        }
        out += stream.end()?.toString() ?? '';
        expect(rebuilt(out)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  test('ends and usage', () => {
    const of = (finish: string, own?: Json): Json =>
      JSON.parse(
        messageFromChat(
          Buffer.from(
            JSON.stringify({
              choices: [{ message: { content: 'x', anthropic: own }, finish_reason: finish }],
              usage,
            }),
          ),
          'id',
        ).toString(),
      ) as Json;
    expect(of('length')['stop_reason']).toBe('max_tokens');
    expect(of('content_filter')['stop_reason']).toBe('refusal');
    expect(of('stop', { stop_reason: 'stop_sequence', stop_sequence: 'END' })).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: 'END',
      usage: {
        input_tokens: 20,
        cache_read_input_tokens: 20,
        cache_creation_input_tokens: 10,
        output_tokens: 9,
      },
    });
    // The exchange took the calls out: the message did not end for a tool.
    expect(of('stop', { stop_reason: 'tool_use' })['stop_reason']).toBe('end_turn');
  });

  test.each(['', '{}', '{"choices":[]}', 'null', '{"choices":[{"message":null}]}'])(
    'what is no answer of chat is refused: %j',
    (text) => {
      expect(() => messageFromChat(Buffer.from(text), 'id')).toThrow('choices[0].message');
    },
  );
});

/** The message that a client puts together of a stream. */
function rebuilt(stream: string): Json {
  let message: Record<string, unknown> = {};
  const content: Record<string, unknown>[] = [];
  let json = '';
  for (const line of stream.split('\n').filter((each) => each.startsWith('data: '))) {
    const event = JSON.parse(line.slice(6)) as Record<string, Record<string, string>>;
    const block = content.at(-1)!;
    switch (event['type'] as unknown) {
      case 'message_start':
        message = { ...event['message'] };
        break;
      case 'content_block_start':
        content.push({ ...event['content_block'] });
        json = '';
        break;
      case 'content_block_delta': {
        const { text, thinking, partial_json: part } = event['delta']!;
        if (text !== undefined) block['text'] = `${String(block['text'])}${text}`;
        else if (thinking !== undefined)
          block['thinking'] = `${String(block['thinking'])}${thinking}`;
        else json += part;
        break;
      }
      case 'content_block_stop':
        if (block['type'] === 'tool_use') block['input'] = JSON.parse(json === '' ? '{}' : json);
        break;
      case 'message_delta':
        message = { ...message, ...event['delta'], usage: event['usage'] };
        break;
      default:
    }
  }
  return { ...message, content };
}
