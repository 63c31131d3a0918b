import type { Rng } from '../kernel/index.ts';
import type { Award, Bid, Exclusion, Mandate, Quotes, Refusal } from '../contract/index.ts';
import { explore } from './explore.ts';
import type { Exploring } from './explore.ts';
import { hasLimits, LimitTest, missText } from './limits.ts';
import type { Miss } from './limits.ts';

/** A refusal by the market, with what it saw: for the explanation, not for the client. */
export interface MarketRefusal extends Refusal {
  readonly quotes: Quotes;
}

/**
 * Ranks the bids that keep every limit; the first wins, unless the mandate explores. Never re-admits one that does
 * not: when none does, the request is refused, and told which came nearest. Without `rng` nothing is explored.
 */
export function awardBids(quotes: Quotes, mandate: Mandate, rng?: Rng): Award | Refusal {
  if (quotes.bids.length === 0) return nobody(quotes, mandate);
  const isExploring = rng !== undefined && explores(mandate);
  if (!hasLimits(mandate.limits)) {
    const won = withMissed(award(quotes), quotes);
    return isExploring ? explore(won, [], mandate, rng) : won;
  }
  const won = awardWithin(quotes, mandate);
  if (!isExploring || won.kind === 'refusal') return won;
  return explore(won, beyondTime(quotes, won, mandate), mandate, rng);
}

/** The stage, with what chance is drawn from. */
export const createAward =
  (rng: Rng) =>
  (quotes: Quotes, mandate: Mandate): Award | Refusal =>
    awardBids(quotes, mandate, rng);

const explores = (mandate: Mandate): mandate is Exploring => mandate.exploration !== undefined;

/** Those who need a probe and break no limit but one on time, which their record may be what keeps them over. */
function beyondTime({ bids }: Quotes, { ranked }: Award, mandate: Exploring): readonly Bid[] {
  if (mandate.exploration.probes?.beyondLimits !== true) return [];
  const test = new LimitTest({ ...mandate.limits, maxTtftMs: null, maxLatencyMs: null });
  return bids.filter(
    (bid) => (bid.need ?? null) !== null && !ranked.includes(bid) && test.worstMiss(bid) === null,
  );
}

function awardWithin(quotes: Quotes, mandate: Mandate): Award | Refusal {
  const test = new LimitTest(mandate.limits);
  const kept: Bid[] = [];
  const excluded: Exclusion[] = [...quotes.excluded];
  let nearest: NearMiss | null = null;
  for (const bid of quotes.bids) {
    const miss = test.worstMiss(bid);
    if (miss === null) {
      kept.push(bid);
      continue;
    }
    const detail = missText(miss, mandate.limits.quantile);
    const instance = bid.instance.id;
    excluded.push({ instance, cause: 'limit', detail });
    if (nearest === null || isNearer(miss, bid, nearest)) nearest = { miss, bid, detail };
  }
  if (nearest !== null && kept.length === 0) {
    return unmeetable({ bids: quotes.bids, excluded }, nearest);
  }
  return withMissed(award({ ...quotes, bids: kept, excluded }), quotes);
}

/** With the bidders that have not quoted, where there are any. */
const withMissed = (award: Award, { missed }: Quotes): Award =>
  missed === undefined ? award : { ...award, missed };

interface NearMiss {
  readonly miss: Miss;
  readonly bid: Bid;
  readonly detail: string;
}

function isNearer(miss: Miss, bid: Bid, nearest: NearMiss): boolean {
  if (miss.relative !== nearest.miss.relative) return miss.relative < nearest.miss.relative;
  return bid.instance.id < nearest.bid.instance.id;
}

/** With a session held there is no auction: its holder is first, and the rest are its fallback. */
function award({ bids, excluded, hold }: Quotes): Award {
  const ranked = rank(bids);
  const at = hold === undefined ? -1 : ranked.findIndex((bid) => bid.instance.id === hold.instance);
  if (hold !== undefined && at >= 0) {
    ranked.unshift(...ranked.splice(at, 1));
    return { kind: 'award', ranked, excluded, clearingScore: null, hold, propensity: 1 };
  }
  return {
    kind: 'award',
    ranked,
    excluded,
    clearingScore: ranked.length > 1 ? ranked[1]!.score : null,
    propensity: 1,
  };
}

/** Fleets up to this size are sorted by insertion, which beats `sort` as long as they are small. */
const FEW_BIDS = 16;

