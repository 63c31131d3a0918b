import { describe, expect, test } from 'vitest';
import type { AttemptsResult, BourseEvent, ResponseSink, ToolRule } from '../contract/index.ts';
import { createResponsesStream, scanBody } from '../wire/index.ts';
import { behindGuards, guardSink, openGuard } from './index.ts';

type Json = Record<string, unknown>;

const rule = (over: Partial<ToolRule> = {}): ToolRule => ({
  source: 'constraint no-shell',
  text: 'tools deny shell',
  permits: (name) => name !== 'shell' && name !== 'web_search',
  onDeclared: 'cut',
  onHistory: 'keep',
  onCall: 'drop',
  message: 'Closed.',
  ...over,
});

const TOOLS = [
  { type: 'function', function: { name: 'search' } },
  { type: 'function', name: 'look' },
  { type: 'computer_use_preview' },
];

function open(surface: 'chat' | 'responses', isStream: boolean, rules = [rule()]) {
  const events: BourseEvent[] = [];
  const body = scanBody(Buffer.from(JSON.stringify({ tools: TOOLS, model: 'm' })));
  const workload = { id: 'd-1' as never, body, surface, isStream, choices: 1 };
  const tools = { rules, cut: [], cutBytes: 0, shown: [] };
  return { guard: openGuard({ tools }, workload, (event) => events.push(event))!, events, body };
}

/** A client that writes down what it hears. */
class Heard implements ResponseSink {
  readonly told: string[] = [];
  text = '';
  onStart(status: number): void {
    this.told.push(`start ${status}`);
  }
  onData(chunk: Buffer): boolean {
    this.text += chunk.toString();
    return true;
  }
  onEnd(): void {
    this.told.push('end');
  }
  onError(error: Error): void {
    this.told.push(`error ${(error as { code?: string }).code}`);
  }
}

interface Served {
  readonly heard: Heard;
  readonly result: AttemptsResult;
  readonly events: readonly BourseEvent[];
  readonly aborts: number;
}

/** Pushes an answer through a guarded sink, as the attempts do. */
function serve(
  surface: 'chat' | 'responses',
  answer: string,
  isStream = false,
  rules = [rule()],
): Served {
  const { guard, events } = open(surface, isStream, rules);
  const heard = new Heard();
  let aborts = 0;
  let result: AttemptsResult | null = null;
  const run = behindGuards((_decision, _held, sink, onDone) => {
    const flow = { pause: () => {}, resume: () => {}, abort: () => void aborts++ };
    const done = { status: 'ok', httpStatus: 200 } as AttemptsResult;
    const type = isStream ? 'text/event-stream' : 'application/json';
    sink.onStart(200, { 'content-type': type }, flow);
    sink.onData(Buffer.from(answer));
    if (aborts > 0) sink.onError(new Error('aborted'));
    else sink.onEnd();
    onDone(done);
    return flow;
  });
  run(null as never, null, guardSink(guard, heard), (done) => {
    result = done;
  });
  return { heard, result: result!, events, aborts };
}

const call = (name: string, args = '{}') => ({
  id: 'c',
  type: 'function',
  function: { name, arguments: args },
});
const chat = (message: Json, finish = 'tool_calls'): string =>
  JSON.stringify({
    id: 'x',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: null, ...message },
        finish_reason: finish,
      },
    ],
  });

describe('a whole answer of the chat surface', () => {
  test('keeps its bytes where every call may pass', () => {
    const answer = ` ${chat({ tool_calls: [call('search', '{"x":1e400}')] })}\n`;
    expect(serve('chat', answer).heard).toMatchObject({ text: answer, told: ['start 200', 'end'] });
  });

  test('loses denied and undeclared calls', () => {
    const tool_calls = [call('shell', 'hidden'), call('search'), call('nowhere')];
    const { heard, events } = serve('chat', chat({ tool_calls }));
    expect(JSON.parse(heard.text)).toMatchObject({
      choices: [
        { message: { tool_calls: [call('search')], content: null }, finish_reason: 'tool_calls' },
      ],
    });
    expect(heard.text).not.toContain('hidden');
    expect(events).toMatchObject([{ source: 'constraint no-shell' }, { source: 'undeclared' }]);
  });

  test.each([
    ['tool_calls', { tool_calls: [call('shell')] }],
    ['function_call', { function_call: { name: 'shell', arguments: 'hidden' } }],
    ['stop', { tool_calls: [{ type: 'custom', custom: { name: 'shell', input: 'hidden' } }] }],
    ['length', { tool_calls: ['shell'] }],
  ])('says why nothing is left (%s)', (finish, message) => {
    const { heard } = serve('chat', chat(message, finish));
    const { choices } = JSON.parse(heard.text) as { choices: Json[] };
    expect(choices[0]).toEqual({
      index: 0,
      message: { role: 'assistant', content: expect.any(String) },
      finish_reason: finish === 'length' ? 'length' : 'stop',
    });
  });

  test('block withholds it: an error from the status on, and the ledger says so', () => {
    const { heard, result } = serve('chat', chat({ tool_calls: [call('shell')] }), false, [
      rule({ onCall: 'block' }),
    ]);
    expect(heard).toMatchObject({ text: '', told: ['error BRS_TOOL_CALLED'] });
    expect(result).toMatchObject({ status: 'failed', httpStatus: 403 });
  });

  test('one that cannot be read, and speaks of calls, is withheld', () => {
    expect(serve('chat', '{"tool_calls":}').heard.told).toEqual(['error BRS_TOOL_CALLED']);
    expect(serve('chat', '{"error":1}').heard.text).toBe('{"error":1}');
  });
});

