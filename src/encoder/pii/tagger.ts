import { PII_TYPES } from '../../contract/index.ts';
import type { SpanTagger, TextSpan } from '../../contract/index.ts';
import { cleanText } from './clean-text.ts';
import type { CleanText } from './clean-text.ts';
import { NEWLINE, SPACE, UNIT_KIND } from './code-units.ts';
import { Features, GATE_FEATURES } from './features.ts';
import { Lattice } from './lattice.ts';
import { readPiiModel } from './model-file.ts';
import type { PiiModel } from './model-file.ts';
import { LABELS_MAX } from './packed-weights.ts';
import { CERTAIN_TYPES, isCertain } from './patterns/kinds.ts';
import { Pieces } from './pieces.ts';
import { Tokens } from './tokens.ts';

/** Code units read at once: long texts are cut at white space into stretches of at most this many. */
const STRETCH_UNITS = 8192;
/** Where the last part of a stretch begins, in which it is cut. */
const CUT_FROM_UNITS = 6144;

const SENTENCE_ENDS = new Set(Array.from('.!?:;', (mark) => mark.charCodeAt(0)));

/** What one `tag` looked at: a measure of work that no clock disturbs. */
export interface TagWork {
  pieces: number;
  /** Pieces whose labels were weighed. */
  weighed: number;
}

/**
 * Finds personal data: patterns with checksums for what has a form, a conditional random field for
 * names, places and numbers that only their context tells apart. Time is linear in the text.
 */
export class PiiTagger implements SpanTagger {
  readonly types: readonly string[] = PII_TYPES;
  readonly #model: PiiModel;
  readonly #tokens = new Tokens(STRETCH_UNITS);
  readonly #pieces = new Pieces(this.#tokens);
  readonly #features: Features;
  readonly #lattice: Lattice;
  readonly #sums: Int32Array;
  /** Of the last text. */
  readonly work: TagWork = { pieces: 0, weighed: 0 };

  constructor(model: PiiModel) {
    this.#model = model;
    this.#features = new Features(model.lexicon, model.rows, STRETCH_UNITS);
    this.#lattice = new Lattice(model, STRETCH_UNITS);
    this.#sums = new Int32Array(LABELS_MAX);
  }

  tag(text: string): readonly TextSpan[] {
    this.work.pieces = 0;
    this.work.weighed = 0;
    const clean = cleanText(text);
    const spans: TextSpan[] = [];
    let from = 0;
    while (from < clean.text.length) {
      const to = stretchEnd(clean.text, from);
      this.#tokens.read(clean.text, from, to);
      this.#pieces.read();
      this.#readStretch(clean, spans);
      from = to;
    }
    return spans;
  }

  #readStretch(clean: CleanText, spans: TextSpan[]): void {
    const pieces = this.#pieces;
    const lattice = this.#lattice;
    const { count, kind } = pieces;
    this.#features.read(pieces);
    lattice.clear();
    for (let at = 0; at < count; at++) {
      if (isCertain(kind[at]!) || !this.#isDoubtful(at)) lattice.addOutside();
      else lattice.add(this.#weigh(at));
    }
    this.work.pieces += count;
    this.work.weighed += lattice.weighed;
    const found = lattice.spans();
    let next = 0;
    for (let at = 0; at < count; at++) {
      if (next < found.length && found[next]!.first === at) {
        const { end, type, chance } = found[next++]!;
        const confidence = interpolate(this.#model.calibration, chance);
        spans.push(this.#span(clean, at, { end, type, confidence }));
        at = end - 1;
      } else if (isCertain(kind[at]!)) {
        const type = CERTAIN_TYPES[kind[at]!]!;
        const confidence = this.#model.certainConfidence.get(type) ?? 1;
        spans.push(this.#span(clean, at, { end: at + 1, type, confidence }));
      }
    }
  }

  /** A first, cheap look that leaves out most of running text. */
  #isDoubtful(piece: number): boolean {
    const rows = this.#features.begin(piece);
    const { gate, gateThreshold } = this.#model;
    let sum = 0;
    for (let feature = 0; feature < GATE_FEATURES; feature++) sum += gate[rows[feature]!]!;
    return sum >= gateThreshold;
  }

  /** The sum of weights per label, after `#isDoubtful` of the same piece. */
  #weigh(piece: number): Int32Array {
    this.#model.weights.sum(this.#features.complete(piece), this.#sums);
    return this.#sums;
  }

  #span(
    { places }: CleanText,
    first: number,
    { end, type, confidence }: { end: number; type: string; confidence: number },
  ): TextSpan {
    const from = this.#pieces.start(first);
    const to = this.#pieces.end(end - 1);
    if (places === null) return { start: from, end: to, type, confidence };
    return { start: places[from]!, end: places[to - 1]! + 1, type, confidence };
  }
}

/** A text's end; else where a line, a sentence or a word ends last, in this order, within reach. */
function stretchEnd(text: string, from: number): number {
  const end = from + STRETCH_UNITS;
  if (end >= text.length) return text.length;
  let sentence = -1;
  let word = -1;
  for (let i = end; i > from + CUT_FROM_UNITS; i--) {
    const kind = UNIT_KIND[text.charCodeAt(i - 1)];
    if (kind === NEWLINE) return i;
    if (kind !== SPACE) continue;
    if (word === -1) word = i;
    if (sentence === -1 && SENTENCE_ENDS.has(text.charCodeAt(i - 2))) sentence = i;
  }
  return sentence !== -1 ? sentence : word !== -1 ? word : end;
}

function interpolate(map: { x: readonly number[]; y: readonly number[] }, at: number): number {
  const { x, y } = map;
  const last = x.length - 1;
  if (at <= x[0]!) return y[0]!;
  if (at >= x[last]!) return y[last]!;
  let i = 1;
  while (x[i]! < at) i++;
  const span = x[i]! - x[i - 1]!;
  return span === 0 ? y[i]! : y[i - 1]! + ((y[i]! - y[i - 1]!) * (at - x[i - 1]!)) / span;
}

/** Throws `BRS_MODEL_FILE` where `file` is not the tagger's model. One tagger serves one thread. */
export function createPiiTagger(file: Uint8Array, name = 'pii.safetensors'): PiiTagger {
  return new PiiTagger(readPiiModel(name, file));
}
