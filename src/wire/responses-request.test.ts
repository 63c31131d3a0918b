import { describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import { chatFromResponses } from './responses-request.ts';
import { scanBody } from './scan-body.ts';

const translate = (request: object): Record<string, unknown> =>
  JSON.parse(chatFromResponses(scanBody(Buffer.from(JSON.stringify(request)))).toString());

function faultOf(request: object): Fault {
  try {
    translate(request);
  } catch (error) {
    if (Fault.isInstance(error)) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('chatFromResponses', () => {
  test('a text with instructions and settings', () => {
    expect(
      translate({
        model: 'auto',
        instructions: 'Be brief.',
        input: 'hi',
        max_output_tokens: 9,
        temperature: 0.5,
        top_p: 0.9,
        user: 'u',
        metadata: { a: 'b' },
        parallel_tool_calls: false,
        reasoning: { effort: 'low', summary: 'auto' },
        text: {
          format: { type: 'json_schema', name: 's', schema: { type: 'object' }, strict: true },
          verbosity: 'low',
        },
        store: true,
        include: ['reasoning.encrypted_content'],
        truncation: 'disabled',
        previous_response_id: null,
        bourse: { mode: 'eco' },
        stream: true,
        some_extension: { x: 1 },
      }),
    ).toEqual({
      model: 'auto',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hi' },
      ],
      max_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      user: 'u',
      metadata: { a: 'b' },
      parallel_tool_calls: false,
      reasoning_effort: 'low',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 's', schema: { type: 'object' }, strict: true },
      },
      verbosity: 'low',
      stream: true,
      stream_options: { include_usage: true },
      some_extension: { x: 1 },
    });
  });

  test('a conversation with pictures, reasoning and tool calls', () => {
    const { messages } = translate({
      model: 'm',
      input: [
        {
          role: 'developer',
          content: [
            { type: 'input_text', text: 'a' },
            { type: 'input_text', text: 'b' },
          ],
        },
        {
          type: 'message',
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: 'data:image/png;base64,AA', detail: 'low' },
            { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' },
          ],
        },
        { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'hm' }] },
        {
          type: 'message',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'Let me see.' }],
        },
        { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"a":1}' },
        { type: 'function_call', call_id: 'c2', name: 'look', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'one' },
        {
          type: 'function_call_output',
          call_id: 'c2',
          output: [{ type: 'input_text', text: 'two' }],
        },
        { type: 'function_call', call_id: 'c3', name: 'look', arguments: '{}' },
      ],
    });
    const call = (id: string, args: string): object => ({
      id,
      type: 'function',
      function: { name: 'look', arguments: args },
    });
    expect(messages).toEqual([
      { role: 'system', content: 'ab' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } },
          {
            type: 'file',
            file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' },
          },
        ],
      },
      {
        role: 'assistant',
        content: 'Let me see.',
        tool_calls: [call('c1', '{"a":1}'), call('c2', '{}')],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'one' },
      { role: 'tool', tool_call_id: 'c2', content: 'two' },
      { role: 'assistant', content: null, tool_calls: [call('c3', '{}')] },
    ]);
  });

  test('function tools and the choice among them', () => {
    const chat = translate({
      model: 'm',
      input: 'x',
      tools: [
        {
          type: 'function',
          name: 'f',
          description: 'd',
          parameters: { type: 'object' },
          strict: true,
        },
      ],
      tool_choice: { type: 'function', name: 'f' },
    });
    expect(chat['tools']).toEqual([
      {
        type: 'function',
        function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
      },
    ]);
    expect(chat['tool_choice']).toEqual({ type: 'function', function: { name: 'f' } });
    expect(translate({ model: 'm', input: 'x', tool_choice: 'required' })['tool_choice']).toBe(
      'required',
    );
  });

  test.each([
    [
      { previous_response_id: 'resp_1' },
      'previous_response_id',
      'send the whole conversation in "input"',
    ],
    [{ conversation: 'c' }, 'conversation', 'send the whole conversation'],
    [{ prompt: { id: 'p' } }, 'prompt', 'stored prompts'],
    [{ background: true }, 'background', 'leave it out'],
    [{ truncation: 'auto' }, 'truncation', 'shorten'],
    [{ include: ['message.output_text.logprobs'] }, 'include', 'leave it out'],
    [{ tools: [{ type: 'web_search' }] }, 'tools[0].type', 'offer function tools'],
    [{ tool_choice: { type: 'web_search' } }, 'tool_choice', 'one function'],
    [{ input: [{ type: 'item_reference', id: 'x' }] }, 'input[0].type', 'use message'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] },
      'input[0].content[0].file_id',
      'image_url',
    ],
    [
      { input: [{ role: 'user', content: [{ type: 'x' }] }] },
      'input[0].content[0].type',
      'input_text',
    ],
  ])('refuses %j and says what to do instead', (fields, param, remedy) => {
    const problem = faultOf({ model: 'm', input: 'x', ...fields });
    expect([problem.code, problem.param]).toEqual(['BRS_FIELD_UNSUPPORTED', param]);
    expect(problem.message).toContain(remedy);
  });

  test.each([
    [{ input: 5 }, 'input'],
    [{ input: [1] }, 'input[0]'],
    [{ input: [{ role: 1, content: 'x' }] }, 'input[0].role'],
    [{ input: [{ role: 'user' }] }, 'input[0].content'],
    [{ input: [{ type: 'function_call', call_id: 'c', name: 'f' }] }, 'input[0].arguments'],
    [{ input: 'x', instructions: [] }, 'instructions'],
    [{ input: 'x', tools: {} }, 'tools'],
    [{ input: 'x', tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools[0].name'],
    [{ input: 'x', text: { format: 'json' } }, 'text.format'],
    [{ input: 'x', text: { format: { type: 'xml' } } }, 'text.format.type'],
    [{ input: 'x', reasoning: 'high' }, 'reasoning'],
    [{ input: 'x', stream: 'yes' }, 'stream'],
  ])('names the place of a wrong type: %j', (fields, param) => {
    const problem = faultOf({ model: 'm', ...fields });
    expect([problem.code, problem.param]).toEqual(['BRS_FIELD_TYPE', param]);
  });
});
