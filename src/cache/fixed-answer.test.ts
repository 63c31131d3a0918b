import { describe, expect, test } from 'vitest';
import type { Decision, Mandate, ResponseSink, Surface, Workload } from '../contract/index.ts';
import { scanBody } from '../wire/index.ts';
import { lookUpFixed, replayFixed } from './index.ts';

interface Ask {
  readonly surface: Surface;
  readonly isStream?: boolean;
  readonly wantsStreamUsage?: boolean;
}

const TEXT = 'We are "closed".\n😀';

function ask(
  { surface, isStream = false, wantsStreamUsage = false }: Ask,
  answer: string | null = TEXT,
) {
  const workload = {
    id: 'd-1',
    surface,
    isStream,
    wantsStreamUsage,
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
});
