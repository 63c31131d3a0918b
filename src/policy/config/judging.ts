import type { BudgetRule, Config, JudgeConfig, Rubric } from '../../contract/index.ts';
import { JUDGING_ROUTE } from '../../contract/index.ts';
import type { ModelId } from '../../kernel/index.ts';
import type { PolicyFile } from '../schema/index.ts';

const PICO_PER_USD = 1e12;
const MICROJOULES_PER_KILOJOULE = 1e9;

/** Where the policy says nothing else: whether the answer is right. */
const DEFAULT_RUBRIC: Rubric = {
  criteria: 'Is the response correct, and does it do what the instruction asks for?',
  scores: [
    'It is wrong, or it does not do what was asked.',
    'It is wrong in its main point, though parts of it are right.',
    'It is partly right: something that matters is wrong or missing.',
    'It is right but for small slips, or it leaves out something minor.',
    'It is right and complete, and does all that was asked.',
  ],
};

/** Nothing where there is no judge. */
export function judgingOf({ judges, judging }: PolicyFile): Pick<Config, 'judging'> {
  if (judges.length === 0) return {};
  const { share, routes, panel, pairwise, queueMax, concurrency, timeoutMs } = judging;
  return {
    judging: {
      judges: judges.map(buildJudge),
      share,
      shareByRoute: new Map(Object.entries(routes)),
      panel,
      pairwiseShare: pairwise,
      queueMax,
      concurrency,
      timeoutMs,
    },
  };
}

/** The budget of all judging: one of the route that its calls are settled under. */
export function judgingBudgetOf({ judges, judging: { budget } }: PolicyFile): BudgetRule[] {
  if (judges.length === 0 || budget === undefined) return [];
  const { per, tokens = null, usd, energyKilojoules } = budget;
  return [
    {
      id: JUDGING_ROUTE,
      scope: { tenant: null, key: null, user: null, route: JUDGING_ROUTE },
      per,
      limits: {
        tokens,
        picoUsd: usd === undefined ? null : Math.round(usd * PICO_PER_USD),
        microjoules:
          energyKilojoules === undefined
            ? null
            : Math.round(energyKilojoules * MICROJOULES_PER_KILOJOULE),
      },
    },
  ];
}

function buildJudge({
  name,
  kind,
  model,
  rubric,
  reference,
}: PolicyFile['judges'][number]): JudgeConfig {
  return {
    name,
    kind,
    model: model as ModelId,
    rubric: rubric ?? DEFAULT_RUBRIC,
    reference: reference ?? null,
  };
}
