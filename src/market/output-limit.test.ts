import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { Effort, Instance, Mandate, Model, OutputLimit, Workload } from '../contract/index.ts';
import { scanBody } from '../wire/index.ts';
import { instanceOf, mandateOf, modelOf, stateOf, viewOf, workloadOf } from './fixtures/request.ts';
import { createHouseBidder } from './house-bidder.ts';
import { quoteBids } from './quote-bids.ts';

const RULE: OutputLimit = {
  quantile: 0.95,
  margin: 1.25,
  minTokens: 64,
  maxTokens: null,
  prior: null,
};

/** A thousand answers of up to 64 tokens: bin 12 is theirs. */
const SHORT = Array.from({ length: 13 }, (_, bin) => (bin === 12 ? 1_000 : 0));

interface Case {
  readonly rule?: Partial<OutputLimit> | null;
  readonly model?: Partial<Model>;
  readonly instance?: Partial<Instance>;
  readonly workload?: Partial<Workload>;
  readonly effort?: Effort;
  readonly mandate?: Partial<Mandate>;
  readonly body?: string;
  readonly lengths?: readonly (readonly [string, readonly number[]])[];
}

function limitOf(given: Case): number | null | undefined {
  const { rule = {}, body = '{"model":"auto","messages":[]}' } = given;
  const model = modelOf('m', given.model);
  const instance = instanceOf('a', { model, ...given.instance });
  const mandate = mandateOf({
    injection: {
      systemPrompt: null,
      reasoning: given.effort ?? null,
      maxOutputTokens: null,
      fields: [],
      ...(rule === null ? {} : { outputLimit: { ...RULE, ...rule } }),
    },
    ...given.mandate,
  });
  const answerLengths = new Map(given.lengths ?? [['*|*', SHORT]]);
  const view = {
    ...viewOf([stateOf(instance)], { beliefs: { ...NO_BELIEFS, answerLengths } }),
    continuesChat: (engine: string) => engine === 'vllm',
  };
  const workload = workloadOf({ body: scanBody(Buffer.from(body)), ...given.workload });
  const { bids } = quoteBids(workload, mandate, view, [createHouseBidder()]);
  return bids[0]?.limitTokens;
}

describe('the output limit of a bid', () => {
  test('is the learned quantile and its margin', () => {
    expect(limitOf({})).toBe(80);
    expect(limitOf({ rule: { margin: 2 } })).toBe(128);
  });

  test('of the route where that is known', () => {
    const long = Array.from({ length: 21 }, (_, bin) => (bin === 20 ? 1_000 : 0));
    const lengths = [
      ['*|*', SHORT],
      ['m|chat|single|balanced|default', long],
    ] as const;
    expect(limitOf({ lengths })).toBe(320);
    expect(limitOf({ lengths, mandate: { route: 'other' } })).toBe(80);
  });

  test('cold, it is that of what the text lets expect', () => {
    const prior = { logMean: Math.log(1_000), logDeviation: 0.1 };
    const limit = limitOf({ rule: { prior }, lengths: [] })!;
    expect(limit).toBeGreaterThan(1_000 * 1.17 * 1.25);
    expect(limit).toBeLessThan(2_000);
  });

  test('stays between its bounds', () => {
    expect(limitOf({ rule: { minTokens: 500 } })).toBe(500);
    expect(limitOf({ rule: { maxTokens: 70 } })).toBe(70);
    expect(limitOf({ model: { maxOutputTokens: 30 } })).toBe(30);
  });

  test('is raised by what the model may think', () => {
    const qwen: Case = { model: { reasoning: 'qwen3' } };
    expect(limitOf({ ...qwen, effort: 'off' })).toBe(80);
    expect(limitOf({ ...qwen, effort: 'low' })).toBe(80 + 1_024);
    expect(limitOf(qwen)).toBe(80 + 4_096);
    const budgetTokens = { low: 10, medium: 20, high: 30 };
    const reasoningOptions = { leastEffort: null, budgetTokens };
    expect(limitOf({ model: { reasoning: 'glm', reasoningOptions }, effort: 'high' })).toBe(110);
    expect(limitOf({ model: { reasoning: 'qwq' }, effort: 'off' })).toBe(80 + 256);
    expect(limitOf({ model: { reasoning: 'gpt-oss' }, effort: 'off' })).toBe(80 + 1_024);
  });

  test('leaves the prompt its room in the window, or is none', () => {
    const workload = { promptTokensBound: 930 };
    expect(limitOf({ model: { contextWindowTokens: 1_000 }, workload })).toBe(70);
    expect(limitOf({ model: { contextWindowTokens: 990 }, workload })).toBeNull();
    expect(limitOf({ model: { contextWindowTokens: null }, workload })).toBe(80);
  });

  test.each<[string, Case]>([
    ['the caller has set its own', { workload: { outputCeilingTokens: 900 } }],
    ['the answer has a form', { body: '{"messages":[],"tools":[{}]}' }],
    ['several are asked for', { workload: { choices: 2 } }],
    [
      'the engine cannot go on in a stream',
      { workload: { isStream: true }, instance: { engine: 'openai' } },
    ],
    [
      'the model may think in a stream',
      { workload: { isStream: true }, model: { reasoning: 'qwen3' } },
    ],
  ])('is none where %s', (_, given) => {
    expect(limitOf(given)).toBeNull();
  });

  test('is none where the route asks for none', () => {
    expect(limitOf({ rule: null })).toBeNull();
  });
});
