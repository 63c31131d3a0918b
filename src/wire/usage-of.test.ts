import { describe, expect, test } from 'vitest';
import { usageOf } from './usage-of.ts';

const read = (answer: unknown, indent = 0): ReturnType<typeof usageOf> =>
  usageOf(Buffer.from(JSON.stringify(answer, null, indent)));
const usage = {
  prompt_tokens: 10,
  completion_tokens: 5,
  prompt_tokens_details: { cached_tokens: 4 },
};
const expected = { promptTokens: 10, cachedTokens: 4, outputTokens: 5, isEstimated: false };
const choices = [
  { index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'length' },
];

describe('usageOf', () => {
  test.each([0, 2])('chat, wherever usage stands (indent %i)', (indent) => {
    for (const answer of [
      { choices, usage },
      { usage, choices },
      { choices, usage, system_fingerprint: 'f' },
    ]) {
      expect(read(answer, indent)).toEqual({ usage: expected, finishReason: 'length' });
    }
  });

  test('completions', () => {
    expect(read({ choices: [{ text: 'x', finish_reason: 'stop' }], usage })).toEqual({
      usage: expected,
      finishReason: 'stop',
    });
  });

  test('is not fooled by the answer', () => {
    const look = '"usage":{"prompt_tokens":999,"completion_tokens":1}';
    const message = {
      content: look,
      usage: { prompt_tokens: 999 },
      tool_calls: [{ function: { arguments: `{${look}}` } }],
    };
    const fooling = [{ index: 0, message, finish_reason: 'stop' }];
    expect(read({ choices: fooling, usage }).usage).toEqual(expected);
    expect(read({ usage, choices: fooling }).usage).toEqual(expected);
    expect(read({ choices: fooling }).usage).toBeNull();
  });

  test('embeddings, read from the end', () => {
    const data = [
      { object: 'embedding', index: 0, embedding: Array.from({ length: 500 }, (_, i) => i / 7) },
    ];
    const counted = { prompt_tokens: 8, total_tokens: 8 };
    const found = { promptTokens: 8, cachedTokens: 0, outputTokens: 0, isEstimated: false };
    expect(read({ object: 'list', data, model: 'e', usage: counted }).usage).toEqual(found);
    expect(read({ object: 'list', data, usage: counted, model: 'e "}' }).usage).toEqual(found);
    expect(read({ usage: counted, data }).usage).toEqual(found);
    expect(read({ data: [{ usage: counted }] }).usage).toBeNull();
    expect(read({ data: [{ x: 1, usage: counted }, 2], model: 'e' }).usage).toBeNull();
    expect(read({ data, model: '\\"usage":{}' }).usage).toBeNull();
  });

  test('responses', () => {
    const answer = {
      object: 'response',
      status: 'completed',
      output: [],
      usage: { input_tokens: 3, output_tokens: 2, input_tokens_details: { cached_tokens: 1 } },
    };
    expect(read(answer)).toEqual({
      usage: { promptTokens: 3, cachedTokens: 1, outputTokens: 2, isEstimated: false },
      finishReason: 'stop',
    });
    expect(
      read({ ...answer, status: 'incomplete', incomplete_details: { reason: 'content_filter' } })
        .finishReason,
    ).toBe('content_filter');
  });

  test('more cached tokens than prompt tokens are not believed', () => {
    expect(
      read({ usage: { prompt_tokens: 3, prompt_cache_hit_tokens: 9 } }).usage?.cachedTokens,
    ).toBe(3);
  });

  test.each([
    '',
    '[]',
    'oops',
    '{"usage":',
    '{"usage":{"prompt_tokens":"3"}}',
    '{"usage":[]}',
    '{"data":[1',
    '{}',
  ])('says nothing for %j', (text) => {
    expect(usageOf(Buffer.from(text))).toEqual({ usage: null, finishReason: null });
  });
});
