import { expect, test } from 'vitest';
import { nestedPointer, pointerPath, pointerProblem } from './pointer.ts';

test.each([
  ['/temperature', ['temperature']],
  ['/extra_body/x', ['extra_body', 'x']],
  ['/a~1b/c~0d', ['a/b', 'c~d']],
  ['/x/~01', ['x', '~1']],
  ['/a b/0', ['a b', '0']],
])('%s names %j', (pointer, path) => {
  expect(pointerProblem(pointer)).toBeNull();
  expect(pointerPath(pointer)).toEqual(path);
});

test.each([
  '',
  '/',
  'temperature',
  '/a//b',
  '/a/',
  '/a~2',
  '/a~',
  '/é',
  '/a"b',
  '/a\\b',
  '/1/2/3/4/5/6/7/8/9',
])('%j is no pointer', (pointer) => {
  expect(pointerProblem(pointer)).toMatch(/^must be a JSON pointer/);
});

test.each([
  'model',
  'messages',
  'prompt',
  'input',
  'instructions',
  'tools',
  'functions',
  'stream',
  'stream_options',
  'n',
  'best_of',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'bourse',
  'previous_response_id',
  'conversation',
  'background',
  'input_ids',
  'prompt_embeds',
])('%s stays as it is, with all that is in it', (field) => {
  expect(pointerProblem(`/${field}`)).toMatch(new RegExp(`^must not change "${field}": .`));
  expect(pointerProblem(`/${field}/0/x`)).not.toBeNull();
});

test('pointers do not lie inside of one another', () => {
  expect(nestedPointer(['/a', '/ab', '/b/c'])).toBeNull();
  expect(nestedPointer(['/a', '/a/b'])).toBe('/a/b');
});
