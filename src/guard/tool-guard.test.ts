import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BourseEvent, Guard, ToolRule } from '../contract/index.ts';
import { scanBody } from '../wire/index.ts';
import { openGuard } from './index.ts';

type Json = Record<string, unknown>;

const rule = (over: Partial<ToolRule> = {}): ToolRule => ({
  source: 'constraint no-shell',
  text: 'tools deny shell',
  permits: (name) => name !== 'shell' && !name.startsWith('db_'),
  onDeclared: 'cut',
  onHistory: 'keep',
  onCall: 'drop',
  message: null,
  ...over,
});

const functionTool = (name: string) => ({ type: 'function', function: { name } });

interface Setup {
  readonly surface?: 'chat' | 'responses';
  readonly isStream?: boolean;
  readonly choices?: number;
  readonly rules?: readonly ToolRule[];
  readonly tools?: readonly unknown[];
}

function open(setup: Setup = {}): { readonly guard: Guard; readonly events: BourseEvent[] } {
  const { surface = 'chat', isStream = true, choices = 1, rules = [rule()] } = setup;
  const tools = setup.tools ?? ['get_weather', 'search', 'shell'].map(functionTool);
  const events: BourseEvent[] = [];
  const workload = {
    id: 'd-1' as never,
    body: scanBody(Buffer.from(JSON.stringify({ tools }))),
    surface,
    isStream,
    choices,
  };
  const plan = { rules, cut: [], cutBytes: 0, shown: [] };
  const guard = openGuard({ tools: plan }, workload, (event) => events.push(event))!;
  return { guard, events };
}

/** What comes out when the bytes go in cut at the given places. */
function through(guard: Guard, bytes: Buffer, cuts: readonly number[] = []): string {
  const places = [0, ...cuts.filter((at) => at > 0 && at < bytes.length), bytes.length].sort(
    (a, b) => a - b,
  );
  let out = '';
  for (let i = 1; i < places.length; i++) {
    const chunk = Buffer.from(bytes.subarray(places[i - 1], places[i]));
    out += guard.onData(chunk)?.toString('latin1') ?? '';
  }
  out += guard.onEnd()?.toString('latin1') ?? '';
  return Buffer.from(out, 'latin1').toString();
}

const frame = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' };
const sse = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const delta = (content: Json, finish: string | null = null, index = 0): string =>
  sse({ ...frame, choices: [{ index, delta: content, logprobs: null, finish_reason: finish }] });
const piece = (index: number, over: Json): Json => ({ tool_calls: [{ index, ...over }] });
const begin = (index: number, name: string, args = ''): Json =>
  piece(index, { id: `call_${index}`, type: 'function', function: { name, arguments: args } });
const more = (index: number, args: string): Json => piece(index, { function: { arguments: args } });
const DONE = 'data: [DONE]\n\n';

interface Answer {
  readonly content: string;
  readonly role: string;
  readonly finish: string | null;
  readonly calls: readonly { readonly name: string; readonly arguments: string }[];
}

/** What a client makes of a stream: it joins names and arguments by index, as the official ones do. */
function read(text: string): ReadonlyMap<number, Answer> {
  const seen = new Map<
    number,
    { content: string; role: string; finish: string | null; calls: Json[] }
  >();
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (!line.startsWith('data: {')) continue;
    const chunk = JSON.parse(line.slice(6)) as { choices?: Json[] };
    for (const choice of chunk.choices ?? []) {
      const index = choice['index'] as number;
      const own = seen.get(index) ?? { content: '', role: '', finish: null, calls: [] };
      seen.set(index, own);
      const said = choice['delta'] as Json;
      own.content += (said['content'] as string | null) ?? '';
      own.role += (said['role'] as string | undefined) ?? '';
      own.finish = (choice['finish_reason'] as string | null) ?? own.finish;
      for (const call of (said['tool_calls'] ?? []) as Json[]) {
        const place = call['index'] as number;
        expect(place).toBeLessThanOrEqual(own.calls.length);
        const grown = (own.calls[place] ??= { name: '', arguments: '' });
        const body = (call['function'] ?? {}) as Json;
        grown['name'] = `${grown['name'] as string}${(body['name'] as string | undefined) ?? ''}`;
        grown['arguments'] =
          `${grown['arguments'] as string}${(body['arguments'] as string | undefined) ?? ''}`;
      }
    }
  }
  return seen as unknown as ReadonlyMap<number, Answer>;
}

