import { describe, expect, test } from 'vitest';
import { fakeWorkload } from '../fixtures/fake-workload.ts';
import { evaluate } from '../fixtures/evaluate.ts';
import { structureSignal } from './index.ts';
import { readSlot } from '../fixtures/read-slot.ts';

const { slot } = structureSignal.compile({ words: { atLeast: 1 } }, []);
const read = async (text: string) => (await readSlot(slot, fakeWorkload({ text }))).value;

describe('structure', () => {
  test('counts', async () => {
    await expect(read('Why 42?\nBecause 1.5 is ５. ¿No？')).resolves.toEqual({
      bytes: Buffer.byteLength('Why 42?\nBecause 1.5 is ５. ¿No？'),
      words: 7,
      lines: 2,
      codeBlocks: 0,
      questionMarks: 2,
      numbers: 3,
      isJson: false,
    });
    await expect(read('')).resolves.toMatchObject({ bytes: 0, words: 0, lines: 0 });
  });

  test.each([
    ['```js\nx\n```', 1],
    ['a\n  ```\nx\n```\nb\n```\ny\n```\n', 2],
    ['```\nnever closed', 1],
    ['inline ``` is none', 0],
  ])('code blocks of %j: %i', async (text, codeBlocks) => {
    await expect(read(text)).resolves.toMatchObject({ codeBlocks });
  });

  test.each([
    ['{"a": [1]}', true],
    ['  [1, 2]\n', true],
    ['{"a": }', false],
    ['42', false],
    ['{', false],
  ])('%j is JSON: %j', async (text, isJson) => {
    await expect(read(text)).resolves.toMatchObject({ isJson });
  });

  test('leaves JSON unknown on a long text, and the rest known', async () => {
    const text = `[${'1,'.repeat(40_000)}1]`;
    await expect(evaluate(structureSignal, { isJson: true }, { text })).resolves.toBeNull();
    const both = { isJson: true, bytes: { below: 10 } };
    await expect(evaluate(structureSignal, both, { text })).resolves.toBe(false);
  });

  test('all members of a condition must hold, and share a slot with other conditions', async () => {
    const condition = { questionMarks: { atLeast: 1 }, numbers: { equals: 0 } };
    await expect(evaluate(structureSignal, condition, { text: 'why?' })).resolves.toBe(true);
    await expect(evaluate(structureSignal, condition, { text: 'why 2?' })).resolves.toBe(false);
    expect(structureSignal.compile(condition, []).slot).toBe(slot);
  });
});