describe('a whole answer of the responses surface', () => {
  const answer = (...output: Json[]): string =>
    JSON.stringify({ id: 'resp_1', object: 'response', status: 'completed', output });

  test('loses denied calls, the provider’s own too', () => {
    const { heard } = serve(
      'responses',
      answer(
        { type: 'reasoning', id: 'r' },
        { type: 'web_search_call', id: 'w' },
        { type: 'function_call', name: 'look', arguments: '{}' },
        { type: 'computer_call', id: 'k' },
        { type: 'mcp_call', name: 'x', arguments: 'hidden' },
      ),
    );
    const { output } = JSON.parse(heard.text) as { output: Json[] };
    expect(output.map(({ type }) => type)).toEqual(['reasoning', 'function_call', 'computer_call']);
  });

  test('says why nothing is left', () => {
    const { heard } = serve(
      'responses',
      answer({ type: 'custom_tool_call', name: 'shell', input: 'x' }),
    );
    expect(JSON.parse(heard.text)).toMatchObject({
      output: [
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Closed.' }] },
      ],
    });
  });
});

describe('a stream of the responses surface', () => {
  /** As the exchange itself makes one of chat. */
  function streamOf(...deltas: Json[]): string {
    const { body } = open('responses', true);
    const translation = createResponsesStream({ id: 'd-1', createdAtSeconds: 1, request: body });
    const chunk = (delta: Json, finish: string | null) =>
      `data: ${JSON.stringify({ model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const text = [
      ...deltas.map((delta) => chunk(delta, null)),
      chunk({}, 'tool_calls'),
      'data: [DONE]\n\n',
    ].join('');
    return Buffer.concat([
      translation.push(Buffer.from(text))!,
      translation.end(null) ?? Buffer.alloc(0),
    ]).toString();
  }
  const calling = (index: number, name: string, args: string): Json => ({
    tool_calls: [{ index, ...call(name, args) }],
  });
  const eventsOf = (text: string): Json[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => JSON.parse(line.slice(6)) as Json);

  test('passes as it came where every call may pass', () => {
    const stream = streamOf({ content: 'Hi.' }, calling(0, 'look', '{"a":1}'));
    expect(serve('responses', stream, true).heard.text).toBe(stream);
  });

  test('what comes after a denied call moves up', () => {
    const stream = streamOf(
      { content: 'Hi.' },
      calling(0, 'shell', 'hidden'),
      calling(1, 'look', '{}'),
    );
    const { heard } = serve('responses', stream, true);
    expect(heard.text).not.toContain('hidden');
    const events = eventsOf(heard.text);
    const items = events.filter(({ type }) => type === 'response.output_item.done');
    expect(items.map(({ output_index: at, item }) => [at, (item as Json)['type']])).toEqual([
      [0, 'message'],
      [1, 'function_call'],
    ]);
    const { output } = events.at(-1)!['response'] as { output: Json[] };
    expect(output).toMatchObject([{ type: 'message' }, { type: 'function_call', name: 'look' }]);
  });

  test('says why nothing is left, event by event', () => {
    const { heard } = serve('responses', streamOf(calling(0, 'shell', 'hidden')), true);
    const events = eventsOf(heard.text);
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const numbers = events.map(({ sequence_number: number }) => number as number);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(events.at(-1)).toMatchObject({
      response: { output: [{ content: [{ text: 'Closed.' }] }] },
    });
  });

  test('arguments of a call that never began belong to nobody', () => {
    const orphan =
      'event: response.function_call_arguments.delta\ndata: {"type":"response.function_call_arguments.delta","output_index":3,"delta":"hidden"}\n\n';
    expect(serve('responses', orphan, true).heard.text).toBe('');
  });

  test('block ends it, and gives up the instance', () => {
    const { heard, result, aborts } = serve(
      'responses',
      streamOf({ content: 'Hi.' }, calling(0, 'shell', 'x')),
      true,
      [rule({ onCall: 'block' })],
    );
    expect(aborts).toBe(1);
    expect(heard.told).toEqual(['start 200', 'error BRS_TOOL_CALLED']);
    expect(heard.text).toContain('Hi.');
    expect(result.status).toBe('cut');
  });
});

test('no guard is the sink itself', () => {
  const heard = new Heard();
  expect(guardSink(null, heard)).toBe(heard);
});
