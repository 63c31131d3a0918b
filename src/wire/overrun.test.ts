import { describe, expect, test } from 'vitest';
import type { Injection, Surface, Workload } from '../contract/index.ts';
import { isPlainAnswer, overrunOf } from './overrun.ts';
import type { OverrunAsk } from './overrun.ts';
import { scanBody } from './scan-body.ts';

const INJECTION: Injection = {
  systemPrompt: null,
  reasoning: null,
  maxOutputTokens: null,
  fields: [],
};

function isPlain(
  fields: string,
  {
    surface = 'chat',
    injection = INJECTION,
    role = 'user',
    choices = 1,
  }: {
    readonly surface?: Surface;
    readonly injection?: Injection;
    readonly role?: string;
    readonly choices?: number;
  } = {},
): boolean {
  const body = scanBody(Buffer.from(`{"model":"m","messages":[],${fields}}`));
  const messages = () => [{ role, text: '', hasToolCalls: false }];
  const workload: Partial<Workload> = { surface, body, choices, messages };
  return isPlainAnswer(workload as Workload, injection);
}

describe('an answer may be cut at any place', () => {
  test.each([
    '"temperature":0,"top_p":1,"stream":true,"stream_options":{"include_usage":true},"user":"u"',
    '"max_tokens":null,"tools":[],"stop":null,"frequency_penalty":0,"logprobs":false,"n":1',
    '"chat_template_kwargs":{"enable_thinking":false}',
  ])('with %s', (fields) => {
    expect(isPlain(fields)).toBe(true);
  });

  test.each([
    '"tools":[{"type":"function"}]',
    '"functions":[{}]',
    '"response_format":{"type":"json_object"}',
    '"structured_outputs":{"regex":"a"}',
    '"guided_json":{"type":"object"}',
    '"stop":"x"',
    '"seed":1',
    '"logprobs":true',
    '"presence_penalty":0.5',
    '"min_tokens":900',
    '"ignore_eos":true',
    '"continue_final_message":true',
    '"echo":true',
    '"something_new":{"a":1}',
  ])('but not with %s', (fields) => {
    expect(isPlain(fields)).toBe(false);
  });

  test('but not several at once, nor one that the client has begun', () => {
    expect(isPlain('"top_p":1', { choices: 2 })).toBe(false);
    expect(isPlain('"top_p":1', { role: 'assistant' })).toBe(false);
  });

  test('and not where the policy itself gives it a form', () => {
    const fields = [{ path: ['response_format', 'type'], json: '"json_object"' }];
    expect(isPlain('"top_p":1', { injection: { ...INJECTION, fields } })).toBe(false);
    const harmless = [{ path: ['temperature'], json: '0' }];
    expect(isPlain('"top_p":1', { injection: { ...INJECTION, fields: harmless } })).toBe(true);
  });

  test('a completion of one text only', () => {
    expect(isPlain('"prompt":"a"', { surface: 'completions' })).toBe(true);
    expect(isPlain('"prompt":["a","b"]', { surface: 'completions' })).toBe(false);
    expect(isPlain('"prompt":[1,2]', { surface: 'completions' })).toBe(false);
  });
});

describe('what becomes of one that is cut', () => {
  const ask = (more: Partial<OverrunAsk>, fields = ''): OverrunAsk => ({
    body: scanBody(Buffer.from(`{"messages":[]${fields}}`)),
    isStream: true,
    surface: 'chat',
    model: { reasoning: null },
    effort: null,
    continuesChat: true,
    ...more,
  });

  test.each<[string, OverrunAsk, ReturnType<typeof overrunOf>]>([
    ['an engine that can goes on', ask({}), 'continue'],
    ['unstreamed too', ask({ isStream: false }), 'continue'],
    ['another cannot, in a stream', ask({ continuesChat: false }), null],
    ['another begins anew, unstreamed', ask({ continuesChat: false, isStream: false }), 'restart'],
    [
      'completions go on anywhere',
      ask({ surface: 'completions', continuesChat: false }),
      'continue',
    ],
    ['responses of the server itself', ask({ surface: 'responses', isStream: false }), null],
    [
      'a model that is told not to think',
      ask({ model: { reasoning: 'qwen3' }, effort: 'off' }),
      'continue',
    ],
    ['one that may think', ask({ model: { reasoning: 'qwen3' } }), null],
    [
      'one that thinks',
      ask({ model: { reasoning: 'qwen3' }, effort: 'high', isStream: false }),
      'restart',
    ],
    [
      'one that cannot but think',
      ask({ model: { reasoning: 'deepseek-r1' }, effort: 'off' }),
      null,
    ],
    ['a client that speaks of thinking', ask({}, ',"reasoning_effort":"high"'), null],
  ])('%s', (_, given, expected) => {
    expect(overrunOf(given)).toBe(expected);
  });
});
