import type {
  Beliefs,
  Bid,
  ContextRecord,
  ContextSeen,
  ContextSpace,
  Estimate,
  Mandate,
  MarketView,
  Model,
  RequestContext,
  Topic,
} from '../contract/index.ts';
import { DOMAINS } from '../contract/index.ts';
import {
  accuracyInContext,
  accuracyPosterior,
  contextAt,
  contextPrior,
  easeOf,
  priorAccuracy,
} from '../estimate/index.ts';
import type { Question } from '../estimate/index.ts';
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
  readonly #inContext = new Map<Model, ContextRecord | undefined>();

  constructor(beliefs: Beliefs, hour: number, halfLifeMs: number) {
    this.hour = hour;
    this.#beliefs = beliefs;
    this.#at = { nowMs: hour * HOUR_MS, halfLifeMs };
  }

  of(model: Model, question: Question | null): Estimate | null {
    const key = question === null ? '' : keyOf(question);
    let known = this.#byTopic.get(key);
    if (known === undefined) this.#byTopic.set(key, (known = new Map()));
    let estimate = known.get(model);
    if (estimate === undefined) {
      estimate = accuracyPosterior(model, this.#beliefs, question, this.#at);
      known.set(model, estimate);
    }
    return estimate;
  }

  /** What neighbours of a request tell of the model: nothing where most of its verdicts are on requests whose place is not known. */
  recordOf(model: Model, space: ContextSpace): ContextRecord | undefined {
    const known = this.#inContext.get(model);
    if (known !== undefined || this.#inContext.has(model)) return known;
    const { nowMs, halfLifeMs } = this.#at;
    let record = this.#beliefs.contexts.get(model.id);
    const whole = this.#beliefs.accuracy.get(model.id);
    const verdicts = whole === undefined ? 0 : whole.right + whole.wrong;
    if (record !== undefined && (record.space !== space.name || 2 * record.weight < verdicts)) {
      record = undefined;
    }
    if (record !== undefined) record = contextAt(record, space, nowMs, halfLifeMs);
    this.#inContext.set(model, record);
    return record;
  }

  get beliefs(): Beliefs {
    return this.#beliefs;
  }
}

const keyOf = ({ domain, band, ease = 0 }: Question): string =>
  ease === 0 ? `${domain ?? ''}|${band ?? ''}` : `${domain ?? ''}|${band ?? ''}|${ease}`;

/** The eases that are told apart: so many to one of log-odds. */
const EASES = 8;

/** What is asked, as far as this market tells it apart. */
function questionOf({ domain, band, chance }: Topic, byDifficulty: boolean): Question {
  if (!byDifficulty || typeof chance !== 'number') return { domain, band };
  return { domain, band, ease: Math.round(easeOf(chance) * EASES) / EASES };
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
 * Holds the bids to what is believed of their models on the request's topic and on its neighbours. Both are read
 * only where they can change the award: models compete, the mandate asks for accuracy, and by the cards another
 * model is the best on some topic, or verdicts or a trained router are known, or the route explores.
 */
export function refineByTopic(
  bids: readonly Bid[],
  mandate: Mandate,
  view: MarketView,
  nowMs: number,
): void {
  if (view.topic === undefined || !dependsOnTopic(bids, mandate, view)) return;
  const topic = view.topic();
  const seen = view.context?.(topic) ?? null;
  const context = seen === null ? null : seen.context;
  const question = questionOf(topic, view.byDifficulty === true);
  if (topic.domain === null && context === null && question.ease === undefined) return;
  const book = bookOf(view, nowMs);
  for (let i = 0; i < bids.length; i++) {
    const bid = bids[i] as DraftBid;
    const { model } = bid.instance;
    const accuracy =
      context === null
        ? book.of(model, question)
        : inContext(model, question, { context, seen: seen!, book, before: bids, at: i });
    if (accuracy === bid.accuracy) continue;
    bid.accuracy = accuracy;
    scoreBid(bid, mandate);
  }
}

interface InContext {
  readonly context: RequestContext;
  readonly seen: ContextSeen;
  readonly book: AccuracyBook;
  /** Those before `at` have their estimates: instances of one model share one. */
  readonly before: readonly Bid[];
  readonly at: number;
}

function inContext(
  model: Model,
  question: Question,
  { context, seen, book, before, at }: InContext,
): Estimate | null {
  for (let i = 0; i < at; i++) if (before[i]!.instance.model === model) return before[i]!.accuracy;
  const forecast = context.forecast(model);
  const prior = contextPrior(model, book.beliefs, question, forecast);
  seen.priors.set(model.id, prior);
  const record = book.recordOf(model, context.space);
  if (record === undefined && forecast === null) return book.of(model, question);
  return accuracyInContext(record, prior, context);
}

function dependsOnTopic(
  bids: readonly Bid[],
  { objective, limits, exploration }: Mandate,
  { beliefs: { accuracy }, hasRouter = false, byDifficulty = false }: MarketView,
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
  if (hasRouter || exploration !== undefined) return true;
  if (hasVerdict || limits.minAccuracy !== null) return hasVerdict || hasCard || byDifficulty;
  const { usdPerError } = objective;
  return (
    (hasCard && cardsDisagree(bids, usdPerError)) ||
    (byDifficulty && easeDecides(bids, usdPerError))
  );
}

/**
 * To read a request takes tens of microseconds, and under load models bid close to each other: by the
 * cards it has to be expected to save this share of the best score, every domain being as likely.
 */
const WORTH_READING = 0.01;

/** Whether other bids than the best at large are so much better on some domains of the cards. */
function cardsDisagree(bids: readonly Bid[], usdPerError: number): boolean {
  let best = bids[0]!;
  for (const bid of bids) if (bid.score < best.score) best = bid;
  let worth = WORTH_READING * Math.abs(best.score) * DOMAINS.length;
  for (let i = 0; i < bids.length; i++) {
    for (const domain of bids[i]!.instance.model.accuracy.byDomain.keys()) {
      if (isNamedBefore(domain, bids, i)) continue;
      worth -= savedOn(domain, { bids, best, usdPerError });
      if (worth < 0) return true;
    }
  }
  return false;
}

/** Requests as easy as these, by the factor on the odds that a model is right, are taken to be as many. */
const EASY = [1, 3, 9] as const;

/** Whether on easy requests other bids than the best at large are so much better. */
function easeDecides(bids: readonly Bid[], usdPerError: number): boolean {
  let best = bids[0]!;
  for (const bid of bids) if (bid.score < best.score) best = bid;
  let worth = WORTH_READING * Math.abs(best.score) * EASY.length;
  for (const odds of EASY) {
    const gain = easierBy(odds, best);
    let saved = 0;
    for (let i = 0; i < bids.length; i++) {
      const bid = bids[i]!;
      const better = usdPerError * (easierBy(odds, bid) - gain) - (bid.score - best.score);
      if (better > saved) saved = better;
    }
    worth -= saved;
  }
  return worth < 0;
}

/** How much likelier the bid is right where its odds are so many times better. */
function easierBy(odds: number, { accuracy }: Bid): number {
  if (accuracy === null) return 0;
  const { mean } = accuracy;
  return (odds * mean) / (1 - mean + odds * mean) - mean;
}

function isNamedBefore(domain: string, bids: readonly Bid[], before: number): boolean {
  for (let i = 0; i < before; i++) {
    if (bids[i]!.instance.model.accuracy.byDomain.has(domain)) return true;
  }
  return false;
}

interface Rivals {
  readonly bids: readonly Bid[];
  readonly best: Bid;
  readonly usdPerError: number;
}

/** What the best bid on the domain saves over the best at large, in USD. */
function savedOn(domain: string, { bids, best, usdPerError }: Rivals): number {
  const gain = gainOn(domain, best);
  let saved = 0;
  for (const bid of bids) {
    const better = usdPerError * (gainOn(domain, bid) - gain) - (bid.score - best.score);
    if (better > saved) saved = better;
  }
  return saved;
}

/** How much better than usual the model is on the domain, where no verdict has moved the figures of its card. */
function gainOn(domain: string, { instance, accuracy }: Bid): number {
  const { default: usual, byDomain } = instance.model.accuracy;
  const onDomain = byDomain.get(domain);
  return onDomain === undefined ? 0 : onDomain - (usual ?? accuracy?.mean ?? 0.5);
}
