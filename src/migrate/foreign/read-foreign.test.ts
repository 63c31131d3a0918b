import { describe, expect, test } from 'vitest';
import { ForeignProblem } from './foreign-problem.ts';
import { readForeign } from './read-foreign.ts';

const problemOf = (text: string): string => {
  try {
    readForeign(text);
  } catch (error) {
    if (error instanceof ForeignProblem) return `${error.line}:${error.column} ${error.message}`;
    throw error;
  }
  return 'none';
};

test('keeps where each value stands', () => {
  const root = readForeign('a:\n  - b: 1\n    c: [x, "y"]\n');
  const node = root.at('a')!.items[0]!.at('c')!.items[1]!;
  expect([node.path, node.position, node.scalar]).toEqual([
    'a[0].c[1]',
    { line: 3, column: 12 },
    'y',
  ]);
});

test('merge keys: what is written goes before what is merged, and the first merged before the next', () => {
  const root = readForeign(
    'x: &x {a: 1, b: 1}\ny: &y {a: 2, b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  b: 3\n',
  );
  const z = root.at('z')!;
  expect(['a', 'b', 'c'].map((key) => z.at(key)?.scalar)).toEqual([1, 3, 2]);
});

describe('refuses, with line and column', () => {
  test.each([
    ['a: [1, 2', '1:'],
    ['a: 1\nb: "x\n', '3:'],
    ['a: 1\na: 2\n', '2:1 the file is not valid YAML here (duplicate key)'],
    ['a: !!js/function "function(){}"\n', '1:4'],
    ['a: !python/object:os.system x\n', '1:4'],
    ['- a\n', '1:1 the file must be a mapping with sections'],
    ['', '1:1 the file must be a mapping with sections'],
    ['a: *b\n', '1:'],
    ['a: 1\n---\nb: 2\n', '2:'],
    ['a: &a\n  <<: *a\n', '2:'],
    ['a:\n  <<: 3\n', '2:3 << must merge a mapping'],
    ['a: 1\n? [x]\n: 2\n', '2:3 a key must be a plain text'],
    ['"__proto__": {x: 1}\n', '1:1 a key must be a plain text'],
    [`a: ${'['.repeat(70)}${']'.repeat(70)}\n`, '1:'],
    [`a: ${'['.repeat(20_000)}`, '1:'],
    ['x'.repeat(5 * 1024 * 1024), '1:1 the file is larger than 4 MiB'],
  ])('%#', (text, expected) => {
    expect(problemOf(text)).toContain(expected);
    expect(problemOf(text)).not.toContain('function(){}');
  });

  test('aliases that multiply', () => {
    const rows = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++) {
      rows.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    }
    expect(problemOf(rows.join('\n'))).toContain('more than 100000 values');
  });

  test('merge keys that multiply', () => {
    const rows = ['a0: &a0 {x: 1}'];
    for (let i = 1; i < 30; i++) rows.push(`a${i}: &a${i}\n  <<: [*a${i - 1}, *a${i - 1}]`);
    expect(problemOf(rows.join('\n'))).toMatch(/more than 100000|nested too deeply/);
  });
});
