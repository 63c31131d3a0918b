/** KNN and MLP of RouterBench over the same sentence vectors: quality and cost of every model of one table. */
import { createRng } from '../../src/kernel/index.ts';

/** Rows of vectors and, per model, what was measured; NaN where nothing is known. */
export interface RivalData {
  readonly vectors: readonly Float32Array[];
  readonly quality: readonly Float64Array[];
  readonly costUsd: readonly Float64Array[];
}

export interface RivalAnswer {
  /** By model. */
  readonly quality: readonly number[];
  readonly costUsd: readonly number[];
}

export type Rival = (vector: Float32Array) => RivalAnswer;

const NEIGHBOURS = 40;

/** The mean over the nearest neighbours by cosine. */
export function knnRival({ vectors, quality, costUsd }: RivalData): Rival {
  return (vector) => {
    const near = vectors
      .map((own, i) => ({ i, cosine: own.reduce((sum, value, j) => sum + value * vector[j]!, 0) }))
      .toSorted((a, b) => b.cosine - a.cosine)
      .slice(0, NEIGHBOURS);
    const over = (column: Float64Array): number => {
      const known = near.flatMap(({ i }) => (Number.isNaN(column[i]!) ? [] : [column[i]!]));
      return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
    };
    return { quality: quality.map(over), costUsd: costUsd.map(over) };
  };
}

const HIDDEN = 100;
const EPOCHS = 30;
const RATE = 0.001;

/** Two hidden layers of 100 with rectifiers, Adam, squared error: the quality of each model; its cost is the mean. */
export function mlpRival(data: RivalData, seed: number): Rival {
  const { vectors, quality, costUsd } = data;
  const rng = createRng(seed);
  const layers = [vectors[0]!.length, HIDDEN, HIDDEN, quality.length];
  const net = layers
    .slice(1)
    .map((outputs, l) => createLayer(layers[l]!, outputs, () => rng.next()));
  const order = vectors.map((_, i) => i);
  let step = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(rng.next() * (i + 1));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    for (let at = 0; at < order.length; at += 16) {
      for (const i of order.slice(at, at + 16)) {
        backward(net, vectors[i]!, (m) => quality[m]![i]!);
      }
      step++;
      for (const layer of net) adam(layer, step);
    }
  }
  const costs = costUsd.map((column) => {
    const known = column.filter((cost) => !Number.isNaN(cost));
    return known.reduce((sum, cost) => sum + cost, 0) / Math.max(1, known.length);
  });
  return (vector) => ({ quality: [...forward(net, vector).at(-1)!], costUsd: costs });
}

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** `outputs × (inputs + 1)`, the last being the bias. */
  readonly weights: Float64Array;
  readonly slope: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

function createLayer(inputs: number, outputs: number, next: () => number): Layer {
  const size = outputs * (inputs + 1);
  const reach = Math.sqrt(6 / (inputs + outputs));
  return {
    inputs,
    outputs,
    weights: Float64Array.from({ length: size }, () => (2 * next() - 1) * reach),
    slope: new Float64Array(size),
    first: new Float64Array(size),
    second: new Float64Array(size),
  };
}

function forward(net: readonly Layer[], vector: ArrayLike<number>): Float64Array[] {
  const states = [Float64Array.from(vector)];
  net.forEach(({ inputs, outputs, weights }, l) => {
    const from = states[l]!;
    const to = new Float64Array(outputs);
    for (let o = 0; o < outputs; o++) {
      const at = o * (inputs + 1);
      let sum = weights[at + inputs]!;
      for (let i = 0; i < inputs; i++) sum += weights[at + i]! * from[i]!;
      to[o] = l + 1 < net.length ? Math.max(0, sum) : sum;
    }
    states.push(to);
  });
  return states;
}

function backward(
  net: readonly Layer[],
  vector: ArrayLike<number>,
  wanted: (output: number) => number,
): void {
  const states = forward(net, vector);
  let miss = states.at(-1)!.map((own, o) => (Number.isNaN(wanted(o)) ? 0 : own - wanted(o)));
  for (let l = net.length - 1; l >= 0; l--) {
    const { inputs, outputs, weights, slope } = net[l]!;
    const from = states[l]!;
    const back = new Float64Array(inputs);
    for (let o = 0; o < outputs; o++) {
      const at = o * (inputs + 1);
      const own = miss[o]!;
      if (own === 0) continue;
      for (let i = 0; i < inputs; i++) {
        slope[at + i]! += own * from[i]!;
        back[i]! += own * weights[at + i]!;
      }
      slope[at + inputs]! += own;
    }
    miss = back.map((value, i) => (from[i]! > 0 ? value : 0));
  }
}

function adam({ weights, slope, first, second }: Layer, step: number): void {
  for (let i = 0; i < weights.length; i++) {
    const own = slope[i]! / 16;
    first[i] = 0.9 * first[i]! + 0.1 * own;
    second[i] = 0.999 * second[i]! + 0.001 * own * own;
    const mean = first[i]! / (1 - 0.9 ** step);
    const spread = second[i]! / (1 - 0.999 ** step);
    weights[i]! -= (RATE * mean) / (Math.sqrt(spread) + 1e-8);
  }
  slope.fill(0);
}
