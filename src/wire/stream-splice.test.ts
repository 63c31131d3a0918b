import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { handedBack } from './begun-answer.ts';
import { createSseTap } from './sse-tap.ts';
import { StreamSplice } from './stream-splice.ts';

type Surface = 'chat' | 'completions';

interface Part {
  readonly number: number;
  readonly tokens: readonly string[];
  readonly isCut: boolean;
  readonly promptTokens: number;
  readonly finishesWithText: boolean;
  /** The role comes with the first text, not before it. */
  readonly isRoleWithText: boolean;
  readonly lineEnd: string;
}

const choiceOf = (surface: Surface, text: string, reason: string | null, role = {}): object =>
  surface === 'chat'
    ? { index: 0, delta: { ...role, content: text }, finish_reason: reason }
    : { index: 0, text, finish_reason: reason };

/** The bytes of one part, as a server writes them. */
function bytesOf(surface: Surface, part: Part): Buffer {
  const object = surface === 'chat' ? 'chat.completion.chunk' : 'text_completion';
  const envelope = { id: `c${part.number}`, object, created: part.number, model: 'm' };
  const event = (value: object): string =>
    `data: ${JSON.stringify({ ...envelope, ...value })}${part.lineEnd}${part.lineEnd}`;
  const { tokens } = part;
  const reason = part.isCut ? 'length' : 'stop';
  let text = `: ping${part.lineEnd}${part.lineEnd}`;
  const role = { role: 'assistant' };
  if (surface === 'chat' && !part.isRoleWithText) {
    text += event({ choices: [choiceOf(surface, '', null, role)] });
  }
  for (const [i, token] of tokens.entries()) {
    const isFinish = part.finishesWithText && i === tokens.length - 1;
    const first = part.isRoleWithText && i === 0 ? role : {};
    text += event({ choices: [choiceOf(surface, token, isFinish ? reason : null, first)] });
  }
  if (!part.finishesWithText || tokens.length === 0) {
    text += event({ choices: [choiceOf(surface, '', reason)] });
  }
  const usage = {
    prompt_tokens: part.promptTokens,
    completion_tokens: tokens.length,
    total_tokens: part.promptTokens + tokens.length,
  };
  text += event({ choices: [], usage });
  return Buffer.from(`${text}data: [DONE]${part.lineEnd}${part.lineEnd}`);
}

/** Tokens behind the first `length` characters. */
function after(tokens: readonly string[], length: number): string[] {
  const rest: string[] = [];
  let at = 0;
  for (const token of tokens) {
    if (at + token.length > length) rest.push(token.slice(Math.max(0, length - at)));
    at += token.length;
  }
  return rest;
}

interface Run {
  readonly surface: Surface;
  readonly tokens: readonly string[];
  /** Limits of the first parts; the last part has none. */
  readonly limits: readonly number[];
  /** Where the bytes of each part are torn, as shares of their length. */
  readonly tears: readonly number[];
  readonly finishesWithText: boolean;
  /** The role comes with the first text, not before it. */
  readonly isRoleWithText: boolean;
  readonly lineEnd: string;
}

/** Hands the bytes to a tap, torn. */
function feed(
  tap: ReturnType<typeof createSseTap>,
  bytes: Buffer,
  tears: readonly number[],
  pass: (passed: Buffer) => void,
): void {
  const places = tears.map((share) => Math.floor(share * bytes.length));
  let from = 0;
  for (const to of [...places.sort((a, b) => a - b), bytes.length]) {
    const passed = tap.push(Buffer.from(bytes.subarray(from, to)));
    if (passed !== null) pass(passed);
    from = to;
  }
  const rest = tap.flush();
  if (rest !== null) pass(rest);
}

