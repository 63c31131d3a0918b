import { describe, expect, test } from 'vitest';
import { FLEET, mandateOf, policyOf, problemsOf } from '../fixtures/policy.ts';

const mandateWith = (use: string) => mandateOf(policyOf(withUse(use)));
const withUse = (use: string): string =>
  `${FLEET}understanding: { deep: off }\nroutes: [{ name: r, use: ${use} }]\n`;

describe('a cascade', () => {
  test('is left to the market and asks for log-probabilities where the policy says no more', async () => {
    expect((await mandateWith('{ cascade: {} }')).cascade).toEqual({
      steps: null,
      maxSteps: 2,
      confidence: 'meanLogprob',
      checkedBy: null,
      acceptFrom: null,
      decideAfterTokens: null,
    });
  });

  test('says whom to ask, how hard each thinks, who checks, and what is good enough', async () => {
    const use = `{ cascade: { maxSteps: 3, models: [small, { model: large, reasoning: off }, { model: large, reasoning: high, accuracy: 0.9 }],
      accept: { by: selfCheck, checkedBy: large, from: 0.8 } } }`;
    expect((await mandateWith(use)).cascade).toEqual({
      steps: [
        { model: 'small', effort: null, accuracy: null },
        { model: 'large', effort: 'off', accuracy: null },
        { model: 'large', effort: 'high', accuracy: 0.9 },
      ],
      maxSteps: 3,
      confidence: 'selfCheck',
      checkedBy: 'large',
      acceptFrom: 0.8,
      decideAfterTokens: null,
    });
    const early = '{ cascade: { accept: { by: minLogprob, afterTokens: 32 } } }';
    expect((await mandateWith(early)).cascade).toMatchObject({
      confidence: 'minLogprob',
      decideAfterTokens: 32,
    });
    expect((await mandateWith('{ cascade: { accept: { by: form } } }')).cascade).toMatchObject({
      confidence: null,
    });
  });

  test.each([
    ['{ cascade: { models: [small, larg] } }', 'there is no model "larg"'],
    ['{ cascade: { models: [small, { model: larg }] } }', 'there is no model "larg"'],
    ['{ models: [small], cascade: { models: [small, large] } }', "not among the route's models"],
    ['{ cascade: { models: [small] } }', 'two models or more'],
    ['{ cascade: { accept: { by: selfCheck, checkedBy: larg } } }', 'there is no model "larg"'],
    ['{ cascade: { accept: { checkedBy: large } } }', 'needs by: selfCheck'],
    ['{ cascade: { accept: { by: selfCheck, afterTokens: 8 } } }', 'nothing else tells'],
    ['{ cascade: { accept: { by: form, from: 0.5 } } }', 'has no meaning with by: form'],
    ['{ cascade: {}, hedge: {} }', 'cannot stand beside cascade'],
    ['{ cascade: { step: 2 } }', 'step'],
  ])('%s is refused: %s', (use, message) => {
    expect(problemsOf(withUse(use)).join('\n')).toContain(message);
  });
});

describe('a hedge', () => {
  test('has defaults that keep it rare, and takes a fixed time', async () => {
    expect((await mandateWith('{ hedge: {} }')).hedge).toEqual({
      afterMs: null,
      afterQuantile: 0.95,
      maxShare: 0.05,
      maxLoad: 0.7,
    });
    expect((await mandateWith('{ hedge: { afterMs: 300, maxShare: 0.1 } }')).hedge).toMatchObject({
      afterMs: 300,
      maxShare: 0.1,
    });
  });

  test.each([
    '{ hedge: { afterQuantile: 0.5 } }',
    '{ hedge: { maxShare: 0 } }',
    '{ hedge: { maxLoad: 2 } }',
  ])('%s is refused', (use) => {
    expect(problemsOf(withUse(use))).toHaveLength(1);
  });
});

test('a route that says nothing of them has neither', async () => {
  const mandate = await mandateWith('{ mode: eco }');
  expect('cascade' in mandate || 'hedge' in mandate).toBe(false);
});
