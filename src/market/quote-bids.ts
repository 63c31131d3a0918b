import type {
  Bid,
  Bidder,
  Estimate,
  Exclusion,
  Instance,
  Mandate,
  MarketView,
  Model,
  Quote,
  Quotes,
  Workload,
} from '../contract/index.ts';
import { exclusionOf, windowExclusion } from './eligibility.ts';
import { heldToRecord } from './reputation.ts';
import { scoreBid } from './score.ts';

/**
 * One bid per placement that may serve, from one snapshot. The house bidder is first; the last that
 * quotes an instance speaks for it; a plugin that throws, or quotes what is no number, has not spoken.
 */
export function quoteBids(
  workload: Workload,
  mandate: Mandate,
  view: MarketView,
  bidders: readonly Bidder[],
): Quotes {
  const bids: Bid[] = [];
  const excluded: Exclusion[] = [];
  for (const state of view.fleet.states) {
    const barred = exclusionOf(workload, mandate, state, view.load);
    if (barred !== null) {
      excluded.push(barred);
      continue;
    }
    const { instance } = state;
    const quote = lastQuote(bidders, { workload, mandate, instance, view });
    if (quote === null) {
      excluded.push({
        instance: instance.id,
        cause: 'capability',
        detail: 'no bidder quotes for it',
      });
      continue;
    }
    const tooSmall = windowExclusion(workload, state, quote.promptTokens);
    if (tooSmall !== null) {
      excluded.push(tooSmall);
      continue;
    }
    const reputation = view.beliefs.reputation.get(instance.id);
    const held = heldToRecord(quote, reputation, workload.receivedAtMs);
    bids.push(scoreBid(held, accuracyOf(instance.model), mandate));
  }
  return { bids, excluded };
}

interface Asked {
  readonly workload: Workload;
  readonly mandate: Mandate;
  readonly instance: Instance;
  readonly view: MarketView;
}

function lastQuote(bidders: readonly Bidder[], asked: Asked): Quote | null {
  for (let i = bidders.length - 1; i > 0; i--) {
    const quote = pluginQuote(bidders[i]!, asked);
    if (quote !== null) return quote;
  }
  const house = bidders[0];
  return house === undefined ? null : soundQuote(house, asked);
}

/** A plugin's failure costs it its word. One of the house bidder is ours, and surfaces. */
function pluginQuote(bidder: Bidder, asked: Asked): Quote | null {
  try {
    return soundQuote(bidder, asked);
  } catch {
    return null;
  }
}

function soundQuote(bidder: Bidder, { workload, mandate, instance, view }: Asked): Quote | null {
  const quote = bidder.quote(workload, mandate, instance, view);
  return quote !== null && quote.instance === instance && isSound(quote) ? quote : null;
}

function isSound(quote: Quote): boolean {
  return (
    isQuantity(quote.ttftMs) &&
    isQuantity(quote.latencyMs) &&
    isQuantity(quote.outputTokens) &&
    (quote.costUsd === null || isQuantity(quote.costUsd)) &&
    (quote.energyJoules === null || isQuantity(quote.energyJoules)) &&
    isAmount(quote.waitMs) &&
    isAmount(quote.promptTokens) &&
    isAmount(quote.loadPrice)
  );
}

function isQuantity({ mean, deviation }: Estimate): boolean {
  return isAmount(mean) && isAmount(deviation);
}

function isAmount(value: number): boolean {
  return value >= 0 && value < Infinity;
}

/** The operator's figure counts as if it had been measured on this many questions. */
const PRIOR_QUESTIONS = 400;

/** P(correct) with the deviation of a Beta posterior, `√(p(1 − p)/(n + 1))`; null where nobody has said. */
function accuracyOf(model: Model): Estimate | null {
  const p = model.accuracy.default;
  if (p === null) return null;
  return { mean: p, deviation: Math.sqrt((p * (1 - p)) / (PRIOR_QUESTIONS + 1)) };
}
