import { describe, expect, test } from 'vitest';
import type {
  Decision,
  FixedAnswer,
  Mandate,
  ResponseSink,
  Surface,
  Workload,
} from '../contract/index.ts';
import { scanBody } from '../wire/index.ts';
import { lookUpFixed, replayFixed } from './index.ts';

interface Ask {
  readonly surface: Surface;
  readonly isStream?: boolean;
  readonly wantsStreamUsage?: boolean;
  readonly choices?: number;
  readonly answer?: FixedAnswer;
}

const TEXT = 'We are "closed".\n😀';

const PLAIN: FixedAnswer = { kind: 'text', text: TEXT, url: null };

function ask(asked: Ask, answer: FixedAnswer | null = asked.answer ?? PLAIN) {
  const { surface, isStream = false, wantsStreamUsage = false, choices = 1 } = asked;
  const workload = {
    id: 'd-1',
    surface,
    isStream,
    wantsStreamUsage,
    choices,
    requestedModel: 'auto',
    receivedAtMs: 5_000,
    body: scanBody(Buffer.from('{"model":"auto","input":"hi"}')),
  } as Partial<Workload> as Workload;
  const mandate = { route: 'closed', mode: 'economy', answer } as Partial<Mandate> as Mandate;
  const hit = lookUpFixed(workload, mandate);
  return { workload, mandate, hit };
}

function replay(asked: Ask) {
  const { hit, workload, mandate } = ask(asked);
  const chunks: Buffer[] = [];
  let ends = 0;
  let head: Readonly<Record<string, string>> = {};
  let status = 0;
  const sink: ResponseSink = {
    onStart: (code, headers) => {
      status = code;
      head = headers;
    },
    onData: (chunk) => chunks.push(chunk) > 0,
    onEnd: () => void ends++,
    onError: (error) => {
      throw error;
    },
  };
  replayFixed({ workload, mandate } as Partial<Decision> as Decision, hit!, sink);
  expect(ends).toBe(1);
  expect(status).toBe(200);
  expect(head['x-bourse-route']).toBe('closed');
  return { head, text: Buffer.concat(chunks).toString() };
}

const dataOf = (text: string): Record<string, never>[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as Record<string, never>);

describe('a fixed answer', () => {
  test('is a hit where the route has one', () => {
    expect(ask({ surface: 'chat' }, null).hit).toBeNull();
    expect(ask({ surface: 'embeddings' }).hit).toBeNull();
    expect(ask({ surface: 'chat' }).hit).not.toBeNull();
  });

  test('has the shape of a chat completion', () => {
    const { head, text } = replay({ surface: 'chat' });
    expect(head['content-type']).toBe('application/json');
    expect(head['x-bourse-charged-usd']).toBe('0.000000000000');
    expect(JSON.parse(text)).toEqual({
      id: 'chatcmpl-d-1',
      object: 'chat.completion',
      created: 5,
      model: 'auto',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: TEXT },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    });
  });

  test('has the shape of a completion', () => {
    const answer: unknown = JSON.parse(replay({ surface: 'completions' }).text);
    expect(answer).toMatchObject({
      object: 'text_completion',
      choices: [{ text: TEXT, finish_reason: 'stop' }],
    });
  });

  test('has the shape of a response', () => {
    const answer: unknown = JSON.parse(replay({ surface: 'responses' }).text);
    expect(answer).toMatchObject({
      object: 'response',
      status: 'completed',
      output: [{ type: 'message', content: [{ type: 'output_text', text: TEXT }] }],
    });
  });

  test.each([false, true])('streams as chat chunks (usage asked for: %s)', (wantsStreamUsage) => {
    const { head, text } = replay({ surface: 'chat', isStream: true, wantsStreamUsage });
    expect(head['content-type']).toBe('text/event-stream');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    const events = dataOf(text);
    expect(events.length).toBe(wantsStreamUsage ? 3 : 2);
    expect(events[0]).toMatchObject({
      object: 'chat.completion.chunk',
      choices: [{ delta: { role: 'assistant', content: TEXT }, finish_reason: null }],
    });
    expect(events[1]).toMatchObject({ choices: [{ delta: {}, finish_reason: 'stop' }] });
  });

  test('streams as completion chunks', () => {
    const events = dataOf(replay({ surface: 'completions', isStream: true }).text);
    expect(events[0]).toMatchObject({ object: 'text_completion', choices: [{ text: TEXT }] });
    expect(events[1]).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
  });

  test('streams as events of the responses surface', () => {
    const { text } = replay({ surface: 'responses', isStream: true });
    const types = dataOf(text).map(({ type }) => type);
    expect(types[0]).toBe('response.created');
    expect(types).toContain('response.output_text.delta');
    expect(types.at(-1)).toBe('response.completed');
    expect(text).not.toContain('[DONE]');
  });

  test('answers as often as was asked', () => {
    const whole = JSON.parse(replay({ surface: 'chat', choices: 3 }).text) as { choices: object[] };
    expect(whole.choices).toMatchObject([{ index: 0 }, { index: 1 }, { index: 2 }]);
    const { text } = replay({ surface: 'completions', isStream: true, choices: 2 });
    expect(dataOf(text).flatMap(({ choices }) => choices)).toMatchObject([
      { index: 0, text: TEXT },
      { index: 0, finish_reason: 'stop' },
      { index: 1, text: TEXT },
      { index: 1, finish_reason: 'stop' },
    ]);
  });

  describe('that refuses', () => {
    const answer: FixedAnswer = { kind: 'refusal', text: 'No.', url: null };

    test('says so where chat has refusals', () => {
      expect(JSON.parse(replay({ surface: 'chat', answer }).text)).toMatchObject({
        choices: [{ message: { content: null, refusal: 'No.' }, finish_reason: 'stop' }],
      });
      const [first] = dataOf(replay({ surface: 'chat', isStream: true, answer }).text);
      expect(first).toMatchObject({ choices: [{ delta: { role: 'assistant', refusal: 'No.' } }] });
    });

    test('and where responses have them; completions have none', () => {
      expect(JSON.parse(replay({ surface: 'responses', answer }).text)).toMatchObject({
        output: [{ content: [{ type: 'refusal', refusal: 'No.' }] }],
      });
      const { text } = replay({ surface: 'responses', isStream: true, answer });
      expect(dataOf(text).map(({ type }) => type)).toContain('response.refusal.delta');
      expect(JSON.parse(replay({ surface: 'completions', answer }).text)).toMatchObject({
        choices: [{ text: 'No.' }],
      });
    });
  });

  test('that redirects marks the address as a source', () => {
    const url = 'https://example.com/help';
    const answer: FixedAnswer = { kind: 'text', text: `See 😀 ${url}`, url };
    const whole = JSON.parse(replay({ surface: 'chat', answer }).text) as {
      choices: { message: { content: string; annotations: { url_citation: Source }[] } }[];
    };
    const { content, annotations } = whole.choices[0]!.message;
    const { start_index: start, end_index: end } = annotations[0]!.url_citation;
    expect(content.slice(start, end)).toBe(url);
    const response: unknown = JSON.parse(replay({ surface: 'responses', answer }).text);
    expect(response).toMatchObject({
      output: [{ content: [{ text: answer.text, annotations: [{ type: 'url_citation', url }] }] }],
    });
    const { text } = replay({ surface: 'responses', isStream: true, answer });
    expect(text).toContain(url);
  });
});

interface Source {
  readonly start_index: number;
  readonly end_index: number;
}
