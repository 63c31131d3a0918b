import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Lattice } from './lattice.ts';
import { Lexicon } from './lexicon.ts';
import type { PiiModel } from './model-file.ts';
import { PackedWeights } from './packed-weights.ts';

const LABELS = ['O', 'B-X', 'I-X', 'B-Y'];
const N = LABELS.length;
const FORBIDDEN = -1e4;

const isAllowed = (from: number, to: number): boolean => to !== 2 || from === 1 || from === 2;

function modelOf(links: readonly number[]): PiiModel {
  return {
    labels: LABELS,
    rows: 1,
    outsideBias: 0,
    margin: 100,
    outsideMargin: 100,
    calibration: { x: [0, 1], y: [0, 1] },
    certainConfidence: new Map(),
    lexicon: new Lexicon(new Uint32Array(), new Uint16Array()),
    gate: new Int8Array(1),
    gateThreshold: 0,
    weights: new PackedWeights(new Int8Array(N), N),
    scales: new Float32Array(N).fill(1),
    transitions: Float32Array.from(links, (link, i) =>
      isAllowed(Math.floor(i / N), i % N) ? link : FORBIDDEN,
    ),
  };
}

/** Every path of `length` labels with its score. */
function* paths(length: number): Generator<number[]> {
  for (let code = 0; code < N ** length; code++) {
    yield Array.from({ length }, (_, i) => Math.floor(code / N ** i) % N);
  }
}

describe('the lattice', () => {
  test('finds the best path, and the chance of its spans, as trying all paths does', () => {
    const score = fc.integer({ min: -3, max: 3 });
    fc.assert(
      fc.property(
        fc.array(fc.array(score, { minLength: N, maxLength: N }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
          minLength: N * (N + 1),
          maxLength: N * (N + 1),
        }),
        fc.nat({ max: 4 }),
        (pieces, links, outside) => {
          const model = modelOf(links);
          const lattice = new Lattice(model, 8);
          lattice.clear();
          pieces.forEach((sums, i) => {
            if (i === outside) lattice.addOutside();
            else lattice.add(Int32Array.from(sums));
          });
          const spans = lattice.spans();
          const all = [...paths(pieces.length)]
            .filter((path) =>
              path.every(
                (label, i) => (i !== outside || label === 0) && isAllowed(path[i - 1] ?? N, label),
              ),
            )
            .map((path) => ({ path, weight: Math.exp(scoreOf(model, pieces, path, outside)) }));
          const total = all.reduce((sum, { weight }) => sum + weight, 0);
          const best = all.reduce((a, b) => (b.weight > a.weight ? b : a));
          const isTie = all.filter(({ weight }) => weight > best.weight * 0.9999).length > 1;
          if (isTie) return;
          expect(spans.map(({ first, end, type }) => [first, end, type])).toEqual(
            spansOf(best.path).map(({ first, end, type }) => [first, end, type]),
          );
          for (const { first, end, type, chance } of spans) {
            const share = all
              .filter(({ path }) =>
                spansOf(path).some((s) => s.first === first && s.end === end && s.type === type),
              )
              .reduce((sum, { weight }) => sum + weight, 0);
            expect(chance).toBeCloseTo(share / total, 6);
          }
        },
      ),
    );
  });
});

function scoreOf(
  model: PiiModel,
  pieces: readonly number[][],
  path: readonly number[],
  outside: number,
): number {
  return path.reduce((sum, label, i) => {
    const before = i === 0 ? N : path[i - 1]!;
    return sum + (i === outside ? 0 : pieces[i]![label]!) + model.transitions[before * N + label]!;
  }, 0);
}

function spansOf(path: readonly number[]): { first: number; end: number; type: string }[] {
  const spans: { first: number; end: number; type: string }[] = [];
  path.forEach((label, i) => {
    if (label === 2) spans.at(-1)!.end = i + 1;
    else if (label !== 0) spans.push({ first: i, end: i + 1, type: LABELS[label]!.slice(2) });
  });
  return spans;
}
