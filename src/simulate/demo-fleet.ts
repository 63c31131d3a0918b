import type { PowerCurve } from '../contract/index.ts';
import type { AnswerSpec, EngineSpec, SimulatedSpec } from './engine-spec.ts';

/**
 * Where the figures come from. W is the bytes of the 16-bit weights over the memory bandwidth of the
 * GPUs, and a tenth or two more; H grows with the KV bytes per token, up to the 0.65 ms per sequence
 * that the fleet simulator of the Workload-Router-Pool work uses for 70B. The prefill chunk is what a
 * GPU computes in about W. KV blocks fill the memory that the weights leave. Power is the logistic
 * curve over log2 of the batch with its published steepness 1 and midpoint 4.2, between the loaded
 * idle and the rated watts of the card. Abilities follow the order and the rough distance of the
 * models' published MMLU-Pro, MATH and HumanEval scores; nothing here is a measurement.
 */
const curve = (idleWatts: number, peakWatts: number, gpus = 1): PowerCurve => ({
  idleWatts,
  peakWatts,
  gpus,
  steepness: 1,
  midpoint: 4.2,
});

const engine = (own: Omit<EngineSpec, 'blockSize' | 'jitterRatio'>): EngineSpec => ({
  ...own,
  blockSize: 16,
  jitterRatio: 0.05,
});

const CONTEXT_WINDOW_TOKENS = 32_768;

/** 1.5B on one L4 (24 GB, 300 GB/s). */
const TINY_ENGINE = engine({
  weightReadMs: 11,
  perSequenceMs: 0.1,
  admissionMs: 30,
  prefillTokensPerIteration: 256,
  maxRunning: 64,
  kvBlocks: 36_000,
  power: curve(30, 72),
});
const TINY_ANSWERS: AnswerSpec = {
  ability: 0.3,
  abilityByDomain: { math: 0.4, code: 0.38, science: 0.28, law: 0.2 },
  medianOutputTokens: 110,
  outputSigma: 0.6,
};

/** 7B on one L40S (48 GB, 864 GB/s). */
const SMALL_ENGINE = engine({
  weightReadMs: 19,
  perSequenceMs: 0.18,
  admissionMs: 35,
  prefillTokensPerIteration: 192,
  maxRunning: 64,
  kvBlocks: 30_000,
  power: curve(90, 330),
});
const SMALL_ANSWERS: AnswerSpec = {
  ability: 0.5,
  abilityByDomain: { math: 0.6, code: 0.62, science: 0.5, law: 0.36 },
  medianOutputTokens: 140,
  outputSigma: 0.6,
};

/** 32B on one A100 (80 GB, 2 TB/s): memory for hardly more than one full context. */
const MEDIUM_ENGINE = engine({
  weightReadMs: 35,
  perSequenceMs: 0.4,
  admissionMs: 40,
  prefillTokensPerIteration: 128,
  maxRunning: 32,
  kvBlocks: 2_200,
  power: curve(100, 400),
});
const MEDIUM_ANSWERS: AnswerSpec = {
  ability: 0.64,
  abilityByDomain: { math: 0.76, code: 0.76, science: 0.66, law: 0.5 },
  medianOutputTokens: 170,
  outputSigma: 0.6,
};

/** 72B on four A100 (tensor parallel). */
const LARGE_ENGINE = engine({
  weightReadMs: 23,
  perSequenceMs: 0.65,
  admissionMs: 45,
  prefillTokensPerIteration: 128,
  maxRunning: 64,
  kvBlocks: 28_000,
  power: curve(100, 400, 4),
});
const LARGE_ANSWERS: AnswerSpec = {
  ability: 0.74,
  abilityByDomain: { math: 0.84, code: 0.82, science: 0.76, law: 0.62 },
  medianOutputTokens: 190,
  outputSigma: 0.6,
};

/** 30B, of which 3B are active for a token, on one A100 (80 GB). A batch reads most of the experts. */
const THINKER_ENGINE = engine({
  weightReadMs: 9,
  perSequenceMs: 0.5,
  admissionMs: 40,
  prefillTokensPerIteration: 256,
  maxRunning: 32,
  kvBlocks: 12_000,
  power: curve(100, 400),
});
const THINKER_ANSWERS: AnswerSpec = {
  ability: 0.66,
  abilityByDomain: { math: 0.78, code: 0.76, science: 0.68, law: 0.5 },
  medianOutputTokens: 170,
  outputSigma: 0.6,
  thinking: { family: 'qwen3', gain: 0.2 },
};

/** A sentence encoder of 33M parameters on one L4. */
const ENCODER_ENGINE = engine({
  weightReadMs: 2,
  perSequenceMs: 0.05,
  admissionMs: 8,
  prefillTokensPerIteration: 4_096,
  maxRunning: 256,
  kvBlocks: 4_096,
  power: curve(30, 72),
});

const CHAT: Omit<SimulatedSpec, 'id' | 'model' | 'engine' | 'answers'> = {
  contextWindowTokens: CONTEXT_WINDOW_TOKENS,
};

/** Six instances: four sizes of chat model, the 7B twice, and one encoder. */
export const DEMO_FLEET: readonly SimulatedSpec[] = [
  { ...CHAT, id: 'tiny', model: 'qwen2.5-1.5b', engine: TINY_ENGINE, answers: TINY_ANSWERS },
  { ...CHAT, id: 'small-a', model: 'qwen2.5-7b', engine: SMALL_ENGINE, answers: SMALL_ANSWERS },
  { ...CHAT, id: 'small-b', model: 'qwen2.5-7b', engine: SMALL_ENGINE, answers: SMALL_ANSWERS },
  { ...CHAT, id: 'medium', model: 'qwen2.5-32b', engine: MEDIUM_ENGINE, answers: MEDIUM_ANSWERS },
  { ...CHAT, id: 'large', model: 'qwen2.5-72b', engine: LARGE_ENGINE, answers: LARGE_ANSWERS },
  {
    id: 'encoder',
    model: 'bge-small-en',
    contextWindowTokens: 8_192,
    engine: ENCODER_ENGINE,
    answers: null,
  },
];

/** The demo's servers, and one that thinks: what the policies in `examples/` stand before. */
export const EXAMPLE_FLEET: readonly SimulatedSpec[] = [
  ...DEMO_FLEET,
  {
    ...CHAT,
    id: 'thinker',
    model: 'qwen3-30b-a3b',
    engine: THINKER_ENGINE,
    answers: THINKER_ANSWERS,
  },
];
