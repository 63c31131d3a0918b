import type { ContextSpace, Model, TrainedForecast, TrainedRouter } from '../contract/index.ts';
import type { QualityModel, RoutedModel } from './quality-model.ts';

/** No forecast is nearer to certainty. */
const RATE_MIN = 1e-3;
/** No variance is below: what the table's models have in common, a new one may still lack. */
const VARIANCE_MIN = 1e-3;

/**
 * A trained model as routers of requests use it: its items, with a leading 1, are the context. A model that the
 * table knew has its forecast; of another it is told how much harder or easier than usual the request is for
 * models at large, and its verdicts place it from there.
 */
export function trainedRouter(
  model: QualityModel,
  { name, questions }: { readonly name: string; readonly questions: number },
): TrainedRouter {
  const population = model.place([]);
  const size = population.weights.length;
  const space: ContextSpace = {
    name,
    size,
    variances: Float64Array.from({ length: size }, (_, j) =>
      j === 0 ? 0 : Math.max(VARIANCE_MIN, population.covariance[j * size + j]!),
    ),
  };
  const known = new WeakMap<Model, RoutedModel | null>();
  const routedOf = (asked: Model): RoutedModel | null => {
    let routed = known.get(asked);
    if (routed === undefined) {
      routed = model.find(asked.routerName ?? asked.id);
      known.set(asked, routed);
    }
    return routed;
  };
  return {
    space,
    read(text, embedding) {
      const item = model.read(text, embedding);
      const values = new Float32Array(size);
      values[0] = 1;
      values.set(item.values, 1);
      return values;
    },
    forecast(asked, values): TrainedForecast {
      const routed = routedOf(asked);
      if (routed === null) {
        let logit = 0;
        for (let j = 1; j < size; j++) logit += population.weights[j]! * values[j]!;
        return { logit, isKnown: false, questions: 0 };
      }
      // How long the prompt is matters to amounts alone.
      const item = { values: values.subarray(1), logUnits: 0 };
      const { mean } = model.forecast(routed, item).accuracy;
      const rate = Math.min(1 - RATE_MIN, Math.max(RATE_MIN, mean));
      return { logit: Math.log(rate / (1 - rate)), isKnown: true, questions };
    },
  };
}
