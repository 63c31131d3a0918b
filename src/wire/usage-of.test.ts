import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { usageOf } from './usage-of.ts';
import { readUsage } from './usage.ts';

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

  test.each([
    [
      'nested last, with its own behind it in front',
      { usage, choices: [{ ...choices[0], usage: { prompt_tokens: 9 } }] },
    ],
    ['nested in an object behind it', { choices, usage, extra: { usage: { prompt_tokens: 9 } } }],
    ['named in a text behind it', { choices, usage, note: '"usage":{"prompt_tokens":9}' }],
    ['at the end of a text behind it', { choices, usage, note: 'say \\"usage', at: '"usage":' }],
    ['the name of a key that ends so', { choices, usage, 'my "usage': { prompt_tokens: 9 } }],
    ['a long text behind it', { choices, usage, note: 'x'.repeat(3000) }],
    ['a long text behind it, with braces', { choices, usage, note: '}]},"usage":{'.repeat(300) }],
  ])('finds its own usage: %s', (_, answer) => {
    for (const indent of [0, 1]) {
      expect(read(answer, indent)).toEqual({ usage: expected, finishReason: 'length' });
    }
  });

  test('the usage that stands last counts', () => {
    const text = (last: string): Buffer =>
      Buffer.from(`{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":9},${last}}`);
    const first = { promptTokens: 9, cachedTokens: 0, outputTokens: 0, isEstimated: false };
    expect(usageOf(text(`"usage":${JSON.stringify(usage)}`)).usage).toEqual(expected);
    expect(usageOf(text(`"usage" :${JSON.stringify(usage)}`)).usage).toEqual(expected);
    expect(usageOf(text('"usage":null')).usage).toBeNull();
    expect(usageOf(text('"usage":"none"')).usage).toBeNull();
    expect(usageOf(text('"use":null')).usage).toEqual(first);
  });

  test('a finish reason is that of the last choice which has one, and of nothing inside of it', () => {
    const finished = (...list: readonly unknown[]): string | null =>
      read({ choices: list, usage }).finishReason;
    const call = { arguments: { finish_reason: 'call' }, list: [{ finish_reason: 'item' }] };
    expect(finished({ finish_reason: 'a' }, { finish_reason: 'b' })).toBe('b');
    expect(finished({ finish_reason: 'a' }, { finish_reason: null })).toBe('a');
    expect(finished({ finish_reason: 'a', message: { call } })).toBe('a');
    expect(finished({ finish_reason: 'a', stop_reason: null, tokens: [1, { x: [] }] })).toBe('a');
    expect(finished({ message: { call } })).toBeNull();
    expect(finished({ finish_reason: 7 })).toBeNull();
    expect(finished({ 'x "finish_reason': 'a' })).toBeNull();
    expect(finished({ finish_reason: 'a"é\n', content: '"finish_reason":"b"' })).not.toBe('b');
  });

  test('reads any usage as a parser would', () => {
    const count = fc.oneof(
      fc.nat({ max: 20 }),
      fc.constantFrom(null, -1, 2.5, 1e21, 2 ** 53, 123_456_789_012_345, '7', [3], {}),
    );
    const details = fc.oneof(
      fc.record({ cached_tokens: count, audio_tokens: count }, { requiredKeys: [] }),
      count,
    );
    const counts = fc.record(
      {
        prompt_tokens: count,
        completion_tokens: count,
        input_tokens: count,
        output_tokens: count,
        prompt_tokens_details: details,
        input_tokens_details: details,
        prompt_cache_hit_tokens: count,
        total_tokens: count,
        completion_tokens_details: details,
        output_tokens_details: details,
        cost: fc.double(),
      },
      { requiredKeys: [] },
    );
    const ordinary = fc.record({
      prompt_tokens: count,
      completion_tokens: count,
      prompt_tokens_details: details,
      completion_tokens_details: details,
      total_tokens: fc.nat({ max: 60 }),
    });
    fc.assert(
      fc.property(
        fc.oneof(counts, ordinary),
        fc.nat({ max: 2 }),
        fc.boolean(),
        (value, indent, isLast) => {
          const answer = isLast ? { choices, usage: value } : { usage: value, choices };
          const parsed: unknown = JSON.parse(JSON.stringify(value));
          expect(read(answer, indent)).toEqual({
            usage: readUsage(parsed),
            finishReason: 'length',
          });
        },
      ),
    );
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
