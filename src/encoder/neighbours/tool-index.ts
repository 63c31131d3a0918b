import { createLexicalReader } from './lexical.ts';
import { VectorRows } from './vector-rows.ts';

/** A tool as a request declares it. `vector` is that of `toolText`. */
export interface DescribedTool {
  readonly name: string;
  readonly description: string;
  readonly vector: Float32Array;
}

/** Ranks the tools of a request by how relevant they are to a text. */
export interface ToolIndex {
  /** Relevance of each tool, in the order given: about a cosine, more where rare words are shared. */
  relevance(text: string, vector: Float32Array): Float32Array;
  /** Indices of the tools, the most relevant first; equal ones in the order given. */
  rank(text: string, vector: Float32Array): readonly number[];
}

/** How much shared words count beside the cosine. */
const WORDS_WEIGHT = 0.25;
const BUCKET_BITS = 14;

/** What a tool is known by: its name in words, and its description. */
export function toolText(name: string, description: string): string {
  const words = name.replaceAll(/[_\-./]+/g, ' ').replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2');
  return description === '' ? words : `${words}: ${description}`;
}

export function createToolIndex(tools: readonly DescribedTool[]): ToolIndex {
  const rows = new VectorRows(tools.map(({ vector }) => vector));
  const lexical = createLexicalReader(BUCKET_BITS);
  const words = tools.map(({ name, description }) => {
    const { buckets, count } = lexical.read(toolText(name, description));
    return buckets.slice(0, count);
  });
  const rarities = raritiesOf(words);
  const queryHas = new Uint8Array(1 << BUCKET_BITS);

  const relevance = (text: string, vector: Float32Array): Float32Array => {
    const scores = rows.similarities(vector).slice();
    const { buckets, count } = lexical.read(text);
    let squares = 0;
    for (let i = 0; i < count; i++) {
      queryHas[buckets[i]!] = 1;
      squares += rarities[buckets[i]!]! ** 2;
    }
    if (squares > 0) {
      const weight = WORDS_WEIGHT / Math.sqrt(squares);
      words.forEach((own, tool) => {
        scores[tool] = scores[tool]! + weight * sharedRarity(own, queryHas, rarities);
      });
    }
    for (let i = 0; i < count; i++) queryHas[buckets[i]!] = 0;
    return scores;
  };
  return {
    relevance,
    rank: (text, vector) => {
      const scores = relevance(text, vector);
      return [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!);
    },
  };
}

/** Cosine-like: Σ rarity² of the words that both have, over the length of the tool's own. */
function sharedRarity(own: Int32Array, queryHas: Uint8Array, rarities: Float32Array): number {
  let shared = 0;
  let squares = 0;
  for (const bucket of own) {
    const square = rarities[bucket]! ** 2;
    squares += square;
    if (queryHas[bucket] === 1) shared += square;
  }
  return squares === 0 ? 0 : shared / Math.sqrt(squares);
}

/** ln(1 + tools/(tools with the word)), by bucket; 0 for a word that no tool has. */
function raritiesOf(words: readonly Int32Array[]): Float32Array {
  const rarities = new Float32Array(1 << BUCKET_BITS);
  for (const own of words) for (const bucket of own) rarities[bucket]!++;
  for (let bucket = 0; bucket < rarities.length; bucket++) {
    const count = rarities[bucket]!;
    if (count > 0) rarities[bucket] = Math.log1p(words.length / count);
  }
  return rarities;
}
