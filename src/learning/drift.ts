import type { DriftAlarm, DriftRecord } from '../contract/index.ts';
import type { AccuracyLearningConfig } from '../contract/index.ts';

/** One verdict as the watch sees it. */
export interface WatchedVerdict {
  /** `domain|band`; null: not known. */
  readonly topic: string | null;
  /** Who judged: speakers differ in how strict they are. Unset: everybody is alike. */
  readonly speaker?: string;
  readonly score: number;
  /** The reliability of the speaker, above 0 and up to 1: a loss shows in its verdicts by so much of itself. */
  readonly weight: number;
  readonly atMs: number;
}

/** Fewer questions than this are no reference. */
const REFERENCE_QUESTIONS = 100;
/** What a model is held against is forgotten slowly, so that a slow loss is a loss too. */
const REFERENCE_HALF_LIFE = 10_000;
/** Before it is known, the offset of a topic or a speaker has this precision: a deviation of 0.7. */
const OFFSET_PRECISION = 2;
/** The first speaker is whom the others are compared with: its offset is 0 for good. */
const BASELINE_OFFSET = [0, 1e9] as const;
/** Known well: to a deviation of 0.3. */
const KNOWN_PRECISION = 11;
const UNKNOWN_OFFSET = [0, OFFSET_PRECISION] as const;
/** While a loss is this likely, in nats, nothing is learned of known offsets: they would explain it away. */
const SUSPICION_NATS = 3;
const STRATA_MAX = 64;
/** No rate is nearer to 0 or 1 than this. */
const LEAST_RATE = 0.01;
/** A loss takes away no more of a rate than this. */
const LOSS_MAX_RATIO = 0.7;
/**
 * Levels of quality that a model may have: even in `asin √p`, in which a rate is known equally well
 * wherever it lies.
 */
const LEVELS = 96;
const RATES = Float64Array.from(
  { length: LEVELS },
  (_, k) => Math.sin(0.32 + (1.46 - 0.32) * (k / (LEVELS - 1))) ** 2,
);
const LOGITS = RATES.map((rate) => Math.log(rate / (1 - rate)));
/** A level that explains the verdicts worse than the best by so much has no say. */
const NEGLIGIBLE_NATS = -40;
const LEVEL_ALIKE: readonly number[] = Array.from({ length: LEVELS }, () => 0);
/** `e` to this is nothing beside 1: JSON has no infinity. */
const NOTHING_NATS = -100;
const NO_LOSS: readonly number[] = Array.from({ length: LEVELS }, () => NOTHING_NATS);

const NO_SUSPICION: DriftRecord['suspected'] = {
  right: 0,
  wrong: 0,
  count: 0,
  scored: 0,
  evidence: 0,
};

export const UNWATCHED: DriftRecord = {
  reference: { right: 0, wrong: 0, offsets: {}, atMs: 0 },
  likelihoods: LEVEL_ALIKE,
  ratios: NO_LOSS,
  evidence: 0,
  suspected: NO_SUSPICION,
  alarm: null,
};

/** How many levels a record from a store has to have. */
export const LEVELS_WATCHED = LEVELS;

export interface Watched {
  readonly record: DriftRecord;
  /** A loss was found by this verdict; null: none. */
  readonly alarm: DriftAlarm | null;
  /** Then, the verdicts that proved it, weighted. */
  readonly since: { readonly right: number; readonly wrong: number };
}

/**
 * The procedure of Shiryaev and Roberts (Roberts, Technometrics 8, 1966) over a level θ of quality that
 * is not known: `R(θ) ← (1 + R(θ))·p₁(y|θ)/p₀(y|θ)`, averaged over the likelihood of θ without a change,
 * `R = Σ L₀(θ)·R(θ) / Σ L₀(θ)`. While nothing changes, R less the number of verdicts is a martingale, so an
 * alarm at R ≥ A comes once in A verdicts or less often, however little is known of θ. p₀ is θ moved by
 * what the topic and the speaker usually make of it, p₁ the rate after the loss. Likelihoods and ratios are
 * kept as logarithms and fade alike: a level that explains the past badly must not gain on what was forgotten.
 */
