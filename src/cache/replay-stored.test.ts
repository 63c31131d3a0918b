import { describe, expect, test } from 'vitest';
import { entryNamed } from '../../test/contract/cache-store.contract.ts';
import type { Decision, FlowController, Mandate } from '../contract/index.ts';
import type { ResponseSink, StoredHit, Surface, Workload } from '../contract/index.ts';
import { createVirtualClock } from '../kernel/index.ts';
import { AnswerReader, scanBody } from '../wire/index.ts';
import { replayStored } from './replay-stored.ts';

const TEXT = 'Zoë sends it back 😀 within "a month".\n'.repeat(20);

interface Asked {
  readonly surface?: Surface;
  readonly isStream?: boolean;
  readonly isPaced?: boolean;
  readonly similarity?: number | null;
}

function replay({ surface = 'chat', isStream = false, isPaced = false, similarity = null }: Asked) {
  const clock = createVirtualClock();
  const entry = entryNamed('d-1');
  const answer = { ...entry.answer, text: TEXT, ttftMs: 200, totalMs: 2_000 };
  const hit: StoredHit = {
    kind: 'stored-hit',
    entry: { ...entry, answer },
    ageMs: 2_500,
    similarity,
  };
  const workload = {
    id: 'd-2',
    surface,
    isStream,
    wantsStreamUsage: true,
    requestedModel: 'auto',
    receivedAtMs: 5_000,
    body: scanBody(Buffer.from('{"model":"auto","input":"hi"}')),
  } as Partial<Workload> as Workload;
  const mandate = { route: 'faq', mode: 'eco', cache: { isPaced } } as unknown as Mandate;
  const chunks: Buffer[] = [];
  let head: Readonly<Record<string, string>> = {};
  let ends = 0;
  let isFull = false;
  const sink: ResponseSink = {
    onStart: (_status, headers) => {
      head = headers;
    },
    onData: (chunk) => {
      chunks.push(chunk);
      return !isFull;
    },
    onEnd: () => void ends++,
    onError: (error) => {
      throw error;
    },
  };
  const start = (): FlowController =>
    replayStored({ workload, mandate } as Partial<Decision> as Decision, hit, sink, clock);
  return {
    clock,
    start,
    chunks,
    fill: (full: boolean) => {
      isFull = full;
    },
    head: () => head,
    ends: () => ends,
    said: () => {
      const reader = new AnswerReader({ isStream, hidesLogprobs: false });
      reader.read(Buffer.concat(chunks));
      return reader;
    },
  };
}

describe('a stored answer', () => {
  test.each([
    ['chat', false],
    ['chat', true],
    ['completions', false],
    ['completions', true],
    ['responses', false],
    ['responses', true],
  ] as const)('says on %s (streamed: %s) what was said', (surface, isStream) => {
    const one = replay({ surface, isStream });
    one.start();
    expect(one.ends()).toBe(1);
    expect(one.said()).toMatchObject({ text: TEXT, finishReason: 'stop' });
    expect(one.head()).toMatchObject({ 'x-bourse-cache': 'hit', 'x-bourse-cache-age': '2' });
  });

  test('tells how near its question was', () => {
    const one = replay({ similarity: 0.987654 });
    one.start();
    expect(one.head()).toMatchObject({
      'x-bourse-cache': 'semantic',
      'x-bourse-cache-similarity': '0.9877',
    });
    expect(Buffer.concat(one.chunks).toString()).toContain('"similarity":0.987654');
  });

  test('takes its time where the route says so', () => {
    const one = replay({ isStream: true, isPaced: true });
    one.start();
    expect(one.chunks).toHaveLength(0);
    one.clock.advance(1_100);
    const half = one.chunks.length;
    expect(half).toBeGreaterThan(20);
    expect(one.ends()).toBe(0);
    one.clock.advance(1_500);
    expect(one.ends()).toBe(1);
    expect(one.chunks.length).toBeGreaterThan(1.5 * half);
    expect(one.said().text).toBe(TEXT);
  });

  test('waits while the client takes nothing, and ends when it has left', () => {
    const one = replay({ isStream: true });
    one.fill(true);
    const flow = one.start();
    expect(one.chunks).toHaveLength(1);
    expect(one.ends()).toBe(0);
    flow.resume();
    expect(one.chunks).toHaveLength(2);
    flow.abort();
    flow.resume();
    one.clock.advance(10_000);
    expect(one.chunks).toHaveLength(2);
    expect(one.ends()).toBe(0);
  });
});
