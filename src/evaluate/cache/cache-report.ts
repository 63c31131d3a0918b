import type { FastModels } from '../../contract/index.ts';
import { createRng } from '../../kernel/index.ts';
import {
  Matcher,
  RiskControl,
  SHIPPED_PRIOR,
  createWordMeanings,
  hashOf,
  pairQuestions,
  readPhrase,
} from '../../match/index.ts';
import type { QuestionPair } from '../../match/index.ts';
import { problemAt, textOf } from '../records.ts';
import type { DataRecord } from '../records.ts';

export interface CacheMetrics {
  /** Requests that were answered with the stored answer, over all requests. */
  readonly hitRatio: number;
  /** Requests that were answered with a wrong one, over all requests. */
  readonly errorRatio: number;
  /** Upper end of the one-sided 95 % interval of the error ratio (Wilson). */
  readonly upper95: number;
}

export interface CacheReport {
  readonly n: number;
  readonly metrics: CacheMetrics;
  readonly baselines: {
    /** The best threshold of the cosine, chosen afterwards, that is wrong no more often than the cache was. */
    readonly fixed: CacheMetrics;
    /** A stored answer at a cosine of 0.9, whatever comes of it. */
    readonly gptcache: CacheMetrics;
  };
}

export interface CacheEvaluation {
  readonly maxErrorRate: number;
  readonly exploreRatio: number;
  /** Of the order of the requests, and of the exploration. */
  readonly seed: number;
}

const GPTCACHE_COSINE = 0.9;
const Z95 = 1.645;

interface Request {
  readonly pair: QuestionPair;
  readonly cosine: number;
  readonly isSame: boolean;
}

/**
 * Each record is one request: `text_b` is asked when `text_a` is what is stored nearest to it; the
 * same `text_a` is the same stored question. In a random order, the cache decides, and learns from each fresh answer whether the stored one would
 * have been right (`label`); of an answer that it served it learns nothing.
 */
export function evaluateCache(
  records: readonly DataRecord[],
  encoder: FastModels['encoder'],
  options: CacheEvaluation,
  onProgress: (done: number) => void = () => {},
): CacheReport {
  const sumOne = (text: string): Float32Array => encoder.sumOne?.(text) ?? encoder.embedOne(text);
  const meanings = createWordMeanings({ sumOne });
  const requests = records.map((record, i): Request => {
    if (i % 1000 === 0) onProgress(i);
    const stored = textOf(record, 'text_a', 'a');
    const asked = textOf(record, 'text_b', 'b');
    const cosine = dot(encoder.embedOne(stored), encoder.embedOne(asked));
    const pair = pairQuestions(readPhrase(asked, meanings), readPhrase(stored, meanings), {
      cosine,
      entry: hashOf(stored),
    });
    return { pair, cosine, isSame: labelOf(record) };
  });
  const n = requests.length;
  const { hits, wrong } = runStream(requests, options);
  const ofCosine = requests.toSorted((a, b) => b.cosine - a.cosine);
  const sure = ofCosine.filter(({ cosine }) => cosine >= GPTCACHE_COSINE);
  return {
    n,
    metrics: metricsOf(hits, wrong, n),
    baselines: {
      fixed: fixedThreshold(ofCosine, wrong),
      gptcache: metricsOf(sure.length, wrongOf(sure), n),
    },
  };
}

function runStream(
  requests: readonly Request[],
  { maxErrorRate, exploreRatio, seed }: CacheEvaluation,
): { readonly hits: number; readonly wrong: number } {
  const rng = createRng(seed);
  const order = requests.map((request) => ({ request, key: rng.next() }));
  const matcher = new Matcher(SHIPPED_PRIOR);
  const risk = new RiskControl({ maxErrorRate, exploreRatio });
  let hits = 0;
  let wrong = 0;
  for (const { request } of order.toSorted((a, b) => a.key - b.key)) {
    const { pair, isSame } = request;
    risk.countRequest();
    const logOdds = matcher.logOdds(pair);
    const choice = risk.choose(logOdds, rng.next());
    if (choice === 'serve') {
      risk.served(risk.wrongOf(logOdds));
      hits++;
      if (!isSame) wrong++;
      continue;
    }
    risk.learn(logOdds, isSame, choice === 'explore');
    matcher.learn(pair, isSame);
  }
  return { hits, wrong };
}

/** Of requests by falling cosine: as many as have no more than `wrongMax` wrong ones among them. */
function fixedThreshold(ofCosine: readonly Request[], wrongMax: number): CacheMetrics {
  let wrong = 0;
  let hits = 0;
  while (hits < ofCosine.length) {
    const isWrong = !ofCosine[hits]!.isSame;
    if (isWrong && wrong === wrongMax) break;
    if (isWrong) wrong++;
    hits++;
  }
  return metricsOf(hits, wrong, ofCosine.length);
}

const wrongOf = (requests: readonly Request[]): number =>
  requests.filter(({ isSame }) => !isSame).length;

function metricsOf(hits: number, wrong: number, n: number): CacheMetrics {
  const errorRatio = wrong / n;
  return { hitRatio: hits / n, errorRatio, upper95: wilsonUpper(errorRatio, n) };
}

/** Wilson (1927): the largest share under which so few errors would still be seen. */
export function wilsonUpper(share: number, n: number): number {
  const square = (Z95 * Z95) / n;
  const spread = Z95 * Math.sqrt((share * (1 - share)) / n + square / (4 * n));
  return (share + square / 2 + spread) / (1 + square);
}

function labelOf(record: DataRecord): boolean {
  const { label } = record.fields;
  if (label === 1 || label === true) return true;
  if (label === 0 || label === false) return false;
  throw problemAt(record, 'label', '"label" must be 1 where both want the same answer, else 0');
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