describe('a stream of the chat surface', () => {
  test('passes as it came where every call may pass', () => {
    const stream = [
      delta({ role: 'assistant', content: '' }),
      delta(begin(0, 'get_weather')),
      delta(more(0, '{"city":')),
      delta(more(0, '"Paris"}')),
      delta(begin(1, 'search', '{}')),
      delta({}, 'tool_calls'),
      sse({ ...frame, choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }),
      DONE,
    ].join('');
    const { guard, events } = open();
    expect(through(guard, Buffer.from(stream))).toBe(stream);
    expect(events).toEqual([]);
  });

  test('loses a denied call, and says why nothing is left', () => {
    const usage = sse({ ...frame, choices: [], usage: { prompt_tokens: 1 } });
    const stream = [
      delta({ role: 'assistant', content: null, ...begin(0, 'shell') }),
      delta(more(0, '{"cmd":"rm -rf /"}')),
      delta({}, 'tool_calls'),
      usage,
      DONE,
    ].join('');
    const { guard, events } = open({ rules: [rule({ message: 'No shell here.' })] });
    const out = through(guard, Buffer.from(stream));
    expect(out).not.toContain('rm -rf');
    expect(out).not.toContain('shell"');
    expect(read(out).get(0)).toEqual({
      content: 'No shell here.',
      role: 'assistant',
      finish: 'stop',
      calls: [],
    });
    expect(out.endsWith(usage + DONE)).toBe(true);
    expect(events).toEqual([
      {
        kind: 'tool-call-guarded',
        decision: 'd-1',
        source: 'constraint no-shell',
        action: 'drop',
        tool: 'shell',
      },
    ]);
  });

  test('keeps the text beside a denied call, and says nothing of its own', () => {
    const stream = [
      delta({ role: 'assistant', content: 'Let me see.' }),
      delta(begin(0, 'shell', '{"secret":1}')),
      delta({}, 'tool_calls'),
      DONE,
    ].join('');
    const out = through(open().guard, Buffer.from(stream));
    expect(read(out).get(0)).toMatchObject({ content: 'Let me see.', finish: 'stop', calls: [] });
  });

  test('numbers the calls after a denied one anew', () => {
    const stream = [
      delta(begin(0, 'shell', '{}')),
      delta(begin(1, 'search')),
      delta(more(1, '{"q":1}')),
      delta(begin(2, 'db_drop', '{}')),
      delta(begin(3, 'get_weather', '{}')),
      delta({}, 'tool_calls'),
    ].join('');
    expect(read(through(open().guard, Buffer.from(stream))).get(0)).toMatchObject({
      finish: 'tool_calls',
      calls: [
        { name: 'search', arguments: '{"q":1}' },
        { name: 'get_weather', arguments: '{}' },
      ],
    });
  });

  test('holds a call whose name comes in pieces, and one whose arguments come first', () => {
    const stream = [
      delta(piece(0, { id: 'a', function: { name: 'sh' } })),
      delta(piece(0, { function: { name: 'ell' } })),
      delta(more(0, '{"hidden":1}')),
      delta(piece(1, { id: 'b', function: { arguments: '{"q":' } })),
      delta(piece(1, { function: { name: 'search' } })),
      delta(more(1, '2}')),
      delta({}, 'tool_calls'),
    ].join('');
    const out = through(open().guard, Buffer.from(stream));
    expect(out).not.toContain('hidden');
    expect(read(out).get(0)!.calls).toEqual([{ name: 'search', arguments: '{"q":2}' }]);
  });

  test('a name cannot grow once its arguments have begun', () => {
    const tools = ['sh', 'search'].map(functionTool);
    const stream = [
      delta(begin(0, 'sh')),
      delta(more(0, '{')),
      delta(piece(0, { function: { name: 'ell' } })),
      delta(more(0, '}')),
      delta({}, 'tool_calls'),
    ].join('');
    const out = through(open({ tools }).guard, Buffer.from(stream));
    expect(read(out).get(0)!.calls).toEqual([{ name: 'sh', arguments: '{}' }]);
  });

  test('a tool that was not declared is no tool', () => {
    const stream = [delta(begin(0, 'get_wether', '{}')), delta({}, 'tool_calls'), DONE].join('');
    const { guard, events } = open();
    const out = through(guard, Buffer.from(stream));
    expect(read(out).get(0)).toMatchObject({ finish: 'stop', calls: [] });
    expect(events).toMatchObject([{ source: 'undeclared', tool: 'get_wether' }]);
  });

  test('the old form of calls', () => {
    const stream = [
      delta({ role: 'assistant', function_call: { name: 'shell', arguments: '' } }),
      delta({ function_call: { arguments: '{"x":"hidden"}' } }),
      delta({}, 'function_call'),
    ].join('');
    const out = through(open().guard, Buffer.from(stream));
    expect(out).not.toContain('hidden');
    expect(read(out).get(0)).toMatchObject({ role: 'assistant', finish: 'stop' });
  });

  test('choices do not mix', () => {
    const stream = [
      delta({ role: 'assistant' }, null, 0),
      delta({ role: 'assistant' }, null, 1),
      delta(begin(0, 'shell', '{"hidden":1}'), null, 1),
      delta(begin(0, 'search', '{"q":1}'), null, 0),
      delta({}, 'tool_calls', 1),
      delta({}, 'tool_calls', 0),
    ].join('');
    const out = through(open({ choices: 2 }).guard, Buffer.from(stream));
    expect(out).not.toContain('hidden');
    expect(read(out).get(0)).toMatchObject({ finish: 'tool_calls', calls: [{ name: 'search' }] });
    expect(read(out).get(1)).toMatchObject({ finish: 'stop', calls: [], role: 'assistant' });
  });

  test('engines that give every call the same index', () => {
    const same = (id: string, name: string, args: string): string =>
      delta(piece(0, { id, type: 'function', function: { name, arguments: args } }));
    const stream = [same('a', 'shell', '{"hidden":1}'), same('b', 'search', '{}')].join('');
    const out = through(open().guard, Buffer.from(stream + delta({}, 'tool_calls')));
    expect(out).not.toContain('hidden');
    expect(read(out).get(0)!.calls).toEqual([{ name: 'search', arguments: '{}' }]);
  });

  test('block ends the answer where the call begins', () => {
    const stream = [
      delta({ role: 'assistant', content: 'Well, ' }),
      delta(begin(0, 'shell', '{"hidden":1}')),
      delta({ content: 'after' }),
      DONE,
    ].join('');
    const { guard, events } = open({ rules: [rule({ onCall: 'block' })] });
    const out = through(guard, Buffer.from(stream));
    expect(out).toBe(delta({ role: 'assistant', content: 'Well, ' }));
    expect(guard.fault).toMatchObject({ code: 'BRS_TOOL_CALLED', httpStatus: 403 });
    expect(events).toMatchObject([{ action: 'block' }]);
  });

  test('allow asks for no guard, and neither does a plan without rules', () => {
    const workload = {
      id: 'd-1' as never,
      body: scanBody(Buffer.from('{}')),
      surface: 'chat' as const,
      isStream: true,
      choices: 1,
    };
    const none = { cut: [1], cutBytes: 1, shown: [] };
    const allow = { ...none, rules: [rule({ onCall: 'allow' })] };
    expect(openGuard({ tools: null }, workload, () => {})).toBeNull();
    expect(openGuard({ tools: { ...none, rules: [] } }, workload, () => {})).toBeNull();
    expect(openGuard({ tools: allow }, workload, () => {})).toBeNull();
  });

  test('an event that cannot be read is taken out where it speaks of calls', () => {
    const { guard } = open();
    const broken = 'data: {"choices":[{"delta":{"tool_calls":[{"function":{"name":"shell"}\n\n';
    expect(through(guard, Buffer.from(`: ping\n\n${broken}data: {oh\n\n`))).toBe(
      ': ping\n\ndata: {oh\n\n',
    );
  });

  test('a body that is no stream passes: the instance said what the client did wrong', () => {
    const body = '{"error":{"message":"no tool_calls here"}}';
    expect(through(open().guard, Buffer.from(body), [5, 20])).toBe(body);
  });
});

