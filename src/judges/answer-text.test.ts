import { expect, test } from 'vitest';
import { answerTextOf } from './answer-text.ts';

const sse = (...events: object[]): string =>
  `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`;

test.each([
  ['chat', false, '{"choices":[{"message":{"content":"four"}}]}', 'four'],
  ['chat', false, '{"choices":[{"message":{"content":null,"tool_calls":[{}]}}]}', null],
  ['chat', false, '{"choices":[]}', null],
  ['chat', false, 'oops', null],
  ['completions', false, '{"choices":[{"text":"four"}]}', 'four'],
  [
    'responses',
    false,
    '{"output":[{"type":"reasoning"},{"type":"message","content":[{"type":"output_text","text":"four"}]}]}',
    'four',
  ],
  ['responses', false, '{"output":[{"type":"function_call"}]}', null],
  [
    'chat',
    true,
    sse({ choices: [{ delta: { content: 'fo' } }] }, { choices: [{ delta: { content: 'ur' } }] }),
    'four',
  ],
  ['chat', true, sse({ choices: [{ delta: { tool_calls: [{}] } }] }), null],
  ['completions', true, sse({ choices: [{ text: 'fo' }] }, { choices: [{ text: 'ur' }] }), 'four'],
  [
    'responses',
    true,
    sse(
      { type: 'response.created' },
      { type: 'response.output_text.delta', delta: 'fo' },
      { type: 'response.output_text.delta', delta: 'ur' },
    ),
    'four',
  ],
  [
    'responses',
    true,
    sse({ type: 'response.output_item.added', item: { type: 'function_call' } }),
    null,
  ],
] as const)('the text of %s, streamed %s: %s', (surface, isStream, bytes, text) => {
  expect(answerTextOf(surface, isStream, Buffer.from(bytes))).toBe(text);
});
