import { bytesKey } from '../contract/index.ts';
import type { Beliefs, Estimate, RunningEstimate } from '../contract/index.ts';
import type { ModelId, TenantId } from '../kernel/index.ts';

/** Byte-level tokenisers make at most one token of a byte. A bound rests on it, never an expectation. */
export const SMALLEST_BYTES_PER_TOKEN = 1;

/** English prose comes to 4–4.5 bytes per token, code to about 3, Chinese and Japanese to 2–3. */
const DEFAULT_BYTES_PER_TOKEN = 4;
const DEFAULT_DEVIATION = 1.2;
/** Of a learned ratio, relative: two prompts of one tenant still differ in language and in code. */
const RELATIVE_DEVIATION_MIN = 0.05;

/**
 * How many tokens a prompt of `promptBytes` makes: bytes over the bytes per token learned for this
 * tenant and model, else for the model, else the default. The deviation is that of the ratio, to
 * first order: σ(b/r) ≈ (b/r)·σ(r)/r, with the error of a young mean added to the spread.
 */
export function estimatePromptTokens(
  promptBytes: number,
  tenant: TenantId,
  model: ModelId,
  beliefs: Beliefs,
): Estimate {
  const ratios = beliefs.bytesPerToken;
  const learned =
    ratios.size === 0
      ? undefined
      : (usable(ratios.get(bytesKey(tenant, model))) ?? usable(ratios.get(bytesKey('*', model))));
  if (learned === undefined) {
    const mean = promptBytes / DEFAULT_BYTES_PER_TOKEN;
    return { mean, deviation: (mean * DEFAULT_DEVIATION) / DEFAULT_BYTES_PER_TOKEN };
  }
  const mean = promptBytes / learned.mean;
  const ratioDeviation = Math.sqrt(learned.variance * (1 + 1 / learned.weight));
  return {
    mean,
    deviation: mean * Math.max(RELATIVE_DEVIATION_MIN, ratioDeviation / learned.mean),
  };
}

/** A ratio that rests on less than one observation is no better than the next fallback. */
const usable = (ratio: RunningEstimate | undefined): RunningEstimate | undefined =>
  ratio !== undefined && ratio.weight >= 1 && ratio.mean >= SMALLEST_BYTES_PER_TOKEN
    ? ratio
    : undefined;
