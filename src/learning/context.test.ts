import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { Beliefs, ContextSpace, LearningConfig, Verdict } from '../contract/index.ts';
import { accuracyInContext, packContext } from '../estimate/index.ts';
import { createContextLearner } from './context.ts';
import { beliefsFromJson, beliefsToJson } from './document.ts';
import { accuracyConfig } from './fixtures/accuracy-config.ts';

const SPACE: ContextSpace = { name: 's', size: 2, variances: [0, 1] };
const CONFIG = {
  reputation: { alpha: 0.1, graceRatio: 1 },
  accuracy: accuracyConfig(),
} as LearningConfig;
const PRIOR = { logit: 0, questions: 10, spread: 1 };
const learner = createContextLearner([SPACE]);

const contextAt = (value: number) => ({
  space: SPACE,
  values: [1, value],
  forecast: () => null,
  spentMicroseconds: 0,
});

function verdict(value: number, score: number, changes: Partial<Verdict> = {}): Verdict {
  const base = {
    decision: 'd-0-1',
    source: 'score',
    atMs: 5,
    model: 'm',
    domain: null,
    band: null,
  };
  return { ...base, score, context: packContext(contextAt(value), PRIOR), ...changes } as Verdict;
}

const learn = (verdicts: readonly Verdict[], from: Beliefs = NO_BELIEFS): Beliefs =>
  learner.learnVerdicts!(from, verdicts, CONFIG);

const accuracyAt = ({ contexts }: Beliefs, value: number): number =>
  accuracyInContext(contexts.get('m' as never), PRIOR, contextAt(value)).mean;

const SPLIT = Array.from({ length: 40 }, (_, i) =>
  verdict(i % 2 === 0 ? 1.5 : -1.5, i % 2, { atMs: i }),
);

describe('learning in context', () => {
  test('tells one kind of request from the other', () => {
    const beliefs = learn(SPLIT);
    expect(accuracyAt(beliefs, 1.5)).toBeLessThan(0.2);
    expect(accuracyAt(beliefs, -1.5)).toBeGreaterThan(0.8);
  });

  test('does not depend on the order in which verdicts came', () => {
    expect(learn(SPLIT.toReversed())).toEqual(learn(SPLIT));
  });

  test('learns nothing from what is no context, or of a space that is not read', () => {
    const other = packContext({ ...contextAt(1), space: { ...SPACE, name: 'x' } }, PRIOR);
    const long = packContext(
      { ...contextAt(1), space: { ...SPACE, size: 3 }, values: [1, 1, 1] },
      PRIOR,
    );
    const { context: _, ...bare } = verdict(1, 1);
    const unsound = [
      verdict(1, 2),
      verdict(1, Number.NaN),
      verdict(1, 1, { atMs: Number.NaN }),
      verdict(1, 1, { reliability: 0 }),
    ];
    const verdicts = [
      bare,
      verdict(1, 1, { context: 'garbage' }),
      verdict(1, 1, { context: other }),
      verdict(1, 1, { context: long }),
      ...unsound,
    ];
    expect(learn(verdicts)).toBe(NO_BELIEFS);
  });

  test('begins anew when the model was found to have changed', () => {
    const alarm = { atMs: 100, before: 0.9, after: 0.5, verdicts: 40 };
    const beliefs = { ...learn(SPLIT), drift: new Map([['m' as never, { alarm } as never]]) };
    expect(learn([], beliefs).contexts.size).toBe(0);
    // A verdict from before the change is no verdict on what came after it.
    expect(learn([verdict(1.5, 0, { atMs: 99 })], beliefs).contexts.size).toBe(0);
    expect(
      learn([verdict(1.5, 1, { atMs: 101 })], beliefs).contexts.get('m' as never)!.weight,
    ).toBe(1);
  });

  test('outlives a restart, and does not trust a spoilt store', () => {
    const beliefs = learn(SPLIT);
    const json = beliefsToJson(beliefs);
    expect(beliefsFromJson(json)!.contexts).toEqual(beliefs.contexts);
    expect(beliefsFromJson(json.replace('"levelVariance":', '"levelVariance":-'))).toBeNull();
    expect(beliefsFromJson(json.replace('"space":"s"', '"space":7'))).toBeNull();
  });
});
