import { expect, test } from 'vitest';
import { createRng, createVirtualClock } from '../kernel/index.ts';
import { createEngineModel } from './engine-model.ts';
import type { SequenceResult } from './engine-model.ts';
import type { EngineSpec } from './engine-spec.ts';

const SPEC: EngineSpec = {
  weightReadMs: 10,
  perSequenceMs: 0,
  admissionMs: 0,
  jitterRatio: 0,
  prefillTokensPerIteration: 64,
  maxRunning: 8,
  kvBlocks: 8,
  blockSize: 16,
  power: { idleWatts: 0, peakWatts: 100, gpus: 1, steepness: 1, midpoint: 4.2 },
};

function run(kvBlocks: number) {
  const clock = createVirtualClock();
  const engine = createEngineModel({ clock, rng: createRng(1), spec: { ...SPEC, kvBlocks } });
  const ends: SequenceResult[] = [];
  const tokens = [0, 0];
  for (const i of [0, 1]) {
    engine.submit({
      prompt: { tokens: 32, hashes: [] },
      outputTokens: 64,
      onToken: () => void tokens[i]!++,
      onEnd: (result) => void (ends[i] = result),
    });
  }
  while (clock.step());
  return { ends, tokens, stats: engine.stats() };
}

test('out of memory, the youngest gives way, computes its context again, and says no token twice', () => {
  // Two sequences of 6 blocks in the end: 12 hold both, 8 do not.
  const roomy = run(12);
  const tight = run(8);
  expect(roomy.stats.preemptions).toBe(0);
  expect(tight.stats.preemptions).toBeGreaterThan(0);
  expect(tight.tokens).toEqual([64, 64]);
  // The elder is not held up. The younger waits for the elder's end, and computes what it had written.
  expect(tight.ends[0]!.endedAtMs).toBe(roomy.ends[0]!.endedAtMs);
  expect(tight.ends[1]!.endedAtMs).toBeGreaterThan(tight.ends[0]!.endedAtMs);
  expect(tight.ends[1]!.firstTokenAtMs).toBe(roomy.ends[1]!.firstTokenAtMs);
  expect(tight.stats).toMatchObject({ kvUsedBlocks: 0, generationTokensTotal: 128 });
  expect(tight.stats.promptTokensTotal).toBe(64);
});
