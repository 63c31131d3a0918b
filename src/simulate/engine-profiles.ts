import type { PowerCurve } from '../contract/index.ts';
import type { EngineSpec } from './engine-spec.ts';

/** What a card draws, and what an hour of it costs. */
export interface EngineProfile {
  readonly engine: EngineSpec;
  readonly price: {
    readonly inputPerMTok: number;
    readonly cachedInputPerMTok: number;
    readonly outputPerMTok: number;
  };
}

const curve = (idleWatts: number, peakWatts: number, gpus = 1): PowerCurve => ({
  idleWatts,
  peakWatts,
  gpus,
  steepness: 1,
  midpoint: 4.2,
});

const engine = (
  own: Omit<EngineSpec, 'blockSize' | 'jitterRatio' | 'admissionMs'>,
): EngineSpec => ({
  ...own,
  admissionMs: 10,
  blockSize: 16,
  jitterRatio: 0.05,
});

/**
 * Engines by name. W is the bytes of the 16-bit weights over the memory bandwidth of the card and a
 * tenth more; a chunk of prompt is what the card computes in about W at half of its dense 16-bit rate;
 * KV blocks fill the memory that the weights leave at nine tenths (0.125 MB per token for 8B, 0.31 MB for 70B); power
 * is the logistic curve of the Workload-Router-Pool work. Prices are of the magnitude that renting the card has.
 */
export const ENGINE_PROFILES: Readonly<Record<string, EngineProfile>> = {
  '8b-h100': {
    engine: engine({
      weightReadMs: 5.5,
      perSequenceMs: 0.1,
      prefillTokensPerIteration: 168,
      maxRunning: 128,
      kvBlocks: 28_000,
      power: curve(110, 700),
    }),
    price: { inputPerMTok: 0.06, cachedInputPerMTok: 0.015, outputPerMTok: 0.12 },
  },
  '8b-a100': {
    engine: engine({
      weightReadMs: 8.8,
      perSequenceMs: 0.14,
      prefillTokensPerIteration: 88,
      maxRunning: 128,
      kvBlocks: 28_000,
      power: curve(90, 400),
    }),
    price: { inputPerMTok: 0.06, cachedInputPerMTok: 0.015, outputPerMTok: 0.12 },
  },
  '8b-l40s': {
    engine: engine({
      weightReadMs: 20,
      perSequenceMs: 0.3,
      prefillTokensPerIteration: 228,
      maxRunning: 64,
      kvBlocks: 13_000,
      power: curve(80, 350),
    }),
    price: { inputPerMTok: 0.04, cachedInputPerMTok: 0.01, outputPerMTok: 0.08 },
  },
  '70b-4xh100': {
    engine: engine({
      weightReadMs: 12,
      perSequenceMs: 0.3,
      prefillTokensPerIteration: 168,
      maxRunning: 128,
      kvBlocks: 29_000,
      power: curve(110, 700, 4),
    }),
    price: { inputPerMTok: 0.5, cachedInputPerMTok: 0.12, outputPerMTok: 1 },
  },
};
