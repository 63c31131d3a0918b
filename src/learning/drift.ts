import type { DriftAlarm, DriftRecord, TopicTally } from '../contract/index.ts';
import type { AccuracyLearningConfig } from '../contract/index.ts';

/** One verdict as the watch sees it. */
export interface WatchedVerdict {
  /** `domain|band`; null: not known. */
  readonly topic: string | null;
  readonly score: number;
  readonly weight: number;
  readonly atMs: number;
}

/** Fewer questions than this are no reference. */
const REFERENCE_QUESTIONS = 100;
/** What a model is held against is forgotten slowly, so that a slow loss is a loss too. */
const REFERENCE_HALF_LIFE = 10_000;
/** What is expected is taken for as many deviations lower as it may be off by chance. */
const CAUTION = 0.75;
/** Answers on one topic that weigh as much as the rate over all topics. */
const SHRINKAGE_QUESTIONS = 20;
const TOPICS_MAX = 64;
/** No rate is nearer to 0 or 1 than this. */
const LEAST_RATE = 0.01;

type Reference = DriftRecord['reference'];

const NO_TALLY: TopicTally = { right: 0, wrong: 0, topics: {} };

export const UNWATCHED: DriftRecord = {
  reference: { ...NO_TALLY, atMs: 0 },
  evidence: 0,
  suspected: { ...NO_TALLY, count: 0 },
  alarm: null,
};

export interface Watched {
  readonly record: DriftRecord;
  /** A loss was found by this verdict; null: none. */
  readonly alarm: DriftAlarm | null;
}

/**
 * Page's CUSUM (Biometrika 41, 1954) over the log-likelihood ratio of a loss: `S ← max(0, S + w·ln p₁(y)/p₀(y))`
 * with p₀ what the reference lets expect on the verdict's topic and p₁ the rate after the loss. Verdicts since
 * S was 0 stay out of the reference until the suspicion is over.
 */
export function watchVerdict(
  before: DriftRecord,
  verdict: WatchedVerdict,
  config: AccuracyLearningConfig,
): Watched {
  const { reference, alarm } = before;
  const { score, weight, atMs } = verdict;
  if (reference.right + reference.wrong < REFERENCE_QUESTIONS) {
    const learned = merged(reference, tallied(NO_TALLY, verdict), atMs, config);
    return { record: { ...before, reference: learned }, alarm: null };
  }
  const { loss, verdictsPerFalseAlarm } = config.drift;
  const rate = expectedRate(reference, verdict.topic);
  const lost = Math.max(LEAST_RATE / 2, rate - loss);
  const ratio = score * Math.log(lost / rate) + (1 - score) * Math.log((1 - lost) / (1 - rate));
  const evidence = before.evidence + weight * ratio;
  const tally = tallied(before.suspected, verdict);
  const count = before.suspected.count + 1;
  if (evidence <= 0) {
    const learned = merged(reference, tally, atMs, config);
    return { record: { ...UNWATCHED, reference: learned, alarm }, alarm: null };
  }
  if (evidence < thresholdOf(rate, lost, verdictsPerFalseAlarm)) {
    return { record: { reference, evidence, suspected: { ...tally, count }, alarm }, alarm: null };
  }
  const found: DriftAlarm = {
    atMs,
    before: reference.right / (reference.right + reference.wrong),
    after: tally.right / (tally.right + tally.wrong),
    verdicts: count,
  };
  return { record: { ...UNWATCHED, reference: { ...tally, atMs }, alarm: found }, alarm: found };
}

function tallied(tally: TopicTally, { topic, score, weight }: WatchedVerdict): TopicTally {
  const right = weight * score;
  const wrong = weight - right;
  const { topics } = tally;
  const known = topic === null ? undefined : topics[topic];
  const isKept = topic !== null && (known !== undefined || Object.keys(topics).length < TOPICS_MAX);
  const [rightBefore, wrongBefore] = known ?? [0, 0];
  return {
    right: tally.right + right,
    wrong: tally.wrong + wrong,
    topics: isKept ? { ...topics, [topic]: [rightBefore + right, wrongBefore + wrong] } : topics,
  };
}

/** The reference with what was tallied, older answers fading by as much and by their age. */
function merged(
  reference: Reference,
  tally: TopicTally,
  atMs: number,
  { halfLifeMs }: AccuracyLearningConfig,
): Reference {
  const ageMs = Math.max(0, atMs - reference.atMs);
  const kept = 2 ** (-(tally.right + tally.wrong) / REFERENCE_HALF_LIFE - ageMs / halfLifeMs);
  const names = Object.keys({ ...reference.topics, ...tally.topics }).slice(0, TOPICS_MAX);
  const topics = names.map((name) => {
    const [right, wrong] = reference.topics[name] ?? [0, 0];
    const [rightMore, wrongMore] = tally.topics[name] ?? [0, 0];
    return [name, [right * kept + rightMore, wrong * kept + wrongMore] as const] as const;
  });
  return {
    right: reference.right * kept + tally.right,
    wrong: reference.wrong * kept + tally.wrong,
    topics: Object.fromEntries(topics),
    atMs: Math.max(reference.atMs, atMs),
  };
}

function expectedRate({ right, wrong, topics }: Reference, topic: string | null): number {
  const count = right + wrong;
  const [own, ownWrong] = (topic === null ? undefined : topics[topic]) ?? [0, 0];
  const rate = inside(
    (SHRINKAGE_QUESTIONS * (right / count) + own) / (SHRINKAGE_QUESTIONS + own + ownWrong),
  );
  return inside(rate - CAUTION * Math.sqrt((rate * (1 - rate)) / (count + 1)));
}

const inside = (rate: number): number => Math.min(1 - LEAST_RATE, Math.max(LEAST_RATE, rate));

/**
 * The evidence h at which a steady model is accused once in `verdicts`: the run length of a CUSUM
 * without a change is about `(e^h − h − 1)/D(p₀‖p₁)` (Siegmund, Sequential Analysis, 1985).
 */
function thresholdOf(rate: number, lost: number, verdicts: number): number {
  const divergence = rate * Math.log(rate / lost) + (1 - rate) * Math.log((1 - rate) / (1 - lost));
  const wanted = verdicts * divergence;
  const first = Math.log(wanted + 1);
  return Math.log(wanted + first + 1);
}
