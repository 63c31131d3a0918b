import { describe, expect, test } from 'vitest';
import type { Mandate } from '../contract/index.ts';
import { explorationOf, explorationPart, routerOf } from './config/exploration.ts';
import {
  explorationOverrideSchema,
  explorationSchema,
  probesSchema,
  routerSchema,
} from './schema/exploration.ts';

const planOf = (exploration: unknown, probes?: unknown) =>
  explorationOf({
    exploration: explorationSchema.parse(exploration),
    probes: probesSchema.optional().parse(probes),
  });
const partOf = (
  exploration: unknown,
  override: unknown,
  probes?: unknown,
): Pick<Mandate, 'exploration'> =>
  explorationPart(
    planOf(exploration, probes),
    explorationOverrideSchema.optional().parse(override),
  );

describe('what a route explores', () => {
  test('is nothing unless the policy says so: its mandate has no such member', () => {
    expect(partOf({}, undefined)).toEqual({});
    expect(partOf({ kind: 'thompson' }, { kind: 'off' })).toEqual({});
    expect(explorationPart(undefined)).toEqual({});
  });

  test('is that of all, with its own members in place of theirs', () => {
    const all = { kind: 'linucb', width: 2, modes: ['economy'] };
    expect(partOf(all, { lot: 0.1, maxLossUsd: 0.5 }).exploration).toEqual({
      kind: 'linucb',
      modes: ['economy'],
      width: 2,
      lotShare: 0.1,
      drawsLatency: false,
      maxLossUsd: 0.5,
      probes: null,
    });
    expect(partOf({}, { kind: 'thompson', latency: true }).exploration).toMatchObject({
      kind: 'thompson',
      drawsLatency: true,
      maxLossUsd: Infinity,
    });
  });

  test('has the probes of all, exploring or not', () => {
    expect(partOf({}, { kind: 'off' }, {}).exploration).toMatchObject({
      kind: 'off',
      probes: { share: 0.02, maxLossUsd: Infinity, beyondLimits: false },
    });
  });

  test('refuses shares that are none', () => {
    for (const share of [0, -1, 0.6, Number.NaN]) {
      expect(probesSchema.safeParse({ share }).success).toBe(false);
    }
    expect(explorationSchema.safeParse({ kind: 'thomson' }).success).toBe(false);
    expect(explorationSchema.safeParse({ lot: 2 }).success).toBe(false);
  });
});

test('a trained router is a file beside the policy, and may say what it weighs', () => {
  const near = (path: string): string => `/etc/${path}`;
  const read = (router: unknown) => routerOf(routerSchema.optional().parse(router), near);
  expect(read(undefined)).toBeNull();
  expect(read('r.safetensors')).toEqual({ file: '/etc/r.safetensors', questions: 100 });
  expect(read({ file: 'r', questions: 20 })).toEqual({ file: '/etc/r', questions: 20 });
  expect(routerSchema.safeParse({ file: 'r', questions: 0 }).success).toBe(false);
});