function rank(bids: readonly Bid[]): Bid[] {
  const ranked = bids.slice();
  if (ranked.length > FEW_BIDS) return ranked.sort(byScore);
  for (let i = 1; i < ranked.length; i++) {
    const bid = ranked[i]!;
    let at = i;
    while (at > 0 && byScore(bid, ranked[at - 1]!) < 0) {
      ranked[at] = ranked[at - 1]!;
      at--;
    }
    ranked[at] = bid;
  }
  return ranked;
}

function byScore(a: Bid, b: Bid): number {
  if (a.score !== b.score) return a.score - b.score;
  return a.instance.id < b.instance.id ? -1 : 1;
}

function unmeetable(quotes: Quotes, { bid, detail }: NearMiss): MarketRefusal {
  const nearest = `the nearest is ${bid.instance.id}, where ${detail}`;
  return {
    kind: 'refusal',
    reason: 'limit-unmeetable',
    code: 'BRS_LIMIT_UNMEETABLE',
    message: `No instance meets the limits of this request: ${nearest}. Raise that limit, or choose another mode.`,
    quotes,
  };
}

function nobody(quotes: Quotes, mandate: Mandate): MarketRefusal {
  const concerned = quotes.excluded.filter(({ cause }) => cause !== 'model');
  const isForbidden =
    mandate.isNamed &&
    concerned.length > 0 &&
    concerned.every(({ cause }) => cause === 'constraint');
  if (isForbidden) {
    return {
      kind: 'refusal',
      reason: 'model-forbidden',
      code: 'BRS_FORBIDDEN_MODEL',
      message: `The policy does not allow the model that was named for this request: ${summary(concerned)}.`,
      quotes,
    };
  }
  const seconds = secondsUntilBack(quotes.excluded);
  if (seconds !== null && isAllLimited(quotes.excluded)) {
    return {
      kind: 'refusal',
      reason: 'no-eligible-model',
      code: 'BRS_UPSTREAM_RATE',
      message: `Every instance that may serve this request is at its limit: try again in ${seconds} seconds.`,
      retryAfterSeconds: seconds,
      quotes,
    };
  }
  return {
    kind: 'refusal',
    reason: 'no-eligible-model',
    code: 'BRS_NO_ELIGIBLE_MODEL',
    message: `No instance may serve this request: ${summary(quotes.excluded)}.`,
    ...(seconds !== null && { retryAfterSeconds: seconds }),
    quotes,
  };
}

/** Until the first of those that are left alone is asked again; null where none is. */
function secondsUntilBack(excluded: readonly Exclusion[]): number | null {
  let soonestMs = Infinity;
  for (const { recovery } of excluded) {
    if (recovery !== undefined) soonestMs = Math.min(soonestMs, recovery.afterMs);
  }
  return soonestMs === Infinity ? null : Math.ceil(soonestMs / 1000);
}

/** Whether limits are all that keeps those from serving who else could. */
const isAllLimited = (excluded: readonly Exclusion[]): boolean =>
  excluded.every(
    ({ cause, recovery }) =>
      cause === 'model' || cause === 'constraint' || recovery?.isLimited === true,
  );

/** In the order in which a caller can do something about them. */
const CAUSES: readonly (readonly [cause: Exclusion['cause'], label: string])[] = [
  ['context-window', 'too small'],
  ['constraint', 'barred'],
  ['capability', 'unable'],
  ['lifecycle', 'not ready'],
  ['circuit', 'with an open circuit'],
  ['bid', 'asking for too much'],
  ['model', 'of another model'],
];

/**
 * For example `2 barred (titan-stays-on-prem: require site: on-prem), 1 not ready`. Why an instance
 * is not ready is the operator's matter, and may name addresses: it is left out.
 */
function summary(excluded: readonly Exclusion[]): string {
  if (excluded.length === 0) return 'the fleet is empty';
  const parts: string[] = [];
  for (const [cause, label] of CAUSES) {
    const those = excluded.filter((each) => each.cause === cause);
    if (those.length === 0) continue;
    const isTold = cause === 'constraint' || cause === 'context-window';
    const details = isTold ? [...new Set(those.map(({ detail }) => detail))] : [];
    const told = details.slice(0, DETAILS_MAX).join('; ');
    parts.push(`${those.length} ${label}${told === '' ? '' : ` (${told})`}`);
  }
  return parts.join(', ');
}

const DETAILS_MAX = 3;
