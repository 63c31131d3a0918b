import type { Baseline, BaselineTools, InstanceView, PickRequest } from './baseline.ts';
import { leastOf } from './baseline.ts';
import { RoutedPrefixes } from './routed-prefixes.ts';

/**
 * What the features of `snapshot` cost before anything is seen, in milliseconds: those of the exchange's own cold model. Without
 * them load looks free until the first slow answers are back, and everybody has gone to one instance by then.
 */
const PRIOR_MS = [150, 200, 200, 20, 50, 200, 0];
/** Over that of the noise. */
const PRIOR_VARIANCE = 4;
const FEATURES = PRIOR_MS.length;
const FORGETTING = 0.998;
const TRACE_MAX = 1e3;
const EXPLORED_FIRST = 20;
const EXPLORATION = 0.02;

/**
 * A reward predictor that learns online, after Lodestar (arXiv 2606.00946): from a snapshot of an instance and a request it predicts the
 * reward, −TTFT, and the highest wins. The paper's predictor is not public; here it is recursive least squares with forgetting, one per
 * instance, over the products that the engine's time depends on, with a little exploration.
 */
export function lodestar({ rng, instances }: BaselineTools): Baseline {
  const prefixes = new RoutedPrefixes(instances);
  const models = instances.map(() => new Predictor());
  const sent = new Map<number, Float64Array>();

  function snapshot(request: PickRequest, view: InstanceView): Float64Array {
    const { telemetry, inFlight, pendingTokens, place } = view;
    const uncached = (request.promptTokens - prefixes.matchedTokens(request, place)) / 1000;
    const others = inFlight / 16;
    const pending = pendingTokens / 1000;
    const waiting = (telemetry.waitingRequests ?? 0) / 16;
    const kv = telemetry.kvUsageRatio ?? 0;
    return Float64Array.of(
      1,
      uncached,
      pending,
      others,
      (uncached + pending) * others,
      waiting,
      kv,
    );
  }

  return {
    pick(request, views) {
      const newest = views.find(({ place }) => models[place]!.seen < EXPLORED_FIRST);
      if (newest !== undefined) return leastOf(views, ({ place }) => models[place]!.seen);
      if (rng.next() < EXPLORATION) return views[Math.floor(rng.next() * views.length)]!;
      return leastOf(views, (view) => models[view.place]!.predict(snapshot(request, view)));
    },
    sent(request, view) {
      sent.set(request.index, snapshot(request, view));
      models[view.place]!.seen++;
      prefixes.add(request, view.place);
    },
    firstToken({ request, place, ttftMs }) {
      const features = sent.get(request.index);
      if (features !== undefined) models[place]!.learn(features, ttftMs);
      sent.delete(request.index);
    },
  };
}

/** `θ ← θ + K(y − xθ)`, `P ← (P − Kx'P)/λ`. */
class Predictor {
  seen = 0;
  readonly #theta = Float64Array.from(PRIOR_MS);
  readonly #covariance = new Float64Array(FEATURES * FEATURES);

  constructor() {
    for (let i = 0; i < FEATURES; i++) this.#covariance[i * FEATURES + i] = PRIOR_VARIANCE;
  }

  predict(x: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < FEATURES; i++) sum += x[i]! * this.#theta[i]!;
    return sum;
  }

  learn(x: Float64Array, value: number): void {
    const p = this.#covariance;
    const px = new Float64Array(FEATURES);
    let gain = FORGETTING;
    for (let i = 0; i < FEATURES; i++) {
      for (let j = 0; j < FEATURES; j++) px[i]! += p[i * FEATURES + j]! * x[j]!;
      gain += px[i]! * x[i]!;
    }
    const error = value - this.predict(x);
    // What is never excited does not grow for ever.
    let trace = 0;
    for (let i = 0; i < FEATURES; i++) trace += p[i * FEATURES + i]!;
    const growth = trace > TRACE_MAX ? 1 : FORGETTING;
    for (let i = 0; i < FEATURES; i++) {
      this.#theta[i]! += (px[i]! / gain) * error;
      for (let j = 0; j < FEATURES; j++) {
        p[i * FEATURES + j] = (p[i * FEATURES + j]! - (px[i]! * px[j]!) / gain) / growth;
      }
    }
  }
}
