import { describe, expect, test } from 'vitest';
import type { ResponseSink } from '../contract/index.ts';
import { assertTerminalOnce } from './terminal-once.ts';

const FLOW = { pause: () => {}, resume: () => {}, abort: () => {} };
const DATA = Buffer.from('x');

function recorded(): { readonly sink: ResponseSink; readonly heard: string[] } {
  const heard: string[] = [];
  const sink = assertTerminalOnce({
    onStart: (status) => void heard.push(`start ${status}`),
    onData: (chunk) => heard.push(chunk.toString()) > 100,
    onEnd: () => void heard.push('end'),
    onError: (error) => void heard.push(error.message),
  });
  return { sink, heard };
}

describe('assertTerminalOnce', () => {
  test('passes a proper answer on', () => {
    const { sink, heard } = recorded();
    sink.onStart(200, {}, FLOW);
    expect(sink.onData(DATA)).toBe(false);
    sink.onEnd();
    expect(heard).toEqual(['start 200', 'x', 'end']);
  });

  test('an error may come at any time before the end', () => {
    const early = recorded();
    early.sink.onError(new Error('no'));
    expect(early.heard).toEqual(['no']);
    const late = recorded();
    late.sink.onStart(200, {}, FLOW);
    late.sink.onError(new Error('cut'));
    expect(late.heard).toEqual(['start 200', 'cut']);
  });

  const breaches: readonly (readonly [string, (sink: ResponseSink) => void])[] = [
    ['data before the start', (sink) => sink.onData(DATA)],
    ['an end before the start', (sink) => sink.onEnd()],
    ['a second start', (sink) => [sink.onStart(200, {}, FLOW), sink.onStart(200, {}, FLOW)]],
    ['a second end', (sink) => [sink.onStart(200, {}, FLOW), sink.onEnd(), sink.onEnd()]],
    [
      'an error after the end',
      (sink) => [sink.onStart(200, {}, FLOW), sink.onEnd(), sink.onError(new Error('x'))],
    ],
    ['data after an error', (sink) => [sink.onError(new Error('x')), sink.onData(DATA)]],
  ];
  test.each(breaches)('%s does not reach the sink', (_name, breach) => {
    const { sink, heard } = recorded();
    expect(() => breach(sink)).toThrow('invariant');
    expect(heard.filter((word) => word === 'end' || word === 'x').length).toBeLessThan(2);
  });
});
