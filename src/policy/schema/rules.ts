import { z } from 'zod';
import { JUDGING_ROUTE } from '../../contract/index.ts';
import { SELECTOR_KEYS } from './fleet.ts';
import {
  count,
  identifier,
  labelName,
  labelValue,
  notNegative,
  oneOrMany,
  plainText,
  positive,
  ratio,
} from './scalars.ts';
import { cacheRuleSchema } from './cache.ts';
import { maxTokensSchema, reasoningSchema, setSchema, systemPromptSchema } from './injection.ts';
import { explorationOverrideSchema } from './exploration.ts';
import { override } from './override.ts';
import { condition } from './scores.ts';
import { cascadeSchema, hedgeSchema } from './attempt-plans.ts';
import { queueSchema } from './queue.ts';
import { attemptsOverrideSchema } from './server.ts';
import { answerSchema, toolConstraintSchema, toolUseSchema } from './tools.ts';

const objective = z.strictObject({
  usdPerError: notNegative.describe('What a wrong answer costs.'),
  usdPerSecond: notNegative.describe('What a second of waiting costs.'),
  usdPerKilojoule: notNegative.describe('What a kilojoule costs.'),
});

const weights = objective
  .partial()
  .refine((given) => Object.keys(given).length > 0, { error: 'must not be empty' });

const limits = z.strictObject({
  maxCostUsd: notNegative.optional().describe('Cost of the request.'),
  maxTtftMs: positive.optional().describe('Time to the first token.'),
  maxLatencyMs: positive.optional().describe('Time to the last token.'),
  minAccuracy: ratio.optional().describe('Probability that the answer is right.'),
  maxEnergyJoules: positive.optional().describe('Energy of the request.'),
  quantile: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.9)
    .describe('The quantile of the estimate at which limits are tested.'),
});

const selector = z
  .record(labelName, oneOrMany(labelValue, 'a value'))
  .refine((given) => Object.keys(given).length > 0, { error: 'must not be empty' });

export const constraintSchema = z
  .strictObject({
    name: identifier.describe('How decisions and refusals name it.'),
    when: condition.describe('When it applies; unknown counts as true. Unset: always.'),
    require: selector
      .optional()
      .describe(
        `Labels (of the instance, else of its model), or ${SELECTOR_KEYS.join(', ')}: all must have one of the values given.`,
      ),
    forbid: selector
      .optional()
      .describe('The same keys: an instance that has any of the values given is barred.'),
    tools: toolConstraintSchema
      .optional()
      .describe('Tools, by name, that the model may not see and the answer may not call.'),
    refuse: plainText.optional().describe('Refuses the request with this message.'),
    override,
  })
  .superRefine((constraint, context) => {
    const { require, forbid, tools } = constraint;
    const bars = require !== undefined || forbid !== undefined || tools !== undefined;
    if (bars === (constraint.refuse !== undefined)) {
      context.addIssue({
        code: 'custom',
        message: bars
          ? 'cannot have refuse beside require, forbid or tools: a refused request has no instance'
          : 'must have require, forbid, tools or refuse',
        input: constraint,
      });
    }
  })
  .describe('All that match apply, on every path, to named models too.');

export const routeSchema = z.strictObject({
  name: identifier
    .refine((name) => name !== 'named' && name !== JUDGING_ROUTE, {
      error: `must not be "named" or "${JUDGING_ROUTE}": decisions say so where the client named a model, and of calls of judges`,
    })
    .describe('How decisions and budgets name it.'),
  tier: z.int().default(0).describe('All routes of a lower tier are tried before it.'),
  priority: z
    .int()
    .default(0)
    .describe('Within a tier, higher is tried first; equals in the order of the file.'),
  when: condition.describe('Unknown counts as false. Unset: always.'),
  use: z
    .strictObject({
      models: z
        .union([z.literal('*'), z.array(identifier).min(1)], {
          error: 'must be "*" or a list of model ids',
        })
        .default('*')
        .describe('Which models may bid; `*` is every chat model.'),
      mode: identifier.default('economy').describe('What their qualities are worth.'),
      weights: weights.optional().describe("Single prices in place of the mode's."),
      reasoning: reasoningSchema
        .optional()
        .describe(
          "Sets the model's reasoning, by the switch of its family. `auto`: by the difficulty that the complexity signal reads. Unset, and where the difficulty is unknown: the client's request stands.",
        ),
      systemPrompt: systemPromptSchema
        .optional()
        .describe('A text, which is prepended; `expert`; or a mapping.'),
      maxTokens: maxTokensSchema
        .optional()
        .describe(
          'Output tokens where the caller sets no ceiling. A number is a ceiling. `auto`: what such answers have needed, with a margin; an answer that needs more is continued.',
        ),
      tools: toolUseSchema.optional().describe('Which of its tools the model sees.'),
      answer: answerSchema
        .optional()
        .describe('A fixed answer, such as a refusal or where to turn to: no model is asked.'),
      set: setSchema
        .optional()
        .describe(
          'Other members of the body, by JSON pointer: `{ /temperature: 0.2, /chat_template_kwargs/x: 1 }`. Parents that are missing are made.',
        ),
      limits: limits
        .optional()
        .describe('Hard limits; those of the request can only tighten them.'),
      exploration: explorationOverrideSchema
        .optional()
        .describe('In place of members of `learning.exploration`.'),
      queue: queueSchema.optional(),
      attempts: attemptsOverrideSchema.optional().describe('In place of the `attempts` of all.'),
      cascade: cascadeSchema.optional(),
      hedge: hedgeSchema.optional(),
    })
    .superRefine(({ models, cascade }, context) => {
      if (models === '*' || cascade === undefined || cascade.models === 'auto') return;
      for (const [i, step] of cascade.models.entries()) {
        const model = typeof step === 'string' ? step : step.model;
        if (models.includes(model)) continue;
        const path = ['cascade', 'models', i];
        const message = "is not among the route's models: add it there, or take it out here";
        context.addIssue({ code: 'custom', path, message, input: step });
      }
    })
    .refine(({ cascade, hedge }) => cascade === undefined || hedge === undefined, {
      path: ['hedge'],
      error: 'cannot stand beside cascade: a request is either asked again or asked twice',
    })
    .describe('What the request gets.'),
  cache: cacheRuleSchema
    .optional()
    .describe('Which stored answers it may get, and leave. Unset: none.'),
});

