import type { PiiModel } from './model-file.ts';
import { LABELS_MAX } from './packed-weights.ts';

/** Slots per piece. */
const WIDTH_MAX = LABELS_MAX;

/** A labelled stretch of pieces; `end` exclusive. */
export interface LabelledSpan {
  readonly first: number;
  readonly end: number;
  readonly type: string;
  /** The model's own chance that exactly these pieces are such a span. */
  readonly chance: number;
}

/**
 * The best labels of a run of pieces under a linear-chain conditional random field, and the chance of
 * the spans that they make: Viterbi, then forward and backward sums. Only the few best labels of each
 * piece are looked at.
 */
export class Lattice {
  readonly #labels: readonly string[];
  readonly #count: number;
  readonly #scales: Float32Array;
  readonly #links: Float64Array;
  readonly #moves: Float64Array;
  readonly #outsideBias: number;
  readonly #margin: number;
  readonly #outsideMargin: number;
  /** Per label that begins or continues a type: the label that continues it; -1 where none does. */
  readonly #inside: Int32Array;
  #length = 0;
  /** Pieces added with weights. */
  weighed = 0;
  readonly #width: Uint8Array;
  readonly #label: Uint8Array;
  readonly #score: Float64Array;
  readonly #lifted: Float64Array;
  readonly #best: Float64Array;
  readonly #back: Uint8Array;
  readonly #alpha: Float64Array;
  readonly #beta: Float64Array;
  readonly #norm: Float64Array;
  readonly #path: Uint8Array;

