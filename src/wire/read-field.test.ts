import { describe, expect, test } from 'vitest';
import { Fault } from '../kernel/index.ts';
import { parseField, readBoolean, readNumber, readString } from './read-field.ts';
import { scanBody } from './scan-body.ts';

const body = scanBody(
  Buffer.from(
    '{"s":"a\\u00e9\\n漢","long":"' +
      'é'.repeat(100) +
      '","n":-1.5e2,"t":true,"f":false,"z":null,"o":{"k":[1]}}',
  ),
);

test('reads values by key; what is missing or null is null', () => {
  expect(readString(body, 's')).toBe('aé\n漢');
  expect(readString(body, 'long')).toBe('é'.repeat(100));
  expect(readNumber(body, 'n')).toBe(-150);
  expect(readBoolean(body, 't')).toBe(true);
  expect(readBoolean(body, 'f')).toBe(false);
  for (const key of ['z', 'missing']) {
    expect(readString(body, key)).toBeNull();
    expect(readNumber(body, key)).toBeNull();
    expect(readBoolean(body, key)).toBeNull();
  }
  expect(parseField(body, 'o')).toEqual({ k: [1] });
  expect(parseField(body, 'z')).toBeNull();
  expect(parseField(body, 'missing')).toBeUndefined();
});

describe('a wrong type', () => {
  test.each([
    [readString, 'n', 'a string'],
    [readString, 'o', 'a string'],
    [readNumber, 's', 'a number'],
    [readNumber, 't', 'a number'],
    [readBoolean, 's', 'true or false'],
    [readBoolean, 'n', 'true or false'],
  ])('is a fault that names the field', (read, key, expected) => {
    const failure = (() => {
      try {
        return read(body, key);
      } catch (error) {
        return error;
      }
    })();
    expect(Fault.isInstance(failure) && [failure.code, failure.param]).toEqual([
      'BRS_FIELD_TYPE',
      key,
    ]);
    expect((failure as Fault).message).toBe(`The field "${key}" must be ${expected}.`);
  });
});

test('a string of a long body that no JSON reader accepts is a fault, not a crash', () => {
  const long = scanBody(Buffer.from(`{"pad":"${'x'.repeat(5000)}","user":"a\\qb"}`));
  expect(() => readString(long, 'user')).toThrow(/not valid JSON: a string in "user"/);
});
