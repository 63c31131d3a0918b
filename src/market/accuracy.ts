import type { Beliefs, Bid, Estimate, Mandate, MarketView, Model } from '../contract/index.ts';
import type { Topic } from '../contract/index.ts';
import { accuracyPosterior, priorAccuracy } from '../estimate/index.ts';
import type { DraftBid } from './draft-bid.ts';
import { scoreBid } from './score.ts';

/** P(correct) as the model's card has it; null where nobody has said. */
export const accuracyOf = priorAccuracy;

/** Verdicts fade by the hour, so that what is worked out of them lasts as long. */
const HOUR_MS = 3_600_000;

/** What is believed of models in one hour, each topic worked out once. */
class AccuracyBook {
  readonly hour: number;
  readonly #beliefs: Beliefs;
  readonly #at: { readonly nowMs: number; readonly halfLifeMs: number };
  readonly #byTopic = new Map<string, Map<Model, Estimate | null>>();

  constructor(beliefs: Beliefs, hour: number, halfLifeMs: number) {
    this.hour = hour;
    this.#beliefs = beliefs;
    this.#at = { nowMs: hour * HOUR_MS, halfLifeMs };
  }

  of(model: Model, topic: Topic | null): Estimate | null {
    const key = topic === null ? '' : `${topic.domain ?? ''}|${topic.band ?? ''}`;
    let known = this.#byTopic.get(key);
    if (known === undefined) this.#byTopic.set(key, (known = new Map()));
    let estimate = known.get(model);
    if (estimate === undefined) {
      estimate = accuracyPosterior(model, this.#beliefs, topic, this.#at);
      known.set(model, estimate);
    }
    return estimate;
  }
}

const books = new WeakMap<Beliefs, AccuracyBook>();

function bookOf(
  { beliefs, accuracyHalfLifeMs = Infinity }: MarketView,
  nowMs: number,
): AccuracyBook {
  const hour = Math.floor(nowMs / HOUR_MS);
  let book = books.get(beliefs);
  if (book === undefined || book.hour !== hour) {
    book = new AccuracyBook(beliefs, hour, accuracyHalfLifeMs);
    books.set(beliefs, book);
  }
  return book;
}

/** The accuracy of the model at large, where verdicts on anything are known. */
export function learnedAccuracy(model: Model, view: MarketView, nowMs: number): Estimate | null {
  return bookOf(view, nowMs).of(model, null);
}

/**
 * Holds the bids to what is believed of their models on the request's topic. The topic is read only
 * where it can change the award: models compete, the mandate asks for accuracy, and by the cards another
 * model is the best on some topic, or verdicts are known.
 */
export function refineByTopic(
  bids: readonly Bid[],
  mandate: Mandate,
  view: MarketView,
  nowMs: number,
): void {
  if (view.topic === undefined || !dependsOnTopic(bids, mandate, view.beliefs)) return;
  const topic = view.topic();
  if (topic.domain === null) return;
  const book = bookOf(view, nowMs);
  for (const bid of bids as readonly DraftBid[]) {
    const accuracy = book.of(bid.instance.model, topic);
    if (accuracy === bid.accuracy) continue;
    bid.accuracy = accuracy;
    scoreBid(bid, mandate);
  }
}

function dependsOnTopic(
  bids: readonly Bid[],
  { objective, limits }: Mandate,
  { accuracy }: Beliefs,
): boolean {
  if (bids.length < 2 || (objective.usdPerError === 0 && limits.minAccuracy === null)) return false;
  const first = bids[0]!.instance.model;
  let hasRival = false;
  let hasVerdict = false;
  let hasCard = false;
  for (let i = 0; i < bids.length; i++) {
    const { model } = bids[i]!.instance;
    if (model.kind === 'embedding') return false;
    if (model !== first) hasRival = true;
    if (accuracy.has(model.id)) hasVerdict = true;
    if (model.accuracy.byDomain.size > 0) hasCard = true;
  }
  if (!hasRival) return false;
  if (hasVerdict || limits.minAccuracy !== null) return hasVerdict || hasCard;
  return hasCard && cardsDisagree(bids, objective.usdPerError);
}

/** Whether another bid than the best at large is the best on some domain of the cards. */
function cardsDisagree(bids: readonly Bid[], usdPerError: number): boolean {
  const atLarge = bestOn(null, bids, usdPerError);
  for (const { instance } of bids) {
    for (const domain of instance.model.accuracy.byDomain.keys()) {
      if (bestOn(domain, bids, usdPerError) !== atLarge) return true;
    }
  }
  return false;
}

/** The best bid where no verdict has moved the figures of the cards. */
function bestOn(domain: string | null, bids: readonly Bid[], usdPerError: number): Bid {
  let best = bids[0]!;
  let least = Infinity;
  for (const bid of bids) {
    const { default: usual, byDomain } = bid.instance.model.accuracy;
    const onDomain = domain === null ? undefined : byDomain.get(domain);
    const gain = onDomain === undefined ? 0 : onDomain - (usual ?? bid.accuracy?.mean ?? 0.5);
    const score = bid.score - usdPerError * gain;
    if (score > least || (score === least && bid.instance.id > best.instance.id)) continue;
    best = bid;
    least = score;
  }
  return best;
}
