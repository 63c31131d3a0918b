import { expect, test } from 'vitest';
import { createProgress } from './progress.ts';

test('a command that takes longer than a second says how far it is, not too often', () => {
  let now = 0;
  const written: string[] = [];
  const stream = { isTTY: true, write: (text: string) => written.push(text) };
  const progress = createProgress(stream, () => now);
  for (const [atMs, line] of [
    [900, 'a'],
    [1000, 'b'],
    [1100, 'c'],
    [1300, 'd'],
  ] as const) {
    now = atMs;
    progress(line);
  }
  progress(null);
  progress(null);
  expect(written).toEqual(['\r\u001b[Kb', '\r\u001b[Kd', '\r\u001b[K']);
});

test('where nobody watches nothing is written', () => {
  const stream = { write: () => expect.unreachable() };
  const progress = createProgress(stream, () => 5000);
  progress('a');
  progress(null);
});
