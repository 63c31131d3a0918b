import { describe, expect, test } from 'vitest';
import { mandateOf, policyOf, problemsOf } from './fixtures/policy.ts';

const POLICY = `version: 1
models: [{ id: served }, { id: grader, kind: judge }]
instances:
  - { id: a, model: served, engine: vllm, url: 'http://127.0.0.1:9001' }
  - { id: b, model: grader, engine: vllm, url: 'http://127.0.0.1:9002' }
`;
const JUDGES = 'judges: [{ name: strict, kind: prometheus, model: grader }]\n';

describe('judges of a policy', () => {
  test('have a rubric and shares, and their budget is one of a route of their own', () => {
    const { config } = policyOf(
      `${POLICY}${JUDGES}judging: { share: 0.1, routes: { hard: 0.5 }, budget: { per: day, usd: 2 } }\n`,
    );
    expect(config.judging).toMatchObject({
      judges: [{ name: 'strict', kind: 'prometheus', model: 'grader', reference: null }],
      share: 0.1,
      panel: 2,
      pairwiseShare: 0,
    });
    expect(config.judging!.judges[0]!.rubric.scores).toHaveLength(5);
    expect(config.judging!.shareByRoute.get('hard')).toBe(0.5);
    expect(config.budgets).toMatchObject([
      { id: 'judging', scope: { route: 'judging' }, per: 'day', limits: { picoUsd: 2e12 } },
    ]);
  });

  test('are not there where nobody asks for them', () => {
    const { config } = policyOf(POLICY);
    expect(config).not.toHaveProperty('judging');
    expect(config.budgets).toEqual([]);
  });

  test('serve nobody: no route that takes any model takes them', async () => {
    for (const routes of ['', 'routes: [{ name: all, use: { mode: eco } }]\n']) {
      const { models } = await mandateOf(policyOf(POLICY + routes));
      expect([...models!]).toEqual(['served']);
    }
  });

  test.each([
    ['judges: [{ name: a, kind: prometheus, model: gradr }]\n', /judges\[0\]\.model: .*gradr/],
    ['judges: [{ name: a, kind: harsh, model: grader }]\n', /judges\[0\]\.kind: must be one of/],
    [`${JUDGES}judging: { share: 2 }\n`, /judging\.share: must not be more than 1/],
    [`${JUDGES}judging: { budget: { per: day } }\n`, /must have tokens, usd or energyKilojoules/],
    ['budgets: [{ id: judging, per: day, usd: 1 }]\n', /must not be "judging"/],
    ['routes: [{ name: judging }]\n', /must not be "named" or "judging"/],
    [
      'judges: [{ name: a, kind: general, model: grader, rubric: { criteria: x, scores: [a] } }]\n',
      /scores/,
    ],
  ])('refuses %j', (text, problem) => {
    expect(problemsOf(POLICY + text).join('\n')).toMatch(problem);
  });
});
