import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { FastModels } from '../../src/contract/index.ts';
import { createRng } from '../../src/kernel/index.ts';
import { Matcher, RiskControl, SHIPPED_PRIOR, VectorIndex } from '../../src/match/index.ts';
import { createWordMeanings, hashOf, pairQuestions, readPhrase } from '../../src/match/index.ts';
import type { Phrase, QuestionPair } from '../../src/match/index.ts';

/** What customers ask: each intent has one answer. */
export interface Utterance {
  readonly text: string;
  readonly label: string;
}

export interface StreamShare {
  readonly what: string;
  readonly requests: number;
  /** Over all requests of the part. */
  readonly hitRatio: number;
  readonly exactRatio: number;
  readonly errorRatio: number;
  /** Over the hits. */
  readonly wrongOfHits: number;
}

export interface CustomerStream {
  readonly seed: number;
  readonly requests: number;
  readonly warmRequests: number;
  readonly maxErrorRate: number;
  /** Of Zipf's law over the utterances, in a random order. */
  readonly exponent: number;
}

const NEIGHBOURS = 4;
const COSINE_MIN = 0.5;
const EXPLORE = 0.05;

export function loadUtterances(folder: string): Utterance[] {
  const read = (name: string): Utterance[] => {
    const bytes = readFileSync(`${folder}/intent/${name}`);
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Utterance);
  };
  return [...read('BANKING77_valid.jsonl'), ...read('CLINC150_valid.jsonl.gz')];
}

interface Entry {
  readonly id: number;
  readonly label: string;
  readonly phrase: Phrase;
}

interface Tally {
  requests: number;
  hits: number;
  exact: number;
  wrong: number;
}

/** Sends a stream through the decisions of the cache, the exact hit first; gives its first part and what came after. */
export function runCustomerStream(
  utterances: readonly Utterance[],
  encoder: FastModels['encoder'],
  options: CustomerStream,
): readonly StreamShare[] {
  const rng = createRng(options.seed);
  const draw = zipf(utterances, options.exponent, () => rng.next());
  const desk = new Desk(encoder, options.maxErrorRate);
  const tallies = [newTally(), newTally()] as const;
  for (let i = 0; i < options.requests; i++) {
    const tally = tallies[i < options.warmRequests ? 0 : 1];
    tally.requests++;
    desk.serve(draw(), rng.next(), tally);
  }
  return tallies.map(({ requests, hits, exact, wrong }, i) => ({
    what: i === 0 ? `the first ${options.warmRequests}` : 'after them',
    requests,
    hitRatio: hits / requests,
    exactRatio: exact / requests,
    errorRatio: wrong / requests,
    wrongOfHits: hits === 0 ? 0 : wrong / hits,
  }));
}

const newTally = (): Tally => ({ requests: 0, hits: 0, exact: 0, wrong: 0 });

/** One scope of the cache: its entries, its index, and what it has learned. */
class Desk {
  readonly #encoder: FastModels['encoder'];
  readonly #meanings;
  readonly #entries: Entry[] = [];
  readonly #byText = new Map<string, Entry>();
  readonly #index: VectorIndex;
  readonly #matcher = new Matcher(SHIPPED_PRIOR);
  readonly #risk: RiskControl;

  constructor(encoder: FastModels['encoder'], maxErrorRate: number) {
    this.#encoder = encoder;
    this.#meanings = createWordMeanings({
      sumOne: (text) => encoder.sumOne?.(text) ?? encoder.embedOne(text),
    });
    this.#index = new VectorIndex(encoder.dimensions);
    this.#risk = new RiskControl({ maxErrorRate, exploreRatio: EXPLORE });
  }

  serve({ text, label }: Utterance, chance: number, tally: Tally): void {
    if (this.#byText.has(text)) {
      tally.hits++;
      tally.exact++;
      if (this.#byText.get(text)!.label !== label) tally.wrong++;
      return;
    }
    this.#risk.countRequest();
    const vector = this.#encoder.embedOne(text);
    const phrase = readPhrase(text, this.#meanings);
    const best = this.#best(vector, phrase);
    if (best !== null) {
      const isSame = best.entry.label === label;
      const choice = this.#risk.choose(best.logOdds, chance);
      if (choice === 'serve') {
        this.#risk.served(this.#risk.wrongOf(best.logOdds));
        tally.hits++;
        if (!isSame) tally.wrong++;
        return;
      }
      this.#risk.learn(best.logOdds, isSame, choice === 'explore');
      this.#matcher.learn(best.pair, isSame);
    }
    const entry = { id: this.#entries.length, label, phrase };
    this.#entries[this.#index.add(vector)] = entry;
    this.#byText.set(text, entry);
  }

  #best(
    vector: Float32Array,
    phrase: Phrase,
  ): { readonly entry: Entry; readonly pair: QuestionPair; readonly logOdds: number } | null {
    let best = null;
    for (const { place, cosine } of this.#index.nearest(vector, NEIGHBOURS)) {
      if (cosine < COSINE_MIN) continue;
      const entry = this.#entries[place]!;
      const pair = pairQuestions(phrase, entry.phrase, { cosine, entry: hashOf(`e${entry.id}`) });
      const logOdds = this.#matcher.logOdds(pair);
      if (best === null || logOdds > best.logOdds) best = { entry, pair, logOdds };
    }
    return best;
  }
}

/** Draws by rank: the chance of the k-th is as `1 / k^exponent`. */
export function zipf<T>(items: readonly T[], exponent: number, next: () => number): () => T {
  const shuffled = items
    .map((item) => ({ item, key: next() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
  const sums: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= shuffled.length; rank++) sums.push((sum += rank ** -exponent));
  return () => {
    const wanted = next() * sum;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return shuffled[low]!;
  };
}
