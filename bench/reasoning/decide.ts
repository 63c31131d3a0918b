import { readFileSync } from 'node:fs';
import type { Effort } from '../../src/contract/index.ts';
import { offlineOf } from '../../src/app-offline.ts';
import { createPolicyLoader, requirePolicy, sourceOf } from '../../src/app-policy.ts';
import { builtIns } from '../../src/app-registry.ts';
import { shippedUnderstanding } from '../../src/app-understanding.ts';
import { createFastModels } from '../../src/encoder/index.ts';

const HELD_OUT = new URL('./complexity.safetensors', import.meta.url);
const MODELS = new URL('../../models/', import.meta.url);

/** What the exchange decided for one prompt. */
export interface Decided {
  readonly difficulty: number;
  readonly effort: Effort;
}

const POLICY = JSON.stringify({
  version: 1,
  understanding: { deep: 'off' },
  models: [{ id: 'thinker', reasoning: { family: 'openai', leastEffort: 'none' } }],
  instances: [{ id: 'a', model: 'thinker', engine: 'vllm', url: 'http://127.0.0.1:1' }],
  routes: [{ name: 'default', use: { mode: 'economy', reasoning: 'auto' } }],
});

/** The shipped models, but for the complexity head: one that has seen none of the tried questions. */
function heldOutUnderstanding() {
  const fast = createFastModels((name) =>
    readFileSync(name === 'complexity.safetensors' ? HELD_OUT : new URL(name, MODELS)),
  );
  return { ...shippedUnderstanding('off'), fast: () => fast };
}

/** The exchange itself decides each prompt, under a policy with `reasoning: auto` and the scale that ships. */
export async function createDecider(): Promise<(prompt: string) => Promise<Decided>> {
  const registry = builtIns(heldOutUnderstanding());
  const source = await sourceOf({ configText: POLICY, env: {} });
  const { policy } = requirePolicy(createPolicyLoader(registry, {}, {})(source, 1), null);
  const exchange = offlineOf(policy, registry);
  return async (text) => {
    const { signals, injection } = await exchange.decide({ text, model: 'auto' });
    const read = signals.find(({ state, key }) => state === 'known' && key === 'complexity');
    if (typeof read?.value !== 'number' || !injection?.reasoning) {
      throw new Error('the exchange chose no effort');
    }
    return { difficulty: read.value, effort: injection.reasoning };
  };
}
