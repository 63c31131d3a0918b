import { expect, test } from 'vitest';
import { instanceAt } from '../../fixtures/local-server.ts';
import { llamaCpp } from './engine.ts';

const OPEN = '<|im_start|>user\nSay bourse.<|im_end|>\n<|im_start|>assistant\nbourse';
const said = (prompt: unknown): string => JSON.stringify({ prompt });

const probe = llamaCpp.featureProbes!(instanceAt('http://127.0.0.1:1')).find(
  ({ path }) => path === '/apply-template',
)!;

test.each<[what: string, status: number, text: string, continuesChat: boolean | null]>([
  ['leaves the answer open', 200, said(OPEN), true],
  [
    'ends the answer, and would write another',
    200,
    said(`${OPEN}<|im_end|>\n<|im_start|>assistant\n`),
    false,
  ],
  ['ends it without a mark', 200, said(`${OPEN}\n`), false],
  [
    'has a model that thinks',
    500,
    '{"error":{"message":"incompatible with enable_thinking"}}',
    false,
  ],
  ['does not have the path', 404, '{}', false],
  ['says something else', 200, said(null), false],
  ['says nothing that can be read', 200, '<html>', false],
  ['is loading', 503, '{}', null],
  ['does not take the key', 401, '{}', null],
])('a server that %s (%i)', (_, status, text, continuesChat) => {
  const read = probe.read(status, text);
  expect(read === null ? null : read.continuesChat).toBe(continuesChat);
});

test('is asked with what a continuation has, and to write nothing', () => {
  expect(JSON.parse(probe.body!)).toEqual({
    messages: [
      { role: 'user', content: 'Say bourse.' },
      { role: 'assistant', content: 'bourse' },
    ],
    continue_final_message: true,
    add_generation_prompt: false,
  });
});
