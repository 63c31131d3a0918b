import { describe, expect, test } from 'vitest';
import { contextTokensSignal } from './context-tokens/index.ts';
import { conversationSignal } from './conversation/index.ts';
import { evaluate } from './fixtures/evaluate.ts';
import { fakeWorkload } from './fixtures/fake-workload.ts';
import { metadataSignal } from './metadata/index.ts';
import { modalitySignal } from './modality/index.ts';
import { roleSignal } from './role/index.ts';
import { readSlot } from './fixtures/read-slot.ts';

describe('contextTokens', () => {
  test('is a quarter of the bytes, rounded up', async () => {
    const condition = { atLeast: 1000 };
    await expect(evaluate(contextTokensSignal, condition, { promptBytes: 3997 })).resolves.toBe(
      true,
    );
    await expect(evaluate(contextTokensSignal, condition, { promptBytes: 3996 })).resolves.toBe(
      false,
    );
  });
});

describe('conversation', () => {
  const message = (role: string) => ({ role, text: 'x', hasToolCalls: false });
  const request = {
    messages: ['system', 'user', 'assistant', 'tool', 'user', 'developer'].map(message),
    toolCount: 3,
    isInToolLoop: true,
    modality: { image: true, audio: false },
  };

  test.each([
    [{ turns: { equals: 2 } }, true],
    [{ messages: { equals: 6 }, systemMessages: { equals: 2 } }, true],
    [{ assistantMessages: { equals: 1 }, toolMessages: { equals: 1 } }, true],
    [{ toolCount: { atLeast: 4 } }, false],
    [{ toolLoop: true, images: true }, true],
    [{ toolLoop: false }, false],
  ])('%j is %s', async (condition, expected) => {
    await expect(evaluate(conversationSignal, condition, request)).resolves.toBe(expected);
  });

  test('computes only what the condition names', () => {
    const workload = {
      ...fakeWorkload({ toolCount: 1 }),
      messages: () => {
        throw new Error('the messages were read');
      },
    };
    const { slot } = conversationSignal.compile({ toolCount: { atLeast: 1 } }, []);
    expect(readSlot(slot, workload)).toMatchObject({ value: { toolCount: 1 } });
  });
});

describe('role', () => {
  test('is that of the key; one of a list is enough', async () => {
    const request = { roles: ['analyst', 'eu'] };
    await expect(evaluate(roleSignal, 'analyst', request)).resolves.toBe(true);
    await expect(evaluate(roleSignal, ['admin', 'eu'], request)).resolves.toBe(true);
    await expect(evaluate(roleSignal, 'admin', request)).resolves.toBe(false);
  });
});

describe('modality', () => {
  const image = { modality: { image: true, audio: false } };

  test('text means text only', async () => {
    await expect(evaluate(modalitySignal, 'text', {})).resolves.toBe(true);
    await expect(evaluate(modalitySignal, 'text', image)).resolves.toBe(false);
    await expect(evaluate(modalitySignal, ['audio', 'image'], image)).resolves.toBe(true);
    expect(() => modalitySignal.compile('video', [])).toThrow('must be one of text, image, audio');
  });
});

describe('metadata', () => {
  const request = { headers: { 'x-team': 'search' } };

  test.each([
    [{ header: 'X-Team', equals: 'search' }, true],
    [{ header: 'x-team', equals: 'Search' }, false],
    [{ header: 'x-team', oneOf: ['ads', 'search'] }, true],
    [{ header: 'x-team', exists: true }, true],
    [{ header: 'x-other', exists: false }, true],
    [{ header: 'x-other', equals: 'search' }, false],
  ])('%j is %s', async (condition, expected) => {
    await expect(evaluate(metadataSignal, condition, request)).resolves.toBe(expected);
  });

  test('keeps nothing that the client wrote', () => {
    const { slot } = metadataSignal.compile({ header: 'x-team', exists: true }, []);
    const reading = readSlot(slot, fakeWorkload({ headers: { 'x-team': 'hunter2' } }));
    expect(JSON.stringify(reading)).not.toContain('hunter2');
  });

  test.each([
    [{ header: 'authorization', exists: true }, 'credentials'],
    [{ header: 'Cookie', equals: 'x' }, 'credentials'],
    [{ header: 'x team', exists: true }, 'name of a header'],
    [{ header: 'x-team' }, 'exactly one of'],
    [{ header: 'x-team', equals: 'a', exists: true }, 'exactly one of'],
    [{ equals: 'a' }, 'must be a text'],
  ])('refuses %j', (condition, message) => {
    expect(() => metadataSignal.compile(condition, [])).toThrow(message);
  });
});
