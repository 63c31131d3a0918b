import { createRng } from '../kernel/index.ts';
import type { Rng } from '../kernel/index.ts';
import type { CacheBound, CacheEntry, ComparedAnswer, SemanticRule } from '../contract/index.ts';
import {
  Matcher,
  RiskControl,
  SHIPPED_PRIOR,
  hashOf,
  pairQuestions,
  readPhrase,
} from '../match/index.ts';
import type { CacheChoice, Phrase, QuestionPair } from '../match/index.ts';
import type { CacheReading } from './reading.ts';
import type { Held, Neighbour } from './shelf.ts';

/** The stored question that is likeliest to have the asked one's answer. */
export interface Match {
  readonly held: Held;
  readonly cosine: number;
  readonly pair: QuestionPair;
  readonly logOdds: number;
}

export interface Judged extends Match {
  readonly choice: CacheChoice;
  /** P(wrong), 0–1. */
  readonly wrong: number;
}

const PHRASES_KEPT = 4_096;

/**
 * What one scope has learned of its questions: when two want the same answer, and how often that is
 * wrong. Nothing of another scope gets in, the random draws of its exploration included.
 */
export class Matching {
  readonly #matcher = new Matcher(SHIPPED_PRIOR);
  readonly #risks = new Map<string, RiskControl>();
  readonly #phrases = new Map<string, Phrase>();
  readonly #rng: Rng;

  constructor(scope: string) {
    this.#rng = createRng(hashOf(scope) >>> 0);
  }

  countRequest(rule: string, semantic: SemanticRule): void {
    this.#risk(rule, semantic).countRequest();
  }

  /** The best of the neighbours; null where there is none. */
  best(question: string, neighbours: readonly Neighbour[], reading: CacheReading): Match | null {
    let best: Match | null = null;
    if (neighbours.length === 0) return null;
    const asked = readPhrase(question, reading.meanings);
    for (const { held, cosine } of neighbours) {
      const stored = this.#phraseOf(held.entry, reading);
      const pair = pairQuestions(asked, stored, { cosine, entry: hashOf(held.entry.id) });
      const logOdds = this.#matcher.logOdds(pair);
      if (best === null || logOdds > best.logOdds) best = { held, cosine, pair, logOdds };
    }
    return best;
  }

  judge(match: Match, rule: string, semantic: SemanticRule): Judged {
    const risk = this.#risk(rule, semantic);
    const choice = risk.choose(match.logOdds, this.#rng.next());
    return { ...match, choice, wrong: risk.wrongOf(match.logOdds) };
  }

  /** An answer that may be wrong was served. */
  served({ wrong }: Judged, rule: string, semantic: SemanticRule): void {
    this.#risk(rule, semantic).served(wrong);
  }

  /** By route, what is expected of its bound and what it allows. */
  *bounds(): Iterable<CacheBound> {
    for (const [route, risk] of this.#risks) yield { route, ...risk.errors };
  }

  learn(compared: ComparedAnswer, semantic: SemanticRule): void {
    const { isSame, isExplored, dense, buckets, rule } = compared;
    const pair = { dense, buckets };
    this.#risk(rule, semantic).learn(this.#matcher.logOdds(pair), isSame, isExplored);
    this.#matcher.learn(pair, isSame);
  }

  #risk(rule: string, semantic: SemanticRule): RiskControl {
    let risk = this.#risks.get(rule);
    if (risk === undefined) {
      risk = new RiskControl(semantic);
      this.#risks.set(rule, risk);
    }
    return risk;
  }

  #phraseOf(entry: CacheEntry, { meanings }: CacheReading): Phrase {
    let phrase = this.#phrases.get(entry.id);
    if (phrase !== undefined) return phrase;
    phrase = readPhrase(entry.question, meanings);
    if (this.#phrases.size >= PHRASES_KEPT) this.#phrases.clear();
    this.#phrases.set(entry.id, phrase);
    return phrase;
  }
}