/** What the client gets, and how many tokens were written in all. */
function runOf(run: Run): {
  readonly bytes: Buffer;
  readonly written: number;
  readonly parts: number;
} {
  const splice = new StreamSplice(run.surface);
  const out: Buffer[] = [];
  const keep = (chunk: Buffer | null): void => void (chunk !== null && out.push(chunk));
  let begun = '';
  let written = 0;
  for (let number = 1; ; number++) {
    const left = after(run.tokens, begun.length);
    const limit = run.limits[number - 1] ?? Infinity;
    const tokens = left.slice(0, limit);
    const isCut = left.length > limit;
    written += tokens.length;
    const { finishesWithText, isRoleWithText, lineEnd } = run;
    const form = { finishesWithText, isRoleWithText, lineEnd };
    const part = { number, tokens, isCut, promptTokens: 7, ...form };
    const bytes = bytesOf(run.surface, part);
    feed(createSseTap({ hideUsage: false }), bytes, run.tears, (passed) =>
      keep(splice.push(passed)),
    );
    if (!isCut) {
      keep(splice.finish());
      return { bytes: Buffer.concat(out), written, parts: number };
    }
    const text = handedBack(run.surface, splice.text);
    keep(splice.next(text === '' ? 'restart' : 'continue'));
    if (text === '') written = 0;
    begun = text;
  }
}

interface Chunk {
  readonly id: string;
  readonly created: number;
  readonly choices: readonly {
    readonly delta?: { readonly role?: string; readonly content?: string };
    readonly text?: string;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: unknown;
}

function read(bytes: Buffer) {
  const payloads = bytes
    .toString()
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice(6));
  const chunks = payloads
    .filter((payload) => payload !== '[DONE]')
    .map((payload) => JSON.parse(payload) as Chunk);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  return {
    text: choices.map(({ delta, text }) => delta?.content ?? text ?? '').join(''),
    roles: choices.filter(({ delta }) => delta?.role !== undefined).length,
    finishes: choices.flatMap(({ finish_reason: reason }) => (reason === null ? [] : [reason])),
    names: [...new Set(chunks.map(({ id, created }) => `${id} ${created}`))],
    usages: chunks.flatMap(({ usage }) => (usage === undefined ? [] : [usage])),
    dones: payloads.length - chunks.length,
    last: payloads.at(-1),
  };
}

const token = fc.oneof(
  fc.constantFrom('a', ' b', '\n\n', '  ', '"q"', '\\', 'ü', '😀', '[DONE]', 'data: x\n\n', '.'),
  fc.string({ minLength: 1, maxLength: 5, unit: 'grapheme' }),
);
const run = fc.record({
  surface: fc.constantFrom<Surface>('chat', 'completions'),
  // Of an answer that is nothing but space, nothing can be handed back.
  tokens: fc.array(token, { minLength: 1, maxLength: 24 }).map((tokens) => ['x', ...tokens]),
  limits: fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 5 }),
  tears: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
  finishesWithText: fc.boolean(),
  isRoleWithText: fc.boolean(),
  lineEnd: fc.constantFrom('\n', '\r\n'),
});

describe('parts of an answer, wherever they are cut and however they are torn', () => {
  test('are one stream: the text of an uncut answer, one end, one usage', () => {
    fc.assert(
      fc.property(run, (given) => {
        const { bytes, written } = runOf(given);
        expect(read(bytes)).toEqual({
          text: given.tokens.join(''),
          roles: given.surface === 'chat' ? 1 : 0,
          finishes: ['stop'],
          names: ['c1 1'],
          usages: [{ prompt_tokens: 7, completion_tokens: written, total_tokens: 7 + written }],
          dones: 1,
          last: '[DONE]',
        });
      }),
      { numRuns: 300 },
    );
  });

  test('an answer of one part is the bytes that come without it', () => {
    fc.assert(
      fc.property(run, (given) => {
        const { surface, tokens, finishesWithText, isRoleWithText, lineEnd } = given;
        const form = { finishesWithText, isRoleWithText, lineEnd };
        const part = { number: 1, tokens, isCut: false, promptTokens: 7, ...form };
        const plain: Buffer[] = [];
        feed(createSseTap({ hideUsage: false }), bytesOf(surface, part), given.tears, (passed) =>
          plain.push(passed),
        );
        expect(runOf({ ...given, limits: [] }).bytes).toEqual(Buffer.concat(plain));
      }),
      { numRuns: 200 },
    );
  });
});
