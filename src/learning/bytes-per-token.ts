import type { Learner, Outcome } from '../contract/index.ts';
import { bytesKey } from '../contract/index.ts';
import { observe } from '../estimate/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { CAPACITIES } from './capacities.ts';

const HALF_LIFE = 64;
/** In a shorter prompt the chat template outweighs the text. */
const TELLING_PROMPT_BYTES = 64;
/** Images and injected prompts count as tokens but not as bytes, base64 the other way round: what is outside is no ratio of a text. */
const RATIO_MIN = 1;
const RATIO_MAX = 32;

/** Learns how many bytes of a tenant's prompts make a token of a model, from usage that the upstream reported. */
export function createBytesPerTokenLearner(): Learner {
  return {
    apiVersion: 1,
    name: 'bytes-per-token',
    learn(beliefs, outcomes) {
      const ratios = new BoundedMap(beliefs.bytesPerToken, CAPACITIES.bytesPerToken);
      for (const outcome of outcomes) {
        const ratio = ratioOf(outcome);
        if (ratio === null || outcome.model === null) continue;
        for (const tenant of [outcome.tenant, '*'] as const) {
          const key = bytesKey(tenant, outcome.model);
          const before = ratios.get(key) ?? null;
          const after = observe(before, ratio, HALF_LIFE);
          if (after !== null) ratios.set(key, after);
        }
      }
      const bytesPerToken = ratios.result();
      return bytesPerToken === beliefs.bytesPerToken ? beliefs : { ...beliefs, bytesPerToken };
    },
  };
}

function ratioOf({ status, usage, promptBytes }: Outcome): number | null {
  if (status !== 'ok' || usage.isEstimated || usage.promptTokens <= 0) return null;
  if (promptBytes < TELLING_PROMPT_BYTES) return null;
  const ratio = promptBytes / usage.promptTokens;
  return ratio >= RATIO_MIN && ratio <= RATIO_MAX ? ratio : null;
}
