import { describe, expect, test } from 'vitest';
import type { DecisionView } from '../../contract/index.ts';
import { judge } from './judge.ts';
import type { Expectation } from './policy-test.ts';

const VIEW = {
  route: 'maths',
  mode: 'accuracy',
  winner: 'b1',
  refusal: null,
  bids: [
    { instance: 'b1', model: 'big', limitTokens: 900 },
    { instance: 's1', model: 'small' },
  ],
  rules: {
    constraints: [
      { text: 'stays: require site: on-prem', value: true, children: [] },
      { text: 'doubt: forbid site: cloud', value: null, children: [] },
      { text: 'free: refuse', value: false, children: [] },
      { text: 'never: refuse', value: undefined, children: [] },
    ],
    routes: [],
  },
  injection: {
    systemPrompt: { mode: 'prepend', text: 'You are a mathematician.' },
    reasoning: 'high',
    maxOutputTokens: null,
    set: { '/x/y': '{"b":[1,2],"a":null}' },
  },
} as unknown as DecisionView;

const PLAIN = { ...VIEW, injection: undefined } as unknown as DecisionView;
const REFUSED = {
  ...PLAIN,
  route: null,
  mode: null,
  winner: null,
  bids: [],
  refusal: { reason: 'policy', message: 'No.' },
} as unknown as DecisionView;
const ANSWERED = { ...PLAIN, winner: null, answer: 'Ask the help desk.' } as DecisionView;

const misses = (expected: Expectation, view = VIEW): readonly string[] =>
  judge(expected, view).map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('a decision as expected', () => {
  test.each<[string, Expectation, DecisionView?]>([
    ['route and mode', { route: 'maths', mode: 'accuracy' }],
    ['the winner', { model: ['big'], instance: ['x', 'b1'] }],
    ['no refusal', { refused: false }],
    ['any refusal', { refused: true }, REFUSED],
    ['a refusal with its reason', { refused: 'policy' }, REFUSED],
    ['an answer', { answer: true }, ANSWERED],
    ['a part of an answer', { answer: 'help desk' }, ANSWERED],
    ['no answer', { answer: false }],
    ['reasoning', { reasoning: 'high' }],
    ['no reasoning', { reasoning: 'unset' }, PLAIN],
    ["the winner's limit", { maxTokens: 900 }],
    ['bounds of the limit', { maxTokens: { atLeast: 500, atMost: 900 } }],
    ['a part of the prompt', { systemPrompt: 'mathematician' }],
    ['a prompt', { systemPrompt: true }],
    ['no prompt', { systemPrompt: false }, PLAIN],
    ['a member that is set, whatever the order', { set: { '/x/y': { a: null, b: [1, 2] } } }],
    ['constraints, one of them in doubt', { constraints: ['doubt', 'stays'] }],
    ['no bid of a model', { notModels: ['tiny'] }],
  ])('%s', (_name, expected, view) => {
    expect(misses(expected, view)).toEqual([]);
  });
});

describe('a decision that is otherwise says what came instead', () => {
  test.each<[Expectation, DecisionView, string]>([
    [{ route: 'law' }, VIEW, 'expect.route: expected "law", got "maths"'],
    [{ route: 'law' }, REFUSED, 'expect.route: expected "law", got a refusal (policy: No.)'],
    [{ model: ['a', 'b'] }, VIEW, 'expect.model: expected "a" or "b", got "big"'],
    [{ model: ['a'] }, ANSWERED, 'expect.model: expected "a", got a fixed answer'],
    [{ instance: ['s1'] }, VIEW, 'expect.instance: expected "s1", got "b1"'],
    [{ mode: 'eco' }, VIEW, 'expect.mode: expected "eco", got "accuracy"'],
    [{ refused: true }, VIEW, 'expect.refused: expected a refusal, got none'],
    [
      { refused: false },
      REFUSED,
      'expect.refused: expected no refusal, got a refusal (policy: No.)',
    ],
    [
      { refused: 'over-limit' },
      REFUSED,
      'expect.refused: expected a refusal (over-limit), got a refusal (policy: No.)',
    ],
    [{ answer: 'x' }, VIEW, 'expect.answer: expected "x", got none'],
    [
      { answer: 'x' },
      ANSWERED,
      'expect.answer: expected one with "x" in it, got "Ask the help desk."',
    ],
    [{ answer: false }, ANSWERED, 'expect.answer: expected none, got "Ask the help desk."'],
    [{ reasoning: 'off' }, VIEW, 'expect.reasoning: expected "off", got "high"'],
    [{ reasoning: 'off' }, PLAIN, 'expect.reasoning: expected "off", got "unset"'],
    [{ maxTokens: 10 }, VIEW, 'expect.maxTokens: expected 10, got 900'],
    [{ maxTokens: { atMost: 10 } }, VIEW, 'expect.maxTokens: expected at most 10, got 900'],
    [{ maxTokens: { atLeast: 1 } }, ANSWERED, 'expect.maxTokens: expected at least 1, got none'],
    [{ systemPrompt: true }, PLAIN, 'expect.systemPrompt: expected one, got none'],
    [
      { set: { '/x/y': { b: [2, 1], a: null } } },
      VIEW,
      'expect.set./x/y: expected {"b":[2,1],"a":null}, got {"b":[1,2],"a":null}',
    ],
    [{ set: { '/z': 1 } }, VIEW, 'expect.set./z: expected 1, got nothing'],
    [
      { constraints: ['free'] },
      VIEW,
      'expect.constraints.0: expected "free" to apply, got stays, doubt',
    ],
    [
      { constraints: ['never'] },
      VIEW,
      'expect.constraints.0: expected "never" to apply, got stays, doubt',
    ],
    [{ constraints: [] }, VIEW, 'expect.constraints: expected none, got stays, doubt'],
    [
      { notModels: ['tiny', 'small'] },
      VIEW,
      'expect.notModels.1: expected no bid of "small", got one of the instance "s1"',
    ],
  ])('%j', (expected, view, message) => {
    expect(misses(expected, view)).toEqual([message]);
  });

  test('every expectation is judged', () => {
    expect(misses({ route: 'a', mode: 'b', model: ['c'] })).toHaveLength(3);
  });
});
