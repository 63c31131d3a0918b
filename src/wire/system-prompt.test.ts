import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SystemPrompt } from '../contract/index.ts';
import { trickyText } from './fixtures/json-bodies.ts';
import { scanBody } from './scan-body.ts';
import { systemPromptEdit } from './system-prompt.ts';

function edit(body: unknown, mode: SystemPrompt['mode'], text = 'Be "brief".'): unknown {
  const bytes = systemPromptEdit(scanBody(Buffer.from(JSON.stringify(body))), { mode, text });
  return bytes === null ? null : JSON.parse(bytes.toString());
}
const MODES = ['replace', 'prepend', 'append'] as const;
const user = { role: 'user', content: 'hi' };

describe('systemPromptEdit', () => {
  test.each(MODES)('puts a message in front where there is none (%s)', (mode) => {
    const system = { role: 'system', content: 'Be "brief".' };
    expect(edit({ messages: [user] }, mode)).toEqual([system, user]);
    expect(edit({ messages: [] }, mode)).toEqual([system]);
  });

  test.each([
    ['replace', 'Be "brief".'],
    ['prepend', 'Be "brief".\n\nOld \\ one.'],
    ['append', 'Old \\ one.\n\nBe "brief".'],
  ] as const)('edits the string of the first system or developer message (%s)', (mode, content) => {
    for (const role of ['system', 'developer']) {
      const messages = [user, { role, content: 'Old \\ one.', name: 'x' }, user];
      expect(edit({ messages }, mode)).toEqual([user, { role, content, name: 'x' }, user]);
    }
  });

  test.each([
    ['replace', 'Be "brief".'],
    [
      'prepend',
      [
        { type: 'text', text: 'Be "brief".' },
        { type: 'text', text: 'Old' },
      ],
    ],
    [
      'append',
      [
        { type: 'text', text: 'Old' },
        { type: 'text', text: 'Be "brief".' },
      ],
    ],
  ] as const)('edits a content of parts (%s)', (mode, content) => {
    const messages = [{ role: 'system', content: [{ type: 'text', text: 'Old' }] }, user];
    expect(edit({ messages }, mode)).toEqual([{ role: 'system', content }, user]);
  });

  test.each(MODES)('fills a content that is empty, null or missing (%s)', (mode) => {
    for (const content of ['', null, undefined]) {
      const messages = [{ role: 'system', content }];
      expect(edit({ messages }, mode)).toEqual([{ role: 'system', content: 'Be "brief".' }]);
    }
  });

  test.each([
    ['replace', 'new'],
    ['prepend', 'new\n\nold'],
    ['append', 'old\n\nnew'],
  ] as const)('gives the instructions of a responses request (%s)', (mode, expected) => {
    expect(edit({ input: 'x', instructions: 'old' }, mode, 'new')).toBe(expected);
    expect(edit({ input: 'x' }, mode, 'new')).toBe('new');
  });

  test('is not put off by what stands twice in a message', () => {
    const body = '{"messages":[{"x":1,"x":2,"role":"system","content":"old","y\\u0041":3}]}';
    const edited = systemPromptEdit(scanBody(Buffer.from(body)), { mode: 'replace', text: 'new' });
    expect(edited?.toString()).toBe(body.slice(12, -1).replace('old', 'new'));
  });

  test('has nothing to edit without messages', () => {
    expect(edit({ prompt: 'x' }, 'replace')).toBeNull();
    expect(edit({ messages: 'x' }, 'replace')).toBeNull();
  });

  test('any texts come out as they went in', () => {
    const text = trickyText.filter((it) => it !== '');
    fc.assert(
      fc.property(text, text, text, (old, added, question) => {
        const messages = [
          { role: 'system', content: old },
          { role: 'user', content: question },
        ];
        const [system, last] = edit({ messages }, 'append', added) as { content: string }[];
        expect(system?.content).toBe(wellFormed(`${old}\n\n${added}`));
        expect(last?.content).toBe(wellFormed(question));
      }),
      { numRuns: 300 },
    );
  });
});

const wellFormed = (text: string): string =>
  JSON.parse(Buffer.from(JSON.stringify(text)).toString()) as string;
