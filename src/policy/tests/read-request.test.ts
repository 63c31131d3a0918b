import { describe, expect, test } from 'vitest';
import { readOfflineRequest } from './read-request.ts';

describe('reads', () => {
  test.each([
    [
      'a text with all that goes with it',
      { text: 'x', roles: ['a'], tenant: 't', at: '2026-11-21T22:30:00Z' },
    ],
    ['a body', { body: { model: 'm', messages: [] } }],
    ['so many bytes', { bytes: 12 }],
    [
      'assumptions of every kind',
      {
        text: '',
        assume: {
          domain: 'math',
          complexity: 0.5,
          'keyword: x': true,
          role: ['a'],
          language: null,
          intent: { value: { a: 0.5 }, confidence: 0.6 },
        },
      },
    ],
    [
      'a fleet',
      { text: 'x', fleet: { a: { lifecycle: 'down' }, b: { queue: 3, running: 1, kvUsage: 0.5 } } },
    ],
  ])('%s', (_name, request) => {
    expect(readOfflineRequest(request)).toEqual({ kind: 'request', request });
  });

  test("a client's body as it is", () => {
    const body = { model: 'auto', messages: [{ role: 'user', content: 'hi' }], temperature: 1 };
    expect(readOfflineRequest(body)).toEqual({ kind: 'request', request: { body } });
    expect(readOfflineRequest({ prompt: 'hi' })).toMatchObject({
      request: { body: { prompt: 'hi' } },
    });
  });

  test('names of headers in lower case', () => {
    const read = readOfflineRequest({ text: 'x', headers: { 'X-Env': 'Prod' } });
    expect(read).toMatchObject({ request: { headers: { 'x-env': 'Prod' } } });
  });
});

describe('refuses, and says where', () => {
  test.each([
    ['nothing', {}, 'the request', 'must have one of text, body and bytes'],
    ['two', { text: 'x', bytes: 3 }, 'the request', 'must have one of text, body and bytes'],
    ['no object', [1], 'the request', 'must be a mapping, not a list'],
    ['tools beside a body', { body: {}, tools: ['f'] }, 'tools', 'stand in the body'],
    ['an unknown key', { text: 'x', role: 'a' }, 'role', 'did you mean "roles"?'],
    ['no time', { text: 'x', at: 'noon' }, 'at', 'must be a quoted time'],
    [
      'a time without an offset',
      { text: 'x', at: '2026-11-21T22:30:00' },
      'at',
      'must be a quoted time',
    ],
    [
      'a deep value',
      { text: 'x', assume: { domain: { math: [1] } } },
      'assume.domain',
      'must be a value of a signal',
    ],
    [
      'a wrong state',
      { text: 'x', fleet: { a: { lifecycle: 'dwn' } } },
      'fleet.a.lifecycle',
      'did you mean "down"?',
    ],
    ['an unknown surface', { text: 'x', surface: 'chats' }, 'surface', 'did you mean "chat"?'],
  ])('%s', (_name, value, place, reason) => {
    const read = readOfflineRequest(value);
    expect(read).toMatchObject({ kind: 'wrong', place });
    expect((read as { reason: string }).reason).toContain(reason);
  });
});
