import type { InstanceTiming } from '../../src/contract/index.ts';
import {
  COLD_TIMING,
  observeRequest,
  occupancy,
  Pace,
  polledOf,
} from '../../src/estimate/index.ts';
import { NO_TELEMETRY } from '../../src/contract/index.ts';
import type { Instance } from '../../src/contract/index.ts';
import { NORMAL_P90 } from '../../src/estimate/fitted-line.ts';

/** What is known of an instance as a request is dispatched: a poll that may be old, and the router's own counts. */
export interface Seen {
  readonly instance: Instance;
  readonly running: number;
  readonly waiting: number;
  readonly kvUsageRatio: number;
  readonly inFlight: number;
  /** Own requests in flight at the time of the poll. */
  readonly inFlightAtPoll: number;
  readonly pendingTokens: number;
  /** Prompt and output tokens so far of everything in flight. */
  readonly activeTokens: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

export interface Prediction {
  readonly ttftMs: number;
  readonly perTokenMs: number;
  /** Null where the formula knows of no error. */
  readonly ttftP90Ms: number | null;
  readonly perTokenP90Ms: number | null;
}

export interface Served {
  readonly seen: Seen;
  readonly ttftMs: number;
  readonly perTokenMs: number;
  readonly totalMs: number;
  readonly outputTokens: number;
}

/** One formula at one instance. */
export interface Formula {
  predict(seen: Seen): Prediction;
  observe(served: Served): void;
}

const plain = (ttftMs: number, perTokenMs: number): Prediction => ({
  ttftMs,
  perTokenMs,
  ttftP90Ms: null,
  perTokenP90Ms: null,
});

/** A running mean that never stops learning. */
class Mean {
  value: number;
  #weight = 0;
  constructor(start: number) {
    this.value = start;
  }
  add(sample: number): void {
    this.#weight = Math.min(64, this.#weight + 1);
    this.value += (sample - this.value) / this.#weight;
  }
}

/**
 * A load score in units of its own, taken for milliseconds by the factor that fits best so far (least
 * squares of the relative error): the most that the score can say of time.
 */
class Scaled {
  readonly #factor = new Mean(1);
  value(score: number): number {
    return this.#factor.value * (1 + score);
  }
  add(score: number, measured: number): void {
    this.#factor.add(measured / (1 + score));
  }
}

export function bourse(): Formula {
  let timing: InstanceTiming = COLD_TIMING;
  const situationOf = (seen: Seen) => {
    const telemetry = {
      ...NO_TELEMETRY,
      runningRequests: seen.running,
      waitingRequests: seen.waiting,
      kvUsageRatio: seen.kvUsageRatio,
    };
    return occupancy(seen.instance, telemetry, {
      inFlight: seen.inFlight,
      polled: polledOf(telemetry, seen.inFlightAtPoll),
      pendingTokens: seen.pendingTokens,
    });
  };
  return {
    predict(seen) {
      const pace = new Pace(timing);
      const situation = situationOf(seen);
      const uncached = seen.promptTokens - seen.cachedTokens;
      const ttftMs = pace.ttftMs(situation, uncached);
      const perTokenMs = pace.perTokenMs(situation);
      return {
        ttftMs,
        perTokenMs,
        ttftP90Ms: ttftMs + NORMAL_P90 * Math.sqrt(pace.ttftVariance(situation, uncached)),
        perTokenP90Ms: perTokenMs + NORMAL_P90 * Math.sqrt(pace.perTokenVariance(situation)),
      };
    },
    observe({ seen, ttftMs, perTokenMs, totalMs, outputTokens }) {
      timing = observeRequest(timing, {
        ttftMs,
        totalMs,
        perTokenMs,
        situation: situationOf(seen),
        atMs: 0,
        promptTokens: seen.promptTokens,
        cachedTokens: seen.cachedTokens,
        outputTokens,
        hasUsage: true,
      });
    },
  };
}

/** `waiting·L̄/running + 1000·p/prefill`, `1000·running/decode` with its constants of 5 000 and 1 000 tokens per second. */
export function yfan(): Formula {
  const latency = new Mean(1_000);
  return {
    predict: ({ running, waiting, promptTokens }) =>
      plain(
        (waiting * latency.value) / Math.max(1, running) + promptTokens / 5,
        Math.max(1, running),
      ),
    observe: ({ totalMs }) => latency.add(totalMs),
  };
}

/** The same with the two rates measured, which its authors leave to the operator. */
export function yfanMeasured(): Formula {
  const latency = new Mean(1_000);
  const prefill = new Mean(0.2);
  const decode = new Mean(1);
  const queueOf = ({ running, waiting }: Seen): number =>
    (waiting * latency.value) / Math.max(1, running);
  return {
    predict: (seen) =>
      plain(
        queueOf(seen) + seen.promptTokens * prefill.value,
        Math.max(1, seen.running) * decode.value,
      ),
    observe({ seen, ttftMs, perTokenMs, totalMs }) {
      latency.add(totalMs);
      prefill.add(Math.max(0, ttftMs - queueOf(seen)) / seen.promptTokens);
      decode.add(perTokenMs / Math.max(1, seen.running));
    },
  };
}

const BLOCK_TOKENS = 16;

/** Dynamo's cost: prefill blocks that are active or its own, less the overlap, and decode blocks. */
export function dynamo(): Formula {
  const first = new Scaled();
  const later = new Scaled();
  const prefillBlocks = (seen: Seen): number =>
    (seen.pendingTokens + seen.promptTokens - seen.cachedTokens) / BLOCK_TOKENS;
  const cost = (seen: Seen): number => prefillBlocks(seen) + seen.activeTokens / BLOCK_TOKENS;
  return {
    predict: (seen) =>
      plain(first.value(cost(seen)), later.value(seen.activeTokens / BLOCK_TOKENS)),
    observe({ seen, ttftMs, perTokenMs }) {
      first.add(cost(seen), ttftMs);
      later.add(seen.activeTokens / BLOCK_TOKENS, perTokenMs);
    },
  };
}

/** llm-d's default scorers: queue, KV use and prefix at 2 : 2 : 3, the worse the longer. */
export function llmd(): Formula {
  const first = new Scaled();
  const later = new Scaled();
  const burden = (seen: Seen): number =>
    2 * seen.waiting +
    2 * seen.kvUsageRatio +
    3 * (1 - seen.cachedTokens / Math.max(1, seen.promptTokens));
  return {
    predict: (seen) => plain(first.value(burden(seen)), later.value(2 * seen.kvUsageRatio)),
    observe({ seen, ttftMs, perTokenMs }) {
      first.add(burden(seen), ttftMs);
      later.add(2 * seen.kvUsageRatio, perTokenMs);
    },
  };
}

/** SGLang, AIBrix and least-request: requests in flight. */
export function leastRequest(): Formula {
  const first = new Scaled();
  const later = new Scaled();
  return {
    predict: (seen) => plain(first.value(seen.inFlight), later.value(seen.inFlight)),
    observe({ seen, ttftMs, perTokenMs }) {
      first.add(seen.inFlight, ttftMs);
      later.add(seen.inFlight, perTokenMs);
    },
  };
}

/** The recent mean at this instance, whatever the request: what a latency EMA knows. */
export function recentMean(): Formula {
  const first = new Mean(500);
  const later = new Mean(20);
  return {
    predict: () => plain(first.value, later.value),
    observe({ ttftMs, perTokenMs }) {
      first.add(ttftMs);
      later.add(perTokenMs);
    },
  };
}

/** Lodestar's form: an online regression on a snapshot of the cluster, one for all instances; by normalised gradient steps on the logarithm. */
export function createLodestar(): () => Formula {
  const weights = [0, 1].map(() => new Float64Array(7));
  const features = (seen: Seen): readonly number[] => [
    1,
    Math.log1p(seen.promptTokens - seen.cachedTokens) / 8,
    Math.log1p(seen.running) / 4,
    Math.log1p(seen.waiting) / 4,
    Math.log1p(seen.inFlight) / 4,
    seen.kvUsageRatio,
    Math.log1p(seen.pendingTokens) / 8,
  ];
  const valueOf = (line: Float64Array, of: readonly number[]): number =>
    of.reduce((sum, each, i) => sum + each * line[i]!, 0);
  const learn = (line: Float64Array, of: readonly number[], target: number): void => {
    const square = of.reduce((sum, each) => sum + each * each, 0.1);
    const step = (0.2 * (target - valueOf(line, of))) / square;
    for (let i = 0; i < line.length; i++) line[i]! += step * of[i]!;
  };
  return () => ({
    predict(seen) {
      const of = features(seen);
      return plain(Math.exp(valueOf(weights[0]!, of)), Math.exp(valueOf(weights[1]!, of)));
    },
    observe({ seen, ttftMs, perTokenMs }) {
      const of = features(seen);
      learn(weights[0]!, of, Math.log(Math.max(1, ttftMs)));
      learn(weights[1]!, of, Math.log(Math.max(0.1, perTokenMs)));
    },
  });
}

export const FORMULAS: Readonly<Record<string, () => () => Formula>> = {
  bourse: () => bourse,
  'yfan000 (its constants)': () => yfan,
  'yfan000 (measured rates)': () => yfanMeasured,
  'Dynamo KV cost': () => dynamo,
  'llm-d default': () => llmd,
  'least request': () => leastRequest,
  'recent mean': () => recentMean,
  'online regression': createLodestar,
};
