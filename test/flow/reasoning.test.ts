import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Effort, ReasoningFamily } from '../../src/contract/index.ts';
import { createBourse } from '../../src/index.ts';
import type { Bourse } from '../../src/index.ts';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { EXAMPLE_FLEET, startDemoFleet } from '../../src/simulate/index.ts';
import type { DemoFleet } from '../../src/simulate/index.ts';

const EFFORTS: readonly Effort[] = ['off', 'low', 'medium', 'high'];
const budgetTokens = { low: 300, medium: 1000, high: 4000 };
type Shape = 'rises' | 'switches';

/** Each family as a policy names it, and what becomes of its thinking from *off* to *high*. */
const FAMILIES: readonly (readonly [ReasoningFamily, object | string, Shape, number])[] = [
  ['qwen3', { family: 'qwen3', budgetTokens }, 'rises', 0],
  ['glm', 'glm', 'switches', 0],
  ['gemma', 'gemma', 'switches', 0],
  ['deepseek-v3', 'deepseek-v3', 'switches', 0],
  ['granite', 'granite', 'switches', 0],
  ['holo2', 'holo2', 'switches', 0],
  ['deepseek-r1', { family: 'deepseek-r1', budgetTokens }, 'rises', 256],
  ['qwq', { family: 'qwq', budgetTokens }, 'rises', 256],
  ['gpt-oss', 'gpt-oss', 'rises', 2000],
  ['openai', { family: 'openai', leastEffort: 'none' }, 'rises', 0],
  ['gemini', { family: 'gemini', leastEffort: 'minimal' }, 'rises', 0],
  ['claude', 'claude', 'rises', 0],
];

let fleet: DemoFleet;
let bourse: Bourse;

beforeAll(async () => {
  const thinker = EXAMPLE_FLEET.at(-1)!;
  const specs = FAMILIES.map(([family]) => ({
    ...thinker,
    id: family,
    model: family,
    answers: { ...thinker.answers!, thinking: { family, gain: 0.2 } },
  }));
  const [clock, rng] = [createSystemClock(), createRng(1)];
  fleet = await startDemoFleet({ clock, rng, specs, speedup: 20_000 });
  bourse = await createBourse({
    version: 1,
    understanding: { deep: 'off' },
    models: FAMILIES.map(([id, reasoning]) => ({ id, reasoning })),
    instances: FAMILIES.map(([model], i) => ({
      id: model,
      model,
      engine: 'simulated',
      url: fleet.servers[i]!.url,
    })),
    routes: FAMILIES.flatMap(([family]) =>
      EFFORTS.map((effort) => ({
        name: `${family}-${effort}`,
        when: { metadata: { header: 'x-wanted', equals: `${family} ${effort}` } },
        use: { models: [family], reasoning: effort },
      })),
    ),
    health: { timeoutMs: 30_000 },
  });
});
afterAll(async () => {
  await bourse.close();
  await fleet.close();
});

interface Answer {
  readonly choices: readonly { readonly message: { readonly reasoning_content?: string } }[];
  readonly usage: { readonly completion_tokens_details?: { readonly reasoning_tokens: number } };
}

/** How long the simulated model thought under a route with this effort. */
async function thinkingTokens(family: string, effort: Effort): Promise<number> {
  const body = { model: 'auto', messages: [{ role: 'user', content: 'Name three primes.' }] };
  const text = await new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = [];
    const sink = {
      onStart: () => {},
      onData: (chunk: Buffer) => chunks.push(chunk) > 0,
      onEnd: () => resolve(Buffer.concat(chunks).toString()),
      onError: reject,
    };
    bourse.handle({ body, headers: { 'x-wanted': `${family} ${effort}` } }, sink);
  });
  const { choices, usage } = JSON.parse(text) as Answer;
  const tokens = usage.completion_tokens_details?.reasoning_tokens ?? 0;
  expect(choices[0]!.message.reasoning_content?.length ?? 0).toBe(tokens * 4);
  return tokens;
}

describe('an effort of the policy reaches the engine as its family is told', () => {
  test.each(FAMILIES)('%s', async (family, _, shape, offMax) => {
    const [off, low, medium, high] = await Promise.all(
      EFFORTS.map((effort) => thinkingTokens(family, effort)),
    );
    expect(off).toBeLessThanOrEqual(offMax);
    expect(low).toBeGreaterThan(0);
    if (shape === 'switches') {
      expect([low, medium]).toEqual([high, high]);
    } else {
      expect(medium).toBeGreaterThan(low!);
      expect(high).toBeGreaterThan(medium!);
    }
  });
});
