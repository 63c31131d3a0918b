import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSseTap } from './sse-tap.ts';

type Tap = ReturnType<typeof createSseTap>;

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const frame = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const delta = (fields: unknown, rest: object = {}): string =>
  frame({
    id: 'c',
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: fields, finish_reason: null }],
    ...rest,
  });
const FINISH = frame({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const USAGE_ONLY = frame({ id: 'c', choices: [], usage: USAGE });
const DONE = 'data: [DONE]\n\n';

/** Pushes the text in pieces that end at the given offsets. */
function run(tap: Tap, text: string | Buffer, cuts: readonly number[] = []): string {
  const bytes = Buffer.from(text);
  const ends = [
    ...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length]),
  ].toSorted((a, b) => a - b);
  const out: Buffer[] = [];
  let from = 0;
  for (const end of ends) {
    const forwarded = tap.push(Buffer.from(bytes.subarray(from, end)));
    if (forwarded !== null) out.push(forwarded);
    from = end;
  }
  const rest = tap.flush();
  if (rest !== null) out.push(rest);
  return Buffer.concat(out).toString();
}

/** Blank lines more or less are no difference: a chunk may end between CR and LF. */
const shown = (out: string): string =>
  out
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/\n{2,}/g, '\n\n')
    .trim();

const stateOf = (tap: Tap): unknown => ({
  events: tap.events,
  contentEvents: tap.contentEvents,
  hasContent: tap.hasContent,
  usage: tap.usage,
  finishReason: tap.finishReason,
  isDone: tap.isDone,
  errorFrame: tap.errorFrame,
});

describe('what passes', () => {
  test('whole events in one chunk go on as the same buffer', () => {
    const tap = createSseTap({ hideUsage: true });
    const one = Buffer.from(delta({ content: 'a' }));
    const two = Buffer.from(delta({ content: 'b' }) + delta({ content: 'c' }, { usage: null }));
    expect(tap.push(one)).toBe(one);
    expect(tap.push(two)).toBe(two);
    expect(tap.contentEvents).toBe(3);
  });

  test('however a stream is cut, the same bytes come out and the same is known of it', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        '\n\n',
        '"usage":{"prompt_tokens":1}',
        'data: [DONE]',
        '"error"',
        '\\',
        'x'.repeat(70),
      ),
    );
    const event = fc.oneof(
      text.map((content) => delta({ content }, { usage: null })),
      text.map((content) => delta({ role: 'assistant', content }, { usage: USAGE })),
      text.map((name) =>
        delta({ tool_calls: [{ index: 0, function: { name, arguments: '{}' } }] }),
      ),
      fc.constantFrom(
        FINISH,
        USAGE_ONLY,
        ': ping\n\n',
        'event: x\nid: 1\ndata: {"choices":[]}\n\n',
        '\n',
      ),
      fc.constantFrom('data: [1]\n\n', 'data:{"choices":\ndata: []}\n\n', 'retry: 10\n\n'),
    );
    const breaks = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        breaks,
        fc.boolean(),
        (events, cuts, lineBreak, hideUsage) => {
          const stream = events.join('').replaceAll('\n', lineBreak);
          const whole = createSseTap({ hideUsage });
          const cut = createSseTap({ hideUsage });
          const expected = run(whole, stream);
          const actual = run(cut, stream, cuts);
          expect(shown(actual)).toBe(shown(expected));
          expect(stateOf(cut)).toEqual(stateOf(whole));
          if (!hideUsage && !stream.includes(`:${lineBreak}data`))
            expect(shown(expected)).toBe(shown(stream));
          if (hideUsage) expect(payloads(expected).filter((chunk) => chunk?.usage)).toEqual([]);
          expect(whole.contentEvents).toBe(payloads(stream).filter(carriesContent).length);
          const usages = payloads(stream).filter((chunk) => chunk?.usage);
          expect(whole.usage?.outputTokens).toBe(usages.length > 0 ? 5 : undefined);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('an empty chunk between two halves of a blank line changes nothing', () => {
    const tap = createSseTap({ hideUsage: false });
    const text = delta({ content: 'a' });
    expect(tap.push(Buffer.from(text.slice(0, -1)))).toBeNull();
    expect(tap.push(Buffer.alloc(0))).toBeNull();
    expect(tap.push(Buffer.from('\n'))?.toString()).toBe(text);
  });

  test('an event is held until its blank line has come', () => {
    const tap = createSseTap({ hideUsage: false });
    const text = delta({ content: 'hello' });
    for (const byte of Buffer.from(text.slice(0, -1)))
      expect(tap.push(Buffer.from([byte]))).toBeNull();
    expect(tap.events).toBe(0);
    expect(tap.push(Buffer.from('\n'))?.toString()).toBe(text);
  });
});