  constructor(model: PiiModel, capacity: number) {
    const count = model.labels.length;
    this.#labels = model.labels;
    this.#count = count;
    this.#scales = model.scales;
    this.#links = Float64Array.from(model.transitions);
    this.#moves = Float64Array.from(model.transitions, Math.exp);
    this.#outsideBias = model.outsideBias;
    this.#margin = model.margin;
    this.#outsideMargin = model.outsideMargin;
    this.#inside = Int32Array.from(model.labels, (label) =>
      model.labels.indexOf(`I-${label.slice(2)}`),
    );
    const room = capacity + 1;
    this.#width = new Uint8Array(room);
    this.#norm = new Float64Array(room);
    this.#path = new Uint8Array(room);
    this.#label = new Uint8Array(room * WIDTH_MAX);
    this.#back = new Uint8Array(room * WIDTH_MAX);
    this.#score = new Float64Array(room * WIDTH_MAX);
    this.#lifted = new Float64Array(room * WIDTH_MAX);
    this.#best = new Float64Array(room * WIDTH_MAX);
    this.#alpha = new Float64Array(room * WIDTH_MAX);
    this.#beta = new Float64Array(room * WIDTH_MAX);
  }

  clear(): void {
    this.#length = 0;
    this.weighed = 0;
  }

  /** A piece that can only be outside of every span. */
  addOutside(): void {
    const at = this.#length++;
    this.#width[at] = 1;
    this.#label[at * WIDTH_MAX] = 0;
    this.#score[at * WIDTH_MAX] = 0;
  }

  /** A piece with its sum of weights per label. */
  add(sums: Int32Array): void {
    this.weighed++;
    const scales = this.#scales;
    let top = 0;
    let topScore = -Infinity;
    for (let label = 0; label < this.#count; label++) {
      const score = sums[label]! * scales[label]!;
      if (score > topScore) {
        topScore = score;
        top = label;
      }
    }
    const at = this.#length++;
    const base = at * WIDTH_MAX;
    this.#put(base, 0, sums[0]! * scales[0]!);
    const floor = topScore - (top === 0 ? this.#outsideMargin : this.#margin);
    let width = 1;
    if (top !== 0) this.#put(base + width++, top, topScore);
    for (let label = 1; label < this.#count; label++) {
      const score = sums[label]! * scales[label]!;
      if (label === top || score <= floor) continue;
      this.#put(base + width++, label, score);
    }
    this.#width[at] = width;
  }

  #put(place: number, label: number, score: number): void {
    this.#label[place] = label;
    this.#score[place] = score;
  }

  /** The spans of what was added. */
  spans(): readonly LabelledSpan[] {
    this.#findPath();
    const spans: LabelledSpan[] = [];
    let summedTo = 0;
    let at = 0;
    while (at < this.#length) {
      const label = this.#labelAt(at);
      if (label === 0) {
        at++;
        continue;
      }
      const inside = this.#inside[label]!;
      let end = at + 1;
      while (end < this.#length && inside !== -1 && this.#labelAt(end) === inside) end++;
      if (end > summedTo) summedTo = this.#sumAround(at);
      spans.push({
        first: at,
        end,
        type: this.#labels[label]!.slice(2),
        chance: this.#chance(at, end),
      });
      at = end;
    }
    return spans;
  }

  /**
   * Sums forward and backward over the stretch around `at` that lies between pieces of one label
   * alone: what stands beyond those has no say in it. Gives the stretch's end.
   */
  #sumAround(at: number): number {
    let from = at;
    while (from > 0 && this.#width[from]! > 1) from--;
    let to = at + 1;
    while (to < this.#length && this.#width[to - 1]! > 1) to++;
    this.#forward(from, to);
    this.#backward(from, to);
    return to;
  }

  #labelAt(at: number): number {
    return this.#label[at * WIDTH_MAX + this.#path[at]!]!;
  }

  /** Viterbi. */
  #findPath(): void {
    const best = this.#best;
    const label = this.#label;
    const links = this.#links;
    const count = this.#count;
    for (let at = 0; at < this.#length; at++) {
      const base = at * WIDTH_MAX;
      const before = base - WIDTH_MAX;
      const widthBefore = at === 0 ? 0 : this.#width[at - 1]!;
      const width = this.#width[at]!;
      for (let slot = 0; slot < width; slot++) {
        const to = label[base + slot]!;
        let top = at === 0 ? links[count * count + to]! : best[before]! + links[to]!;
        let from = 0;
        for (let other = 1; other < widthBefore; other++) {
          const score = best[before + other]! + links[label[before + other]! * count + to]!;
          if (score > top) {
            top = score;
            from = other;
          }
        }
        best[base + slot] = top + this.#score[base + slot]! + (to === 0 ? this.#outsideBias : 0);
        this.#back[base + slot] = from;
      }
    }
    this.#traceBack();
  }

  #traceBack(): void {
    let slot = 0;
    for (let at = this.#length - 1; at >= 0; at--) {
      const base = at * WIDTH_MAX;
      if (at === this.#length - 1) {
        for (let other = 1; other < this.#width[at]!; other++) {
          if (this.#best[base + other]! > this.#best[base + slot]!) slot = other;
        }
      }
      this.#path[at] = slot;
      slot = this.#back[base + slot]!;
    }
  }

  /** alpha of the pieces from `start` to before `end`, the first of which has one label or begins the text. */
  #forward(start: number, end: number): void {
    const alpha = this.#alpha;
    const moves = this.#moves;
    const count = this.#count;
    for (let at = start; at < end; at++) {
      const base = at * WIDTH_MAX;
      const before = base - WIDTH_MAX;
      const width = this.#width[at]!;
      const widthBefore = at === start ? 0 : this.#width[at - 1]!;
      this.#lift(base, width);
      let norm = 0;
      for (let slot = 0; slot < width; slot++) {
        const to = this.#label[base + slot]!;
        let sum = at === start ? (at === 0 ? moves[count * count + to]! : 1) : 0;
        for (let other = 0; other < widthBefore; other++) {
          sum += alpha[before + other]! * moves[this.#label[before + other]! * count + to]!;
        }
        norm += alpha[base + slot] = sum * this.#lifted[base + slot]!;
      }
      this.#norm[at] = norm;
      for (let slot = 0; slot < width; slot++) alpha[base + slot]! /= norm;
    }
  }

  /** Exponentials of a piece's scores, the best of them 1. */
  #lift(base: number, width: number): void {
    let top = this.#score[base]!;
    for (let slot = 1; slot < width; slot++) top = Math.max(top, this.#score[base + slot]!);
    for (let slot = 0; slot < width; slot++) {
      this.#lifted[base + slot] = Math.exp(this.#score[base + slot]! - top);
    }
  }

  #backward(start: number, end: number): void {
    const beta = this.#beta;
    const last = end - 1;
    for (let slot = 0; slot < this.#width[last]!; slot++) beta[last * WIDTH_MAX + slot] = 1;
    for (let at = last - 1; at >= start; at--) {
      const base = at * WIDTH_MAX;
      const after = base + WIDTH_MAX;
      for (let slot = 0; slot < this.#width[at]!; slot++) {
        const from = this.#label[base + slot]! * this.#count;
        let sum = 0;
        for (let other = 0; other < this.#width[at + 1]!; other++) {
          const move = this.#moves[from + this.#label[after + other]!]!;
          sum += move * this.#lifted[after + other]! * beta[after + other]!;
        }
        beta[base + slot] = sum / this.#norm[at + 1]!;
      }
    }
  }

  /** P(exactly the pieces from `first` to before `end` are one span of the path's type). */
  #chance(first: number, end: number): number {
    let chance = this.#alpha[first * WIDTH_MAX + this.#path[first]!]!;
    for (let at = first + 1; at < end; at++) {
      chance *= this.#step(at, this.#path[at]!);
    }
    const last = (end - 1) * WIDTH_MAX + this.#path[end - 1]!;
    let whole = chance * this.#beta[last]!;
    const inside = this.#inside[this.#labelAt(first)]!;
    const next = end < this.#length ? this.#slotOf(end, inside) : -1;
    if (next !== -1) whole -= chance * this.#step(end, next) * this.#beta[end * WIDTH_MAX + next]!;
    return Math.min(1, Math.max(0, whole));
  }

  /** The factor by which the path before `at` goes on in `slot`. */
  #step(at: number, slot: number): number {
    const place = at * WIDTH_MAX + slot;
    const move = this.#moves[this.#labelAt(at - 1) * this.#count + this.#label[place]!]!;
    return (move * this.#lifted[place]!) / this.#norm[at]!;
  }

  #slotOf(at: number, label: number): number {
    for (let slot = 0; slot < this.#width[at]!; slot++) {
      if (this.#label[at * WIDTH_MAX + slot] === label) return slot;
    }
    return -1;
  }
}
