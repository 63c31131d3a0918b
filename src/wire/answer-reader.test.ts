import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';

const reader = (isStream: boolean, hidesLogprobs = true): AnswerReader =>
  new AnswerReader({ isStream, hidesLogprobs });
const logprobs = (...values: readonly number[]): object => ({
  content: values.map((logprob) => ({ token: 't', logprob, top_logprobs: [] })),
});
const chunk = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...more }] })}\n\n`;

describe('a whole answer', () => {
  test('of chat: its text, its end and how sure its model was, which is hidden', () => {
    const answer = {
      id: 'c',
      choices: [
        {
          message: { role: 'assistant', content: 'logprobs "of" {4}' },
          logprobs: logprobs(-0.5, -1.5),
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 1 },
    };
    const own = reader(false);
    const out = own.read(Buffer.from(` ${JSON.stringify(answer)}`));
    const hidden = { ...answer, choices: [{ ...answer.choices[0], logprobs: null }] };
    expect(JSON.parse(out.toString())).toEqual(hidden);
    expect(own).toMatchObject({
      text: 'logprobs "of" {4}',
      finishReason: 'stop',
      tokens: 2,
      logprobSum: -2,
      logprobMin: -1.5,
      firstLogprob: -0.5,
    });
  });

  test('keeps what is asked for, and every byte of what has none', () => {
    const text = JSON.stringify({
      choices: [{ text: 'x', logprobs: { token_logprobs: [-0.1, null] } }],
    });
    const own = reader(false, false);
    expect(own.read(Buffer.from(text)).toString()).toBe(text);
    expect(own).toMatchObject({ text: 'x', tokens: 1 });
    const bytes = Buffer.from('{"choices":[{"logprobs":null}]}');
    expect(reader(false).read(bytes)).toBe(bytes);
  });

  test('of the responses surface: text, calls, a refusal and its end', () => {
    const own = reader(false);
    own.read(
      Buffer.from(
        JSON.stringify({
          object: 'response',
          status: 'incomplete',
          incomplete_details: { reason: 'max_output_tokens' },
          output: [
            { type: 'message', content: [{ type: 'output_text', text: 'a' }, { type: 'refusal' }] },
            { type: 'function_call', name: 'f', arguments: '{}' },
          ],
        }),
      ),
    );
    expect(own).toMatchObject({ text: 'a', hasRefused: true, finishReason: 'length' });
    expect(own.calls).toEqual([{ name: 'f', arguments: '{}' }]);
  });

  test('that is no JSON, or no object, says nothing and goes on as it is', () => {
    for (const text of ['', '[1]', '{"choices":', 'null', '{"choices":[1,{"delta":3}]}']) {
      const bytes = Buffer.from(text);
      expect(reader(false).read(bytes)).toBe(bytes);
    }
  });
});

describe('a stream', () => {
  test('is read event by event; calls are put together from their pieces', () => {
    const own = reader(true);
    const call = (index: number, fn: object): object => ({ tool_calls: [{ index, function: fn }] });
    const out = own.read(
      Buffer.from(
        chunk({ role: 'assistant', content: '' }) +
          chunk({ content: 'a' }, { logprobs: logprobs(-1) }) +
          chunk(call(0, { name: 'f', arguments: '{"x' })) +
          chunk(call(0, { arguments: '":1}' })) +
          chunk(call(7, { name: 'far' })) +
          'data: [DONE]\n\n',
      ),
    );
    expect(out.toString()).not.toContain('-1');
    expect(out.toString().match(/"logprobs":null/g)).toHaveLength(5);
    expect(own.calls).toEqual([{ name: 'f', arguments: '{"x":1}' }]);
    expect(own).toMatchObject({ text: 'a', tokens: 1, finishReason: null });
  });

  test('keeps no more of a text than its bound', () => {
    const own = reader(true);
    for (let i = 0; i < 5; i++) own.read(Buffer.from(chunk({ content: 'x'.repeat(100_000) })));
    expect(own.text.length).toBeLessThanOrEqual(256 * 1024);
    expect(own.isWhole).toBe(false);
  });

  test('impossible and unreadable log-probabilities do no harm', () => {
    const own = reader(true);
    own.read(Buffer.from(chunk({ content: 'a' }, { logprobs: logprobs(-9999, 1, Number.NaN) })));
    expect(own).toMatchObject({ tokens: 1, logprobMin: -20 });
  });

  test('hiding takes nothing else away, whatever the rest of the events is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), fc.json(), fc.boolean()), { maxLength: 8 }),
        (parts) => {
          const made = (isHidden: boolean): string =>
            parts
              .map(([content, more, hasLogprobs]) =>
                chunk(
                  { content, more: JSON.parse(more) as unknown },
                  hasLogprobs && !isHidden ? { logprobs: logprobs(-0.25) } : {},
                ),
              )
              .join('');
          const out = reader(true).read(Buffer.from(made(false)));
          const parse = (text: string): unknown[] =>
            text
              .split('\n\n')
              .filter(Boolean)
              .map((event) => JSON.parse(event.slice(6)) as unknown);
          expect(parse(out.toString())).toEqual(parse(made(true)));
        },
      ),
    );
  });
});
