import { expect, test } from 'vitest';
import type { Surface, Workload } from '../contract/index.ts';
import { scanBody } from '../wire/index.ts';
import { mayRepeat } from './repeatable.ts';

const asked = (body: object, surface: Surface = 'chat', choices = 1): boolean =>
  mayRepeat({ body: scanBody(Buffer.from(JSON.stringify(body))), surface, choices } as Workload);

test.each<[boolean, object, Surface?]>([
  [true, {}],
  [true, { tools: [{ type: 'function' }, { type: 'custom' }], store: false, background: false }],
  [true, { previous_response_id: null, store: false }, 'responses'],
  [true, { prompt: 'x' }, 'completions'],
  [false, { store: true }],
  [false, {}, 'responses'],
  [false, { store: false, previous_response_id: 'r' }, 'responses'],
  [false, { store: false, conversation: { id: 'c' } }, 'responses'],
  [false, { store: false, background: true }, 'responses'],
  [false, { web_search_options: {} }],
  [false, { tools: [{ type: 'function' }, { type: 'code_interpreter' }] }],
  [false, { tools: 'x' }],
  [false, { input: 'x' }, 'embeddings'],
])('%s: %j', (may, body, surface) => {
  expect(asked(body, surface)).toBe(may);
});

test('several answers to one question are never asked for twice', () => {
  expect(asked({}, 'chat', 2)).toBe(false);
});
