import { z } from 'zod';
import { labelName, notNegative, plainText } from './scalars.ts';

export const carbonSchema = z
  .strictObject({
    label: labelName
      .default('site')
      .describe('The label (of the instance, else of its model) that tells where it stands.'),
    gramsPerKilowattHour: z
      .record(plainText, notNegative.max(10_000))
      .default({})
      .describe(
        'Grams of CO2 equivalent per kilowatt-hour, by place: `{ on-prem: 320, eu-north: 45 }`. A value that is pushed to `PUT /admin/v1/carbon/{place}` stands in for it.',
      ),
    maxAgeSeconds: z
      .number()
      .gt(0)
      .max(31_536_000)
      .default(7200)
      .describe('After this time a pushed value counts as unknown, unless it says its own.'),
  })
  .prefault({})
  .describe(
    'Carbon intensity of the electricity, for conditions: `pool: { carbon: { below: 200 } }`.',
  );
