import { describe, expect, test } from 'vitest';
import { createRng } from '../../kernel/index.ts';
import { NO_TELEMETRY } from '../../contract/index.ts';
import { readFleet } from '../fleet-file.ts';
import type { BaselineTools, InstanceView, PickRequest } from './baseline.ts';
import { BASELINES } from './index.ts';

const { instances, objective } = readFleet(
  'version: 1\ninstances: [{ id: a, count: 3, profile: 8b-a100 }]',
  'fleet.yaml',
);
const tools: BaselineTools = {
  rng: createRng(1),
  instances,
  objective,
  truth: {
    forecast: (_index, place) => ({
      ttftMs: 1,
      totalMs: [500, 100, 900][place]!,
      cachedTokens: 0,
      outputTokens: 10,
    }),
  },
};

const views = (changes: readonly Partial<InstanceView>[]): InstanceView[] =>
  instances.map((instance, place) => ({
    place,
    instance,
    telemetry: NO_TELEMETRY,
    inFlight: 0,
    pendingTokens: 0,
    ...changes[place],
  }));
const waiting = (count: number, kvUsageRatio: number) => ({
  telemetry: { ...NO_TELEMETRY, waitingRequests: count, kvUsageRatio },
});
const request = (blocks: readonly number[] | null, index = 0): PickRequest => ({
  index,
  promptTokens: (blocks?.length ?? 2) * 512,
  blocks,
});
const open = (name: string) => BASELINES.get(name)!(tools);

test('round-robin takes its turns, and passes over who is missing', () => {
  const router = open('round-robin');
  const all = views([]);
  expect([1, 2, 3, 4].map(() => router.pick(request(null), all).place)).toEqual([0, 1, 2, 0]);
  expect(router.pick(request(null), [all[0]!, all[2]!]).place).toBe(2);
});

test('least-connections, and the better of two', () => {
  const busy = views([{ inFlight: 3 }, { inFlight: 1 }, { inFlight: 2 }]);
  expect(open('least-connections').pick(request(null), busy).place).toBe(1);
  const picks = Array.from({ length: 200 }, () => open('power-of-two').pick(request(null), busy));
  // The busiest loses against either of the others.
  expect(new Set(picks.map(({ place }) => place))).toEqual(new Set([1, 2]));
});

describe('prefixes', () => {
  test.each(['sglang-cache-aware', 'llm-d', 'dynamo', 'aibrix-prefix'])(
    '%s goes where a prompt was',
    (name) => {
      const router = open(name);
      const idle = views([waiting(0, 0), waiting(0, 0), waiting(0, 0)]);
      router.sent!(request([1, 2, 3]), idle[2]!);
      router.ended?.(request([1, 2, 3]), 2, 10);
      expect(router.pick(request([1, 2, 3, 4]), idle).place).toBe(2);
    },
  );

  test.each([...BASELINES.keys()].filter((name) => name !== 'oracle'))(
    '%s spreads requests that share nothing, or one block, over equal instances',
    (name) => {
      for (const blocksOf of [() => null, (i: number) => [0, 1 + 2 * i, 2 + 2 * i]]) {
        const router = open(name);
        const counts = [0, 0, 0];
        for (let i = 0; i < 3_000; i++) {
          const asked = request(blocksOf(i), i);
          const busy = views(
            counts.map((count) => {
              const inFlight = Math.max(0, count - i / 3);
              return { inFlight, pendingTokens: inFlight * 500, ...waiting(inFlight, 0) };
            }),
          );
          const view = router.pick(asked, busy);
          counts[view.place]!++;
          router.sent?.(asked, view);
          router.firstToken?.({ request: asked, place: view.place, ttftMs: 100 + view.inFlight });
          router.ended?.(asked, view.place, 10);
        }
        expect(Math.max(...counts)).toBeLessThan(2_000);
      }
    },
  );

  test('SGLang leaves the prefix only beyond both thresholds', () => {
    const router = open('sglang-cache-aware');
    router.sent!(request([1]), views([])[2]!);
    const pick = (loads: readonly number[]): number =>
      router.pick(request([1]), views(loads.map((inFlight) => ({ inFlight })))).place;
    expect(pick([0, 0, 64])).toBe(2);
    expect(pick([0, 0, 65])).toBe(0);
    expect(pick([200, 200, 270])).toBe(2);
  });

  test("llm-d's weights: a full prefix outweighs the queue, and not queue and memory together", () => {
    const router = open('llm-d');
    router.sent!(request([1]), views([])[0]!);
    const pick = (kv: number): number =>
      router.pick(request([1]), views([waiting(9, kv), waiting(0, 0), waiting(9, 1)])).place;
    expect(pick(0.4)).toBe(0);
    expect(pick(0.6)).toBe(1);
  });

  test("Dynamo's cost is prefill under way less overlap, and decode", () => {
    const router = open('dynamo');
    const all = views([]);
    router.sent!(request([1, 2]), all[0]!);
    // 1024 tokens decode at the first, and of the 1024 asked for it lacks none.
    const pick = (pendingTokens: number): number =>
      router.pick(request([1, 2]), views([{}, { pendingTokens }, { pendingTokens: 9_999 }])).place;
    expect(pick(0)).toBe(1);
    expect(pick(64)).toBe(0);
  });
});

test('the oracle takes the least of what will happen', () => {
  expect(open('oracle').pick(request(null), views([])).place).toBe(1);
});

test('a reward predictor learns which instance is slow', () => {
  const router = open('lodestar');
  const all = views([]);
  const counts = [0, 0, 0];
  for (let index = 0; index < 600; index++) {
    const asked = request(null, index);
    const view = router.pick(asked, all);
    router.sent!(asked, view);
    router.firstToken!({ request: asked, place: view.place, ttftMs: view.place === 1 ? 50 : 400 });
    if (index >= 200) counts[view.place]!++;
  }
  expect(counts[1]).toBeGreaterThan(350);
});