export const modesSchema = z
  .record(identifier, objective.partial())
  .default({})
  .describe('Prices of errors, waiting and energy. Changes the built-in modes, and adds others.');

export const tenantSchema = z.strictObject({
  id: z
    .union([z.literal('*'), identifier], { error: 'must be a name or "*"' })
    .describe('`*` stands for every tenant without an entry of its own.'),
  mode: identifier.optional().describe("Stands in for the route's mode."),
  weights: weights.optional().describe("Single prices in place of the mode's."),
  concurrency: count.optional().describe('Requests in flight per worker.'),
  requestsPerMinute: count.optional().describe('Requests per minute, of all workers together.'),
});

const scope = z.union([z.literal('*'), identifier], { error: 'must be a name or "*"' }).optional();

export const budgetSchema = z
  .strictObject({
    id: identifier
      .refine((id) => id !== JUDGING_ROUTE, {
        error: `must not be "${JUDGING_ROUTE}": that is the budget of judging.budget`,
      })
      .optional()
      .describe('Defaults to its scope and period.'),
    tenant: scope.describe('`*` gives each tenant a balance of its own. Unset: not told apart.'),
    key: scope.describe('The same by API key.'),
    user: scope.describe('The same by the `user` field, which the client sets.'),
    route: scope.describe('The same by route.'),
    per: z
      .enum(['minute', 'hour', 'day', 'month', 'total'])
      .describe('The period; `total` never begins anew.'),
    tokens: count.optional().describe('Prompt and output tokens.'),
    usd: positive.max(1e9).optional().describe('Money.'),
    energyKilojoules: positive.max(1e9).optional().describe('Energy.'),
    timeZone: z
      .string()
      .refine(isTimeZone, { error: 'must be a time zone such as Europe/Berlin' })
      .optional()
      .describe('Where days and months begin. Unset: UTC.'),
    carryOver: z
      .strictObject({
        share: ratio.gt(0).default(1).describe('Of what was left.'),
        max: positive.max(100).default(1).describe('Of the limit: no more than this is added.'),
      })
      .optional()
      .describe('Adds what was left of the last period to the next. Unset: it is lost.'),
    pacing: z
      .strictObject({
        target: ratio
          .gt(0)
          .default(0.98)
          .describe('The share of the limit that spending aims at by the end of the period.'),
      })
      .optional()
      .describe(
        'Spreads spending over the period: while it runs ahead, bids that use much of the budget are scored dearer. It never refuses a request.',
      ),
  })
  .refine((budget) => budget.tokens ?? budget.usd ?? budget.energyKilojoules, {
    error: 'must have tokens, usd or energyKilojoules',
  })
  .superRefine(({ per, timeZone, carryOver, pacing }, context) => {
    const refuse = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message, input: per });
    if (timeZone !== undefined && per !== 'day' && per !== 'month') {
      refuse(
        'timeZone',
        `has no meaning for a budget per ${per}: only days and months have a zone`,
      );
    }
    if (per !== 'total') return;
    if (carryOver !== undefined) refuse('carryOver', 'needs a period: total never begins anew');
    if (pacing !== undefined) refuse('pacing', 'needs a period: total never ends');
  });

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
