/** A stream of requests, each given to one model; a share of the answers is judged, and the market learns as it goes. */
import { accuracyPosterior } from '../../src/estimate/index.ts';
import { awardBids } from '../../src/market/index.ts';
import { createRng } from '../../src/kernel/index.ts';
import type {
  Bid,
  ContextSeen,
  Estimate,
  ExplorationPlan,
  Mandate,
  MarketView,
} from '../../src/contract/index.ts';
import { isRefusal } from '../../src/contract/index.ts';
import { refineByTopic } from '../../src/market/accuracy.ts';
import { Learning, shuffled } from './stage.ts';
import type { Stage } from './stage.ts';

/** A share of the answers is judged; workers hear of it after so many requests. */
const JUDGED_SHARE = 0.3;
const PUBLISH_EVERY = 25;

export interface Rule {
  readonly name: string;
  readonly kind: ExplorationPlan['kind'];
  /** Whether neighbours count, or topics alone. */
  readonly readsContext: boolean;
}

export const RULES: readonly Rule[] = [
  { name: 'topic, off', kind: 'off', readsContext: false },
  { name: 'topic, thompson', kind: 'thompson', readsContext: false },
  { name: 'context, off', kind: 'off', readsContext: true },
  { name: 'context, thompson', kind: 'thompson', readsContext: true },
  { name: 'context, linucb', kind: 'linucb', readsContext: true },
];

export interface Run {
  /** By request, in the order of the stream: the column that served. */
  readonly served: readonly number[];
  readonly order: readonly number[];
}

/** Columns that may serve at a point of the stream, 0–1. */
export type Open = (column: number, done: number) => boolean;

export function replay(
  stage: Stage,
  usdPerError: number,
  { kind, readsContext }: Rule,
  { seed, isOpen = () => true }: { readonly seed: number; readonly isOpen?: Open },
): Run {
  const { requests, columns } = stage;
  const rng = createRng(seed * 7919);
  const learning = new Learning();
  const order = shuffled(requests.length, seed);
  const meanCost = columns.map(
    ({ costUsd }) => costUsd.reduce((sum, one) => sum + one, 0) / costUsd.length,
  );
  const mandate = mandateOf(usdPerError, kind);
  const served = order.map((row, step) => {
    const request = requests[row]!;
    const bids = columns.flatMap((column, c): Bid[] => {
      if (!isOpen(c, step / order.length)) return [];
      return [
        bidOf(column.model, String(c), meanCost[c]!, {
          usdPerError,
          usual: accuracyPosterior(column.model, learning.beliefs, null, AT) ?? COIN,
        }),
      ];
    });
    const seen: ContextSeen = { context: readsContext ? request.context : null, priors: new Map() };
    const view = {
      beliefs: learning.beliefs,
      topic: () => request.topic,
      context: () => seen,
    } as unknown as MarketView;
    refineByTopic(bids, { ...mandate, exploration: mandate.exploration ?? PLAN }, view, 0);
    const award = awardBids({ bids, excluded: [] }, mandate, rng);
    if (isRefusal(award)) throw new RangeError('nobody may serve');
    const winner = Number(award.ranked[0]!.instance.id);
    const column = columns[winner]!;
    if (rng.next() < JUDGED_SHARE) learning.judge(request, column.model, column.correct[row]!);
    if (step % PUBLISH_EVERY === 0) learning.learn();
    return winner;
  });
  return { served, order };
}

const PLAN: ExplorationPlan = {
  kind: 'off',
  modes: null,
  width: 1,
  lotShare: 0,
  drawsLatency: false,
  maxLossUsd: Infinity,
  probes: null,
};

function mandateOf(usdPerError: number, kind: ExplorationPlan['kind']): Mandate {
  const objective = { usdPerError, usdPerSecond: 0, usdPerKilojoule: 0 };
  const limits = {
    maxCostUsd: null,
    maxTtftMs: null,
    maxLatencyMs: null,
    minAccuracy: null,
    maxEnergyJoules: null,
    quantile: 0.9,
  };
  const exploration = kind === 'off' ? {} : { exploration: { ...PLAN, kind } };
  return { mode: 'economy', objective, limits, ...exploration } as unknown as Mandate;
}

const COIN: Estimate = { mean: 0.5, deviation: Math.sqrt(1 / 12) };
const AT = { nowMs: 0, halfLifeMs: Infinity };
const NOTHING: Estimate = { mean: 0, deviation: 0 };
const NO_TERMS = { cost: 0, time: 0, error: 0, energy: 0, lateness: 0, switching: 0, pacing: 0 };

function bidOf(
  model: unknown,
  id: string,
  costUsd: number,
  { usdPerError, usual }: { readonly usdPerError: number; readonly usual: Estimate },
): Bid {
  const quote = {
    waitMs: 0,
    ttftMs: NOTHING,
    latencyMs: NOTHING,
    energyJoules: NOTHING,
    outputTokens: NOTHING,
  };
  return {
    ...quote,
    instance: { id, model },
    costUsd: { mean: costUsd, deviation: 0 },
    loadPrice: 1,
    promptTokens: 0,
    cachedTokens: 0,
    accuracy: usual,
    score: costUsd + usdPerError * (1 - usual.mean),
    terms: NO_TERMS,
  } as unknown as Bid;
}