const PERMITTED = ['get_weather', 'search'];
const DENIED = ['shell', 'db_drop', 'nowhere', 'get', 'searchx'];
const call = fc.record({
  name: fc.constantFrom(...PERMITTED, ...DENIED),
  arguments: fc.string({ unit: 'grapheme', maxLength: 12 }),
  nameCut: fc.nat(8),
  argumentCuts: fc.array(fc.nat(12), { maxLength: 3 }),
  startsWithArguments: fc.boolean(),
});
const choiceOf = fc.record({
  text: fc.constantFrom('', '', 'Some "tool_calls" text. ', 'ä→😀 _call'),
  reasoning: fc.constantFrom('', 'Thinking about function_call.'),
  calls: fc.array(call, { maxLength: 4 }),
  isJoined: fc.boolean(),
});
type Spoken = typeof choiceOf extends fc.Arbitrary<infer T> ? T : never;

/** Arguments that can be told apart in any bytes. */
const argumentsOf = (choice: number, place: number, name: string, text: string): string =>
  JSON.stringify({ mark: `<${choice}.${place}.${name}>`, text });

function deltasOf(choice: number, { text, reasoning, calls, isJoined }: Spoken): Json[] {
  const deltas: Json[] = [{ role: 'assistant', content: '' }];
  if (reasoning !== '') deltas.push({ reasoning });
  if (text !== '') deltas.push({ content: text });
  for (const [place, spoken] of calls.entries()) {
    const { name, nameCut, argumentCuts, startsWithArguments } = spoken;
    const args = argumentsOf(choice, place, name, spoken.arguments);
    const cuts = [0, ...argumentCuts.map((at) => Math.min(at, args.length)), args.length];
    cuts.sort((a, b) => a - b);
    const head = { id: `id${place}`, type: 'function' };
    if (startsWithArguments) {
      deltas.push(piece(place, { ...head, function: { name, arguments: args } }));
      continue;
    }
    deltas.push(
      piece(place, { ...head, function: { name: name.slice(0, nameCut), arguments: '' } }),
    );
    if (nameCut < name.length)
      deltas.push(piece(place, { function: { name: name.slice(nameCut) } }));
    for (let i = 1; i < cuts.length; i++)
      deltas.push(more(place, args.slice(cuts[i - 1], cuts[i])));
  }
  if (!isJoined || deltas.length < 3) return deltas;
  const [first, second, ...rest] = deltas;
  return [{ ...first, ...second }, ...rest];
}

