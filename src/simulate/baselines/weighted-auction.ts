import type { EngineSpec } from '../engine-spec.ts';
import type { Baseline, BaselineTools, InstanceView, PickRequest } from './baseline.ts';
import { leastOf } from './baseline.ts';

/** Of its default mode. */
const WEIGHTS = { accuracy: 0.75, cost: 0.15, latency: 0.05, energy: 0.05 };
const OUTPUT_TOKENS = 300;
const EMA = 0.1;

/**
 * The auction of yfan000/semantic-llm-router: cost times a stepped load price, and its formula of latency, each over the largest bid. It is told the true
 * rates of every engine, where its own defaults would be guesses.
 */
export function weightedAuction({ instances }: BaselineTools): Baseline {
  const rates = instances.map(({ spec }) => ratesOf(spec));
  const latencyMs = instances.map((): number | null => null);
  let outputTokens = OUTPUT_TOKENS;

  function bidOf(request: PickRequest, { place, instance, telemetry, inFlight }: InstanceView) {
    const { prefillPerSecond, decodePerSecond, tokensPerJoule } = rates[place]!;
    const { maxRunning } = instance.spec;
    const waiting = telemetry.waitingRequests ?? 0;
    const running = Math.max(1, telemetry.runningRequests ?? 0, inFlight);
    const load = Math.max(
      telemetry.kvUsageRatio ?? 0,
      Math.min(1, waiting / maxRunning),
      inFlight / maxRunning,
    );
    const { price, accuracy } = instance;
    const usd = request.promptTokens * price.inputPerMTok + outputTokens * price.outputPerMTok;
    const typicalMs = latencyMs[place] ?? (1000 * outputTokens) / decodePerSecond;
    return {
      accuracy,
      cost: usd * loadPrice(load),
      energy: outputTokens / tokensPerJoule,
      latency:
        (waiting * typicalMs) / running +
        (1000 * request.promptTokens) / prefillPerSecond +
        (1000 * outputTokens * running) / decodePerSecond,
    };
  }

  return {
    pick(request, views) {
      const bids = new Map(views.map((view) => [view, bidOf(request, view)]));
      const largest = (of: 'cost' | 'latency' | 'energy'): number =>
        Math.max(1e-12, ...[...bids.values()].map((bid) => bid[of]));
      const [cost, latency, energy] = [largest('cost'), largest('latency'), largest('energy')];
      return leastOf(views, (view) => {
        const bid = bids.get(view)!;
        return (
          (WEIGHTS.cost * bid.cost) / cost +
          (WEIGHTS.latency * bid.latency) / latency +
          WEIGHTS.accuracy * (1 - bid.accuracy) +
          (WEIGHTS.energy * bid.energy) / energy
        );
      });
    },
    firstToken({ ttftMs, place }) {
      const known = latencyMs[place] ?? null;
      latencyMs[place] = known === null ? ttftMs : known + EMA * (ttftMs - known);
    },
    ended(_request, _place, tokens) {
      if (tokens > 0) outputTokens += EMA * (tokens - outputTokens);
    },
  };
}

const loadPrice = (load: number): number =>
  load < 0.5 ? 1 : load < 0.75 ? 1.25 : load < 0.9 ? 1.6 : 2;

function ratesOf({
  weightReadMs,
  perSequenceMs,
  maxRunning,
  prefillTokensPerIteration,
  power,
}: EngineSpec) {
  const fullMs = weightReadMs + perSequenceMs * maxRunning;
  const decodePerSecond = (maxRunning * 1000) / fullMs;
  return {
    decodePerSecond,
    prefillPerSecond: (prefillTokensPerIteration * 1000) / (weightReadMs + perSequenceMs),
    tokensPerJoule: decodePerSecond / (power.peakWatts * power.gpus),
  };
}
