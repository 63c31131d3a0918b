import type { AccuracyLearningConfig, AccuracyRecord, Beliefs } from '../contract/index.ts';
import type { Learner, OtherVerdict, Verdict } from '../contract/index.ts';
import { countVerdict, judgeReliability, NO_RECORD, rightnessOf } from '../estimate/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { CAPACITIES } from './capacities.ts';
import { isDoubt } from './doubts.ts';
import { verdictsInOrder } from './verdict-order.ts';

/** Nobody is taken to be surer than this. */
const RIGHTNESS_MAX = 0.99;

/**
 * Learns how often each judge is right from what others say of the same answers, as Dawid and Skene do
 * (Applied Statistics 28, 1979), one verdict at a time: all that was said of an answer, weighed by what is
 * believed of who said it, gives P(the answer is right) = q, and a vote s is then right with
 * `s·q + (1 − s)(1 − q)`. A judge that nobody else speaks beside stays what it is.
 */
export function createJudgeLearner(): Learner {
  return {
    apiVersion: 1,
    name: 'judges',
    learn: (beliefs) => beliefs,
    learnVerdicts(beliefs, verdicts, { accuracy: config }) {
      const records = new BoundedMap(beliefs.judges, CAPACITIES.judges);
      for (const verdict of verdictsInOrder(verdicts)) {
        if (!isDoubt(verdict.source)) compare(verdict, records, { beliefs, config });
      }
      const judges = records.result();
      return judges === beliefs.judges ? beliefs : { ...beliefs, judges };
    },
  };
}

interface Known {
  readonly beliefs: Beliefs;
  readonly config: AccuracyLearningConfig;
}

/** The new voice counts whole; those before it, which have counted already, share one count between them. */
function compare(
  verdict: Verdict,
  records: BoundedMap<string, AccuracyRecord>,
  known: Known,
): void {
  const others = (verdict.others ?? []).filter(({ source }) => !isDoubt(source));
  if (others.length === 0) return;
  const { source, judge = null, score, atMs } = verdict;
  const own: OtherVerdict = { source, judge, score };
  const q = consensus([own, ...others], verdict, known);
  const count = (voice: OtherVerdict, weight: number): void => {
    if (voice.judge === null) return;
    const agreement = voice.score * q + (1 - voice.score) * (1 - q);
    const before = records.get(voice.judge) ?? NO_RECORD;
    records.set(
      voice.judge,
      countVerdict(before, { score: agreement, weight, atMs }, known.config),
    );
  };
  count(own, 1);
  for (const other of others) count(other, 1 / others.length);
}

/** P(right) of an answer by what is said of it, and of its model before. */
function consensus(
  voices: readonly OtherVerdict[],
  { model, atMs }: Verdict,
  { beliefs, config }: Known,
): number {
  const { right, wrong } = beliefs.accuracy.get(model) ?? NO_RECORD;
  let logOdds = Math.log((right + 1) / (wrong + 1));
  for (const { source, judge, score } of voices) {
    const reliability =
      judge === null ? config.reliability[source] : judgeReliability(judge, beliefs, config, atMs);
    const rightness = Math.min(RIGHTNESS_MAX, rightnessOf(reliability));
    logOdds += (2 * score - 1) * Math.log(rightness / (1 - rightness));
  }
  return 1 / (1 + Math.exp(-logOdds));
}