export function watchVerdict(
  before: DriftRecord,
  verdict: WatchedVerdict,
  config: AccuracyLearningConfig,
): Watched {
  const { score, weight, atMs } = verdict;
  const { reference } = before;
  const isKnown = reference.right + reference.wrong >= REFERENCE_QUESTIONS;
  const loss = config.drift.loss * weight;
  const kept = keptOf(reference, atMs, config);
  const { offset, certainty } = offsetOf(reference, verdict);
  const likelihoods = before.likelihoods.slice();
  const ratios = before.ratios.slice();
  let best = -Infinity;
  for (let k = 0; k < LEVELS; k++) {
    const rate = offset === 0 ? RATES[k]! : inside(logistic(LOGITS[k]! + offset));
    const explained = chanceOf(score, rate);
    const likelihood = before.likelihoods[k]! * kept + explained;
    likelihoods[k] = likelihood;
    if (likelihood > best) best = likelihood;
    const gain = certainty * (chanceOf(score, lostRate(rate, loss)) - explained);
    ratios[k] = isKnown ? logOnePlusExp(before.ratios[k]! * kept) + gain : NOTHING_NATS;
  }
  const { mean, statistic } = averaged(likelihoods, ratios, best);
  const expected = logistic(logit(inside(mean)) + offset);
  const isSuspected = before.suspected.evidence > SUSPICION_NATS;
  const learned = {
    reference: referenceWith(reference, verdict, { kept, expected, isSuspected }),
    likelihoods,
    ratios,
    evidence: Math.log1p(statistic),
    suspected: isKnown
      ? suspicion(before.suspected, verdict, { mean, offset, certainty, loss })
      : NO_SUSPICION,
    alarm: before.alarm,
  };
  const { right, wrong, scored, count } = learned.suspected;
  const since = { right, wrong };
  if (statistic < config.drift.verdictsPerFalseAlarm) {
    return { record: learned, alarm: null, since };
  }
  const alarm: DriftAlarm = {
    atMs,
    before: mean,
    after: scored / Math.max(1, count),
    verdicts: count,
  };
  return { record: restarted(learned, alarm), alarm, since };
}

/** The mean rate at large, and the statistic, over the levels; the likelihoods are made relative to the best. */
function averaged(
  likelihoods: number[],
  ratios: readonly number[],
  best: number,
): { readonly mean: number; readonly statistic: number } {
  let whole = 0;
  let mean = 0;
  let statistic = 0;
  for (let k = 0; k < LEVELS; k++) {
    const relative = likelihoods[k]! - best;
    likelihoods[k] = relative;
    if (relative < NEGLIGIBLE_NATS && relative + ratios[k]! < NEGLIGIBLE_NATS) continue;
    const weight = Math.exp(relative);
    whole += weight;
    mean += weight * RATES[k]!;
    statistic += Math.exp(relative + ratios[k]!);
  }
  return { mean: mean / whole, statistic: statistic / whole };
}

/** Verdicts since a change, if there was one: a cumulative sum (Page, Biometrika 41, 1954) tells since when. */
function suspicion(
  before: DriftRecord['suspected'],
  { score, weight }: WatchedVerdict,
  level: { readonly mean: number; readonly loss: number } & Offset,
): DriftRecord['suspected'] {
  const rate = inside(logistic(logit(inside(level.mean)) + level.offset));
  const lost = lostRate(rate, level.loss);
  const evidence =
    before.evidence + level.certainty * (chanceOf(score, lost) - chanceOf(score, rate));
  if (evidence <= 0) return NO_SUSPICION;
  return {
    right: before.right + weight * score,
    wrong: before.wrong + weight * (1 - score),
    count: before.count + 1,
    scored: before.scored + score,
    evidence,
  };
}

/** Watches on from the verdicts that proved the loss. */
function restarted(record: DriftRecord, alarm: DriftAlarm): DriftRecord {
  const { count, scored } = record.suspected;
  const likelihoods = Array.from(
    RATES,
    (rate) => scored * Math.log(rate) + (count - scored) * Math.log(1 - rate),
  );
  const best = Math.max(...likelihoods);
  return {
    ...record,
    likelihoods: likelihoods.map((value) => value - best),
    ratios: NO_LOSS,
    evidence: 0,
    suspected: NO_SUSPICION,
    alarm,
  };
}

