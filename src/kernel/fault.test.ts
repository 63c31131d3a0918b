import { expect, test } from 'vitest';
import { assert } from './assert.ts';
import { Fault, fault } from './fault.ts';
import { FAULTS } from './fault-catalogue.ts';

test('a fault fills its template and keeps its cause out of the message', () => {
  const cause = new Error('secret detail');
  const made = fault('BRS_MODEL_UNKNOWN', { model: 'gpt-9' }, { param: 'model', cause });
  expect(made.message).toBe('The model "gpt-9" does not exist: GET /v1/models lists them.');
  expect(made).toMatchObject({ httpStatus: 404, code: 'BRS_MODEL_UNKNOWN', param: 'model', cause });
});

test('values are inserted once: a value that looks like a placeholder stays as it is', () => {
  expect(fault('BRS_FIELD_TYPE', { field: '{expected}', expected: 'x' }).message).toBe(
    'The field "{expected}" must be x.',
  );
});

test('faults are recognised by their mark', () => {
  expect(Fault.isInstance(fault('BRS_INTERNAL'))).toBe(true);
  expect(Fault.isInstance(new Error('x'))).toBe(false);
  expect(Fault.isInstance(null)).toBe(false);
});

test('a broken invariant names itself', () => {
  expect(() => assert(false, 'one plus one is two')).toThrow(/one plus one is two/);
});

test('every entry has a client-safe status and a sentence', () => {
  for (const [code, entry] of Object.entries(FAULTS)) {
    expect(code).toMatch(/^BRS_[A-Z_]+$/);
    expect(entry.httpStatus).toBeGreaterThanOrEqual(400);
    expect(entry.message.length).toBeGreaterThan(0);
  }
});
