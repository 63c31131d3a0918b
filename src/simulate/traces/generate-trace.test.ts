import { describe, expect, test } from 'vitest';
import { readFleet } from '../fleet-file.ts';
import type { VirtualRouter } from '../virtual/router.ts';
import { runMarket } from '../virtual/run-market.ts';
import { readClientMix } from './client-mix.ts';
import { generateTrace } from './generate-trace.ts';
import { parseTrace } from './read-trace.ts';
import type { Trace } from './trace.ts';

const mix = (client: string, more = ''): Trace =>
  generateTrace(
    readClientMix(
      `version: 1\nseconds: 2000\n${more}\nclients:\n  - { name: a, perSecond: 5, prompt: { median: 800, sigma: 1 }, output: { least: 20, tail: 2.5 }, ${client} }`,
      'mix.yaml',
    ),
    'mix',
  );

function gapsOf({ requests }: Trace): { mean: number; cv: number } {
  const gaps = requests.slice(1).map(({ atMs }, i) => atMs - requests[i]!.atMs);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  return { mean, cv: Math.sqrt(variance) / mean };
}

describe('one client', () => {
  test.each([
    ['gamma', 1],
    ['gamma', 2.5],
    ['gamma', 0.5],
    ['weibull', 1],
    ['weibull', 2.5],
    ['weibull', 0.5],
  ])('%s gaps have their rate and a deviation of %d over the mean', (process, cv) => {
    const { mean, cv: seen } = gapsOf(mix(`arrivals: { process: ${process}, cv: ${cv} }`));
    expect(mean / 200).toBeGreaterThan(0.93);
    expect(mean / 200).toBeLessThan(1.07);
    expect(seen / cv).toBeGreaterThan(0.9);
    expect(seen / cv).toBeLessThan(1.1);
  });

  test('lengths have their median, and Pareto its least and its mean', () => {
    const { requests } = mix('');
    const prompts = requests.map(({ promptTokens }) => promptTokens).sort((a, b) => a - b);
    expect(prompts[prompts.length >> 1]! / 800).toBeCloseTo(1, 1);
    const outputs = requests.map(({ outputTokens }) => outputTokens);
    expect(Math.min(...outputs)).toBe(20);
    const mean = outputs.reduce((sum, tokens) => sum + tokens, 0) / outputs.length;
    // least · tail / (tail − 1)
    expect(mean / (20 * (2.5 / 1.5))).toBeCloseTo(1, 1);
  });

  test('the rate swings by day', () => {
    const { requests } = mix('', 'diurnal: { amplitude: 0.8, periodSeconds: 2000 }');
    const first = requests.filter(({ atMs }) => atMs < 1_000_000).length;
    expect(first / (requests.length - first)).toBeGreaterThan(2);
  });

  test('the same mix is the same trace', () => {
    expect(mix('').requests.slice(0, 50)).toEqual(mix('').requests.slice(0, 50));
    expect(mix('', 'seed: 2').requests[3]).not.toEqual(mix('').requests[3]);
  });
});

describe('sessions', () => {
  const trace = (): Trace => mix('systemTokens: 2048, session: { turns: 4, thinkSeconds: 5 }');

  test('grow by what was said, share what went before, and end where the context does', () => {
    const { requests } = trace();
    const byId = Map.groupBy(requests, ({ session }) => session?.id ?? -1);
    byId.delete(-1);
    expect(byId.size).toBeGreaterThan(100);
    for (const turns of byId.values()) {
      for (let i = 1; i < turns.length; i++) {
        const [before, after] = [turns[i - 1]!, turns[i]!];
        expect(after.promptTokens).toBeGreaterThan(before.promptTokens + before.outputTokens);
        expect(after.blocks!.slice(0, before.blocks!.length)).toEqual(before.blocks);
        expect(after.promptTokens + after.outputTokens).toBeLessThanOrEqual(32_768);
      }
      expect(turns[0]!.blocks!.slice(0, 4)).toEqual([0, 1, 2, 3]);
    }
  });

  test('in a run, a turn comes when the one before is answered and was thought about', async () => {
    const { requests } = trace();
    const plan = readFleet('version: 1\ninstances: [{ id: a, profile: 8b-a100 }]', 'fleet.yaml');
    const offered = requests.slice(0, 200);
    const router = ({
      clock,
    }: {
      clock: { after(ms: number, run: () => void): unknown };
    }): VirtualRouter => ({
      submit: (request, onDone) =>
        void clock.after(40_000, () => {
          request.endedMs = request.arrivedMs + 40_000;
          onDone();
        }),
    });
    const run = await runMarket({ plan, offered, seed: 1, open: async (world) => router(world) });
    const last = new Map<number, number>();
    let followed = 0;
    for (const { asked, arrivedMs, endedMs } of run.requests) {
      const { session } = asked;
      if (session === undefined) continue;
      const before = last.get(session.id);
      last.set(session.id, endedMs!);
      if (before === undefined) continue;
      followed++;
      expect(arrivedMs).toBeCloseTo(before + session.thinkMs, 6);
    }
    expect(followed).toBeGreaterThan(20);
  });
});

describe('reading', () => {
  test('a trace that is YAML is a mix', () => {
    const text =
      'version: 1\nseconds: 10\nclients: [{ name: a, perSecond: 5, prompt: { median: 9, sigma: 0 }, output: { median: 3, sigma: 0 } }]';
    const { name, requests } = parseTrace(text, 'x/agents.yaml');
    expect(name).toBe('agents');
    expect(requests.length).toBeGreaterThan(20);
    expect(requests[0]).toMatchObject({ atMs: 0, promptTokens: 9, outputTokens: 3 });
  });

  test.each([
    ['clients: []', 'version'],
    ['version: 1\nclients: []', 'clients'],
    ['version: 1\nclients: [{ name: a, perSecond: 0 }]', 'clients.0.perSecond'],
    [
      'version: 1\nclients: [{ name: a, perSecond: 1, prompt: 7, output: { median: 1, sigma: 1 } }]',
      'clients.0.prompt: must be { median, sigma }',
    ],
    ['version: 1\nclient: 1', 'Unrecognized key'],
    ['version: [', 'mix.yaml: '],
    [
      'version: 1\nseconds: 0.001\nclients: [{ name: a, perSecond: 1, prompt: { median: 9, sigma: 0 }, output: { median: 3, sigma: 0 } }]',
      'two requests',
    ],
  ])('what is wrong is named: %s', (text, message) => {
    expect(() => parseTrace(text, 'mix.yaml')).toThrow(message);
  });
});
