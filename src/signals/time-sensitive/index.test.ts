import { describe, expect, test } from 'vitest';
import { isTimeSensitive } from '../../text/index.ts';
import { timeSensitiveSignal } from './index.ts';

describe('questions whose answers change with time', () => {
  test.each([
    'What is the weather like?',
    'Who won yesterday?',
    'What is the latest version of Node?',
    'Where is my order?',
    "What's Apple's stock price?",
    'Wie spät ist es?',
    'Was kostet das heute?',
    'Quelles sont les dernières nouvelles ?',
    '¿Qué tiempo hace hoy?',
    '今天天气怎么样',
    'Какие новости сегодня?',
  ])('%s', (text) => {
    expect(isTimeSensitive(text)).toBe(true);
  });

  test.each([
    'How do I return a jacket?',
    'What is the capital of France?',
    'Who wrote Hamlet?',
    'Wie heißt die Hauptstadt von Frankreich?',
    'I know nothing of this.',
    '',
  ])('but not: %s', (text) => {
    expect(isTimeSensitive(text)).toBe(false);
  });

  test('the time does not grow with the text', () => {
    expect(isTimeSensitive(`${'a '.repeat(100_000)}today`)).toBe(false);
  });
});

test('a condition is true or false of it, and nothing else', () => {
  const of = (value: unknown) => timeSensitiveSignal.compile(value, []);
  expect(of(true).test({ value: true, confidence: 1 })).toBe(true);
  expect(of(false).test({ value: true, confidence: 1 })).toBe(false);
  expect(() => of('yes')).toThrow('must be true or false');
});
