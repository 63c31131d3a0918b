import { mixHash, normalOf, uniformOf } from './hash.ts';

/**
 * How sure a simulated model is of its answer. Its mean log-probability is `−0.3·e^(−0.5·x)`, where x is normal
 * with deviation 1 and lies `d` higher where the answer is right. `d = √2·Φ⁻¹(AUC)`, so that right answers
 * are told from wrong ones with an area of 0.75 under the ROC curve: assumed, in the middle of what is
 * published (0.6 to 0.8). A self-check tells them with 0.8.
 */
const LOGPROB_SEPARATION = 0.954;
const CHECK_SEPARATION = 1.19;
const LEVEL = 0.3;
const LEVEL_SPREAD = 0.5;
/** A model that is asked whether it was right says yes too often. */
const SELF_LOVE = 0.7;
const CHECK_STEEPNESS = 1.5;

/** Log-probability of one token of an answer: exponential around the level of the whole. */
export function tokenLogprob(hash: number, isRight: boolean, tokenIndex: number): number {
  const x = normalOf(hash, 0x10b) + (isRight ? LOGPROB_SEPARATION / 2 : -LOGPROB_SEPARATION / 2);
  const level = LEVEL * Math.exp(-LEVEL_SPREAD * x);
  const draw = -Math.log(1 - uniformOf(mixHash(hash, tokenIndex), 0x70c));
  return -Math.min(20, level * draw);
}

/** The probability of "yes" when a model is asked whether its answer is right. */
export function checkProbability(hash: number, isRight: boolean): number {
  const x = normalOf(hash, 0xc4e) + (isRight ? CHECK_SEPARATION / 2 : -CHECK_SEPARATION / 2);
  return 1 / (1 + Math.exp(-CHECK_STEEPNESS * (x + SELF_LOVE)));
}