interface Chunk {
  choices?: { delta?: Record<string, unknown> }[];
  usage?: unknown;
}

function payloads(stream: string): (Chunk | null)[] {
  const events = stream.replaceAll(/\r\n?/g, '\n').split('\n\n');
  return events.flatMap((event) => {
    const data = event.split('\n').filter((line) => line.startsWith('data:'));
    if (data.length === 0) return [];
    try {
      return [JSON.parse(data.map((line) => line.slice(5)).join('\n')) as Chunk];
    } catch {
      return [null];
    }
  });
}

function carriesContent(chunk: Chunk | null): boolean {
  const fields = chunk?.choices?.[0]?.delta ?? {};
  return Boolean(fields['content']) || Array.isArray(fields['tool_calls']);
}

describe('usage', () => {
  test('is read, and hidden from a client that did not ask', () => {
    const stream = delta({ content: 'a' }) + FINISH + USAGE_ONLY + DONE;
    const hiding = createSseTap({ hideUsage: true });
    expect(run(hiding, stream)).toBe(delta({ content: 'a' }) + FINISH + DONE);
    const usage = { promptTokens: 10, cachedTokens: 0, outputTokens: 5, isEstimated: false };
    expect(hiding.usage).toEqual(usage);
    const showing = createSseTap({ hideUsage: false });
    expect(run(showing, stream)).toBe(stream);
    expect(showing.usage).toEqual(usage);
  });

  test('on a chunk with choices, the member alone is cut, wherever it stands', () => {
    const choices = [{ index: 0, delta: { content: 'a' }, finish_reason: null }];
    for (const chunk of [
      { choices, usage: USAGE },
      { usage: USAGE, choices },
      { id: 'x', usage: USAGE, choices },
    ]) {
      const tap = createSseTap({ hideUsage: true });
      const { usage: _usage, ...rest } = chunk;
      expect(run(tap, frame(chunk) + DONE)).toBe(frame(rest) + DONE);
      expect(tap.usage?.outputTokens).toBe(5);
      expect(tap.contentEvents).toBe(1);
    }
  });

  test('of an event that goes over several lines, too', () => {
    const tap = createSseTap({ hideUsage: true });
    const spread = `data: {"choices":[{"delta":\ndata:{"content":"a"}}],\ndata: "usage":${JSON.stringify(USAGE)}}\n\n`;
    const [chunk] = payloads(run(tap, spread));
    expect(chunk).toEqual({ choices: [{ delta: { content: 'a' } }] });
    expect([tap.events, tap.contentEvents, tap.usage?.outputTokens]).toEqual([1, 1, 5]);
  });

  test('in the text of an answer is no usage', () => {
    const tap = createSseTap({ hideUsage: true });
    const nested = delta({ content: '"usage":{"prompt_tokens":9}', usage: USAGE });
    expect(run(tap, nested)).toBe(nested);
    expect(tap.usage).toBeNull();
  });

  test('of every dialect, cached tokens included; the last one counts', () => {
    const tap = createSseTap({ hideUsage: false });
    run(
      tap,
      USAGE_ONLY +
        frame({
          choices: [],
          usage: {
            prompt_tokens: 9,
            completion_tokens: 2,
            prompt_tokens_details: { cached_tokens: 8 },
          },
        }),
    );
    expect(tap.usage).toEqual({
      promptTokens: 9,
      cachedTokens: 8,
      outputTokens: 2,
      isEstimated: false,
    });
    const odd = createSseTap({ hideUsage: false });
    run(odd, frame({ choices: [], usage: { prompt_tokens: -1, completion_tokens: 1e300 } }));
    expect(odd.usage).toBeNull();
  });
});

describe('content', () => {
  test.each([
    [{ role: 'assistant' }, false],
    [{ role: 'assistant', content: '' }, false],
    [{ content: null, tool_calls: [] }, false],
    [{ content: ' ' }, true],
    [{ reasoning: 'a' }, true],
    [{ reasoning_content: 'a' }, true],
    [{ refusal: 'no' }, true],
    [{ tool_calls: [{ index: 0 }] }, true],
    [{ function_call: { name: 'f' } }, true],
    [{ provider: 'x' }, false],
  ])('%j: %s', (fields, expected) => {
    const tap = createSseTap({ hideUsage: false });
    run(tap, delta(fields));
    expect(tap.hasContent).toBe(expected);
  });

  test('the text of a completion, and a delta of the responses surface', () => {
    for (const chunk of [
      { choices: [{ index: 0, text: 'a' }] },
      { type: 'response.output_text.delta', delta: 'a' },
    ]) {
      const tap = createSseTap({ hideUsage: false });
      run(tap, frame(chunk));
      expect(tap.contentEvents).toBe(1);
    }
  });
});