/** The events of several choices, dealt out by `order`. */
function streamOf(choices: readonly Spoken[], order: readonly number[]): string {
  const queues = choices.map((choice, index) => [
    ...deltasOf(index, choice).map((each) => delta(each, null, index)),
    delta({}, choice.calls.length > 0 ? 'tool_calls' : 'stop', index),
  ]);
  let out = '';
  for (let turn = 0; queues.some((queue) => queue.length > 0); turn++) {
    const wanted = queues[(order[turn % Math.max(1, order.length)] ?? 0) % queues.length]!;
    out += (wanted.length > 0 ? wanted : queues.find((queue) => queue.length > 0)!).shift()!;
  }
  return `${out}${DONE}`;
}

function expected(index: number, { text, calls }: Spoken): Answer {
  const left = calls.flatMap((each, place) =>
    PERMITTED.includes(each.name)
      ? [{ name: each.name, arguments: argumentsOf(index, place, each.name, each.arguments) }]
      : [],
  );
  const isEmpty = left.length === 0 && calls.length > 0;
  return {
    role: 'assistant',
    content: isEmpty && text === '' ? 'The tool that was called is not available here.' : text,
    finish: left.length > 0 ? 'tool_calls' : 'stop',
    calls: left,
  };
}

describe('any stream in any chunks', () => {
  test('the client sees the permitted calls, and no byte of another', () => {
    fc.assert(
      fc.property(
        fc.array(choiceOf, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(9), { maxLength: 12 }),
        fc.array(fc.nat(4000), { maxLength: 20 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        (choices, order, cuts, newline) => {
          const stream = streamOf(choices, order).replaceAll('\n', newline);
          const { guard } = open({ choices: choices.length });
          const out = through(guard, Buffer.from(stream), cuts);
          const seen = read(out);
          for (const [index, choice] of choices.entries()) {
            expect(seen.get(index)).toEqual(expected(index, choice));
            for (const [place, { name }] of choice.calls.entries()) {
              if (!PERMITTED.includes(name))
                expect(out).not.toContain(`<${index}.${place}.${name}>`);
            }
          }
          expect(out.trimEnd().endsWith('[DONE]')).toBe(true);
          const isClean = choices.every(({ calls }) =>
            calls.every(({ name }) => PERMITTED.includes(name)),
          );
          // Held events go out later than others of other choices: only one choice keeps its order.
          if (isClean && choices.length === 1) expect(out).toBe(stream);
        },
      ),
      { numRuns: 300 },
    );
  }, 30_000);
});
