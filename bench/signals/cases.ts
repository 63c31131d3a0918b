import type { HeadTask, LongScans, Understanding } from '../../src/contract/index.ts';
import { createFastModels, createIntentIndex } from '../../src/encoder/index.ts';
import { createToolIndex, toolText } from '../../src/encoder/index.ts';
import type { ModelFiles } from '../../src/encoder/index.ts';
import { compressForSignals } from '../../src/text/index.ts';
import type { Case } from './measure.ts';
import { createTexts } from './texts.ts';

/** What the signals keep of a long text. */
const GIST_TOKENS = 2000;
const SENTENCES = 256;
const HEADS: readonly Exclude<HeadTask, 'output-length'>[] = [
  'domain',
  'complexity',
  'reasoning',
  'fact-check',
  'feedback',
  'attack',
];

export interface Bench {
  readonly understanding: Understanding;
  readonly scans: LongScans;
  readonly files: ModelFiles;
}

/** Everything of the table in DESIGN §7 that concerns signals, and each part alone. */
export function createCases(bench: Bench): Case[] {
  const { understanding } = bench;
  const fast = understanding.fast();
  const texts = createTexts(1);
  const sentences = Array.from({ length: SENTENCES }, () => texts.sentence(20));
  const one = (i: number): string => sentences[i % SENTENCES]!;
  // About 1.15 word pieces to a word.
  const prompt8k = texts.text(7000);
  const prompt200k = texts.text(174_000);
  const heads = HEADS.filter((task) => bench.files(`${task}.safetensors`) !== null);
  const gistHeads = heads.filter((task) => task !== 'attack');
  const micro = (name: string, target: string | null, run: Case['run']): Case => ({
    name,
    target,
    unit: 'µs',
    runs: 400,
    inner: 20,
    run,
  });
  const milli = (name: string, target: string | null, runs: number, run: Case['run']): Case => ({
    name,
    target,
    unit: 'ms',
    runs,
    inner: 1,
    run,
  });
  const gistSignals = (text: string): unknown => {
    const read = fast.read(compressForSignals(text, GIST_TOKENS).text);
    for (const task of gistHeads) read.classify(task);
    return read.outputLength();
  };
  return [
    milli('load the static encoder, first sentence', '≤ 100 ms', 9, () =>
      createFastModels(bench.files).encoder.embedOne('How tall is the tower?'),
    ),
    micro('embed 20 words', '≤ 30 µs', (i) => fast.encoder.embedOne(one(i))),
    micro('trivial: split and hash 20 words', null, (i) => splitAndHash(one(i))),
    milli('embed 8K tokens', '≤ 3 ms', 60, () => fast.encoder.embedOne(prompt8k)),
    milli('trivial: split and hash 8K tokens', null, 60, () => splitAndHash(prompt8k)),
    milli('fast signals, 8K tokens', '≤ 3 ms', 60, () => gistSignals(prompt8k)),
    milli('fast signals, 200K tokens (compressed)', '≤ 30 ms', 25, () => gistSignals(prompt200k)),
    milli('compress 200K tokens', null, 25, () => compressForSignals(prompt200k, GIST_TOKENS)),
    milli('trivial: split and hash 200K tokens', null, 25, () => splitAndHash(prompt200k)),
    milli('attacks in 200K tokens, on a thread', '≤ 150 ms', 8, () =>
      bench.scans.classify('attack', prompt200k),
    ),
    milli('personal data in 200K tokens, on a thread', '≤ 150 ms', 8, () =>
      bench.scans.tag(prompt200k),
    ),
    ...heads.map((task) =>
      micro(`${task}, 20 words`, null, (i) => fast.read(one(i)).classify(task)),
    ),
    micro('output length, 20 words', null, (i) => fast.read(one(i)).outputLength()),
    micro('personal data, 20 words', null, (i) => fast.pii.tag(one(i))),
    ...examplesCases(bench, texts),
  ];
}

function examplesCases({ understanding }: Bench, texts: ReturnType<typeof createTexts>): Case[] {
  const { encoder } = understanding.fast();
  const examples = Array.from({ length: 1500 }, (_, i) => {
    const text = texts.sentence(9);
    return { label: `intent ${i % 150}`, text, vector: encoder.embedOne(text) };
  });
  const index = createIntentIndex(examples);
  const tools = Array.from({ length: 199 }, (_, i) => {
    const [name, description] = [`tool_${i}`, texts.sentence(12)];
    return { name, description, vector: encoder.embedOne(toolText(name, description)) };
  });
  const toolIndex = createToolIndex(tools);
  const queries = Array.from({ length: SENTENCES }, () => {
    const text = texts.sentence(12);
    return { text, vector: encoder.embedOne(text) };
  });
  const each = (name: string, target: string | null, run: (i: number) => unknown): Case => ({
    name,
    target,
    unit: 'µs',
    runs: 200,
    inner: 10,
    run,
  });
  const query = (i: number): (typeof queries)[number] => queries[i % SENTENCES]!;
  return [
    each('intent among 150 with 10 examples each', '≤ 100 µs', (i) =>
      index.classify(query(i).text, query(i).vector),
    ),
    each('trivial: cosine with each of the 1,500 examples', null, (i) =>
      nearest(examples, query(i)),
    ),
    each('rank 199 tools', null, (i) => toolIndex.rank(query(i).text, query(i).vector)),
    {
      name: 'build the index of 150 intents',
      target: null,
      unit: 'ms',
      runs: 3,
      inner: 1,
      run: () => createIntentIndex(examples),
    },
  ];
}

/** The least that anything that reads words does. */
function splitAndHash(text: string): number {
  let sum = 0;
  for (const word of text.toLowerCase().split(/\W+/)) {
    let hash = 0;
    for (let i = 0; i < word.length; i++) hash = (Math.imul(hash, 31) + word.charCodeAt(i)) | 0;
    sum ^= hash;
  }
  return sum;
}

interface WithVector {
  readonly vector: Float32Array;
}

function nearest(examples: readonly WithVector[], { vector }: WithVector): number {
  let best = -1;
  for (const example of examples) {
    let sum = 0;
    for (let i = 0; i < vector.length; i++) sum += vector[i]! * example.vector[i]!;
    best = Math.max(best, sum);
  }
  return best;
}
