import type { Baseline, BaselineTools } from './baseline.ts';
import { leastOf } from './baseline.ts';

/**
 * The best that is best for each request as it comes: it knows every engine as it is and the length of the answer, and takes the instance
 * where the answer costs least, its time at the price of time. It does not know who comes after.
 */
export function oracle({ truth, objective }: BaselineTools): Baseline {
  return {
    pick: (request, views) =>
      leastOf(views, ({ place, instance: { price, accuracy } }) => {
        const { totalMs, cachedTokens, outputTokens } = truth.forecast(request.index, place);
        const usd =
          (request.promptTokens - cachedTokens) * price.inputPerMTok +
          cachedTokens * price.cachedInputPerMTok +
          outputTokens * price.outputPerMTok;
        return (
          usd / 1e6 +
          (objective.usdPerSecond * totalMs) / 1000 +
          objective.usdPerError * (1 - accuracy)
        );
      }),
  };
}