/** What is left of the reference as one verdict more comes. */
function keptOf(
  reference: DriftRecord['reference'],
  atMs: number,
  { halfLifeMs }: AccuracyLearningConfig,
): number {
  return 2 ** (-1 / REFERENCE_HALF_LIFE - Math.max(0, atMs - reference.atMs) / halfLifeMs);
}

const isSpeaker = (name: string): boolean => name.startsWith('@');

/** The strata that a verdict counts in. Topics hold no `@` first. */
const strataOf = ({ topic, speaker }: WatchedVerdict): readonly string[] => [
  ...(topic === null ? [] : [topic]),
  ...(speaker === undefined ? [] : [`@${speaker}`]),
];

/**
 * An offset learns as one step of logistic regression does, `o ← o + (y − p)/precision` with p what was
 * expected. It is none of the mix of topics, which may change.
 */
function referenceWith(
  { right, wrong, offsets, atMs }: DriftRecord['reference'],
  verdict: WatchedVerdict,
  {
    kept,
    expected,
    isSuspected,
  }: { readonly kept: number; readonly expected: number; readonly isSuspected: boolean },
): DriftRecord['reference'] {
  const { score } = verdict;
  const learned: Record<string, readonly [number, number]> = { ...offsets };
  const { speaker } = verdict;
  if (speaker !== undefined && !Object.keys(offsets).some(isSpeaker)) {
    learned[`@${speaker}`] = BASELINE_OFFSET;
  }
  for (const name of strataOf(verdict)) {
    const known = learned[name];
    if (isSuspected && known !== undefined && known[1] > KNOWN_PRECISION) continue;
    if (known === undefined && Object.keys(learned).length >= STRATA_MAX) continue;
    const [offset, precision] = known ?? UNKNOWN_OFFSET;
    const more = precision * kept + expected * (1 - expected);
    learned[name] = [offset + (score - expected) / more, more];
  }
  return {
    right: right * kept + score,
    wrong: wrong * kept + (1 - score),
    offsets: learned,
    atMs: Math.max(atMs, verdict.atMs),
  };
}

interface Offset {
  /** In log-odds, how much easier than usual the topic is and how much milder than usual the speaker. */
  readonly offset: number;
  /** How far that is known, 0–1: the power to which a verdict counts as evidence. None of a stratum that is new. */
  readonly certainty: number;
}

function offsetOf({ offsets }: DriftRecord['reference'], verdict: WatchedVerdict): Offset {
  let offset = 0;
  let certainty = 1;
  for (const name of strataOf(verdict)) {
    const [own, precision] = offsets[name] ?? UNKNOWN_OFFSET;
    offset += own;
    certainty *= 1 - OFFSET_PRECISION / Math.max(precision, OFFSET_PRECISION);
  }
  return { offset, certainty };
}

/** `ln P(score)` where P(right) is the rate; a score in between is part of each. */
function chanceOf(score: number, rate: number): number {
  if (score === 1) return Math.log(rate);
  if (score === 0) return Math.log(1 - rate);
  return score * Math.log(rate) + (1 - score) * Math.log(1 - rate);
}

/** Past this, one beside the exponential is lost in rounding. */
const LARGE_NATS = 36;

function logOnePlusExp(value: number): number {
  if (value > LARGE_NATS) return value;
  return value > 0 ? value + Math.log1p(Math.exp(-value)) : Math.log1p(Math.exp(value));
}
const lostRate = (rate: number, loss: number): number =>
  Math.max(rate * (1 - LOSS_MAX_RATIO), rate - loss);
const inside = (rate: number): number => Math.min(1 - LEAST_RATE, Math.max(LEAST_RATE, rate));
const logit = (rate: number): number => Math.log(rate / (1 - rate));
const logistic = (value: number): number => 1 / (1 + Math.exp(-value));
