import { z } from 'zod';
import { identifier, notNegative, plainText, positive, ratio } from './scalars.ts';

const members = {
  kind: z
    .enum(['off', 'thompson', 'linucb'])
    .describe(
      '`off`: the best score wins. `thompson`: what is doubtful of accuracies is drawn. `linucb`: it counts in favour of a bid.',
    ),
  modes: z.array(identifier).min(1).describe('Modes in which it explores. Unset: in all.'),
  latency: z
    .boolean()
    .describe('With `thompson`: whether times are drawn too, as doubtful as their bids are.'),
  width: notNegative
    .max(10)
    .describe('With `linucb`: so many deviations of the accuracy count in favour.'),
  lot: ratio.describe('With `linucb`: the share of auctions that are drawn by lot.'),
  maxLossUsd: notNegative.describe(
    'A bid whose score is worse than the best by more is never chosen. Unset: by any amount.',
  ),
};

export const explorationSchema = z
  .strictObject({
    kind: members.kind.default('off'),
    modes: members.modes.optional(),
    latency: members.latency.default(false),
    width: members.width.default(1),
    lot: members.lot.default(0),
    maxLossUsd: members.maxLossUsd.optional(),
  })
  .prefault({})
  .describe(
    'Lets another than the best score win now and then, among those that limits and constraints leave.',
  );

export const explorationOverrideSchema = z.strictObject(members).partial();

export const probesSchema = z
  .strictObject({
    share: z
      .number()
      .gt(0)
      .max(0.5)
      .default(0.02)
      .describe('Of the auctions in which somebody needs a probe.'),
    maxLossUsd: notNegative
      .optional()
      .describe(
        'A bid whose score is worse than the best by more is not probed. Unset: by any amount.',
      ),
    beyondLimits: z
      .boolean()
      .default(false)
      .describe('Whether an instance may be probed that breaks a limit on time by its record.'),
  })
  .describe(
    'Gives a share of requests to instances that are new, have broken promises, or whose model has become worse. Unset: none.',
  );

export const routerSchema = z
  .union([
    plainText,
    z.strictObject({
      file: plainText.describe('Path, relative to the policy file.'),
      questions: positive
        .max(65_535)
        .default(100)
        .describe(
          'After so many certain verdicts, they and a forecast of the router weigh the same.',
        ),
    }),
  ])
  .describe(
    'A file of `bourse train router`: its forecasts stand in for the accuracies of the models that it knows.',
  );