describe('the end', () => {
  test('[DONE] and the finish reason', () => {
    const tap = createSseTap({ hideUsage: false });
    run(tap, FINISH);
    expect([tap.finishReason, tap.isDone]).toEqual(['stop', false]);
    run(tap, DONE);
    expect(tap.isDone).toBe(true);
  });

  test('a last event that lacks only its blank line is completed, a broken one is dropped', () => {
    for (const last of ['data: [DONE]', 'data: [DONE]\n', DONE]) {
      const tap = createSseTap({ hideUsage: false });
      expect(run(tap, FINISH + last).trimEnd()).toBe(`${FINISH}data: [DONE]`);
      expect(tap.isDone).toBe(true);
    }
    for (const last of [
      'data: {"choices":[{"delta":{"content":"ab',
      'da',
      'event: x',
      'data: [DO',
    ]) {
      const tap = createSseTap({ hideUsage: false });
      expect(run(tap, FINISH + last)).toBe(FINISH);
      expect(tap.isDone).toBe(false);
    }
    const tap = createSseTap({ hideUsage: false });
    expect(run(tap, delta({ content: 'a' }).trimEnd())).toBe(delta({ content: 'a' }));
  });

  test('the responses surface: its terminal event has usage and end', () => {
    const event = (type: string, response: object): string =>
      `event: ${type}\n${frame({ type, sequence_number: 1, response })}`;
    const usage = { input_tokens: 7, input_tokens_details: { cached_tokens: 3 }, output_tokens: 2 };
    const tap = createSseTap({ hideUsage: true });
    const stream = event('response.created', { status: 'in_progress', usage: null, error: null });
    expect(run(tap, stream)).toBe(stream);
    expect(tap.isDone).toBe(false);
    const last = event('response.incomplete', {
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      usage,
    });
    expect(run(tap, last)).toBe(last);
    expect([tap.isDone, tap.finishReason]).toEqual([true, 'length']);
    expect(tap.usage).toEqual({
      promptTokens: 7,
      cachedTokens: 3,
      outputTokens: 2,
      isEstimated: false,
    });
  });
});

describe('an error frame', () => {
  test.each([
    { error: { message: 'boom', code: 500 } },
    { error: 'boom', error_type: 'generation' },
    { object: 'error', message: 'boom', type: 'x', code: 400 },
    { type: 'error', message: 'boom', code: 'x' },
    { type: 'response.failed', response: { status: 'failed', error: { message: 'boom' } } },
  ])('%j is kept from the client, and what follows it too', (error) => {
    const tap = createSseTap({ hideUsage: false });
    const before = delta({ content: 'a' });
    expect(run(tap, before + frame(error) + DONE)).toBe(before);
    expect(JSON.parse(tap.errorFrame!)).toEqual(error);
    expect(tap.push(Buffer.from(DONE))).toBeNull();
    expect(tap.flush()).toBeNull();
    expect(tap.isDone).toBe(false);
  });

  test('is none where `error` is null, or a word of the answer', () => {
    const tap = createSseTap({ hideUsage: false });
    const stream = delta({ content: '{"error":{"message":"x"}}' }, { error: null });
    expect(run(tap, stream)).toBe(stream);
    expect(tap.errorFrame).toBeNull();
  });

  test('an event without end is one, and is let go of', () => {
    const tap = createSseTap({ hideUsage: false });
    const piece = Buffer.alloc(64 * 1024, 'x');
    tap.push(Buffer.from('data: {"a":"'));
    for (let i = 0; i < 65; i++) expect(tap.push(piece)).toBeNull();
    expect(tap.errorFrame).toContain('larger than');
  });

  test('a long event in tiny pieces is searched once, not once per piece', () => {
    const tap = createSseTap({ hideUsage: false });
    const text = delta({ content: 'y'.repeat(1_000_000) });
    const bytes = Buffer.from(text);
    const out: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 20) {
      const forwarded = tap.push(bytes.subarray(at, at + 20));
      if (forwarded !== null) out.push(forwarded);
    }
    expect(Buffer.concat(out).equals(bytes)).toBe(true);
  });
});
