import { describe, expect, test } from 'vitest';
import { openVirtualExchange } from '../../src/app-virtual-exchange.ts';
import { readFleet } from '../../src/simulate/fleet-file.ts';
import { routerOf, study } from '../../src/simulate/study.ts';
import { runMarket } from '../../src/simulate/virtual/run-market.ts';
import type { TraceRequest } from '../../src/simulate/traces/trace.ts';

const planOf = (more = ''): ReturnType<typeof readFleet> =>
  readFleet(
    `version: 1\ninstances:\n  - { id: fast, profile: 8b-h100 }\n  - { id: slow, profile: 8b-l40s }\n${more}`,
    'fleet.yaml',
  );

const requests = (count: number, gapMs: number): TraceRequest[] =>
  Array.from({ length: count }, (_, i) => ({
    atMs: i * gapMs,
    promptTokens: 400 + (i % 7) * 100,
    outputTokens: 20,
    blocks: null,
  }));

const run = (router: string, offered: TraceRequest[], more = '') =>
  runMarket({ plan: planOf(more), offered, open: routerOf(router, openVirtualExchange), seed: 5 });

describe('a market in virtual time', () => {
  test('the exchange serves everybody, learns who is fast, and one seed is one history', async () => {
    const [first, second] = [
      await run('bourse', requests(300, 200)),
      await run('bourse', requests(300, 200)),
    ];
    expect(first.requests.every(({ status }) => status === 'ok')).toBe(true);
    const late = first.requests.slice(100);
    expect(late.filter(({ instance }) => instance === 0).length / late.length).toBeGreaterThan(0.8);
    const times = ({ requests: all }: typeof first) =>
      all.map(({ firstTokenMs, endedMs, instance }) => [firstTokenMs, endedMs, instance]);
    expect(times(second)).toEqual(times(first));
  });

  test('what the exchange counts is what the engine did', async () => {
    const { requests: all } = await run('bourse', requests(20, 500));
    for (const { asked, outputTokens, firstTokenMs, arrivedMs, endedMs } of all) {
      expect(outputTokens).toBe(asked.outputTokens);
      expect(firstTokenMs!).toBeGreaterThan(arrivedMs);
      expect(endedMs!).toBeGreaterThan(firstTokenMs!);
    }
  });

  test.each(['bourse', 'round-robin'])('%s goes round a server that is down', async (router) => {
    const events = 'events: [{ instance: fast, atSeconds: 5, untilSeconds: 30 }]\n';
    const { requests: all } = await run(router, requests(80, 250), events);
    const during = all.filter(({ arrivedMs }) => arrivedMs > 7_000);
    expect(during.every(({ status, instance }) => status === 'ok' && instance === 1)).toBe(true);
    expect(all.filter(({ status }) => status === 'failed').length).toBeLessThan(5);
  });
});

test('a study measures every router at every load, and names what does not exist', async () => {
  const options = {
    plan: planOf(),
    trace: { name: 't', requests: requests(200, 50) },
    routers: ['bourse', 'bourse:eco', 'oracle'],
    loads: [0.5],
    seeds: 2,
    firstSeed: 1,
    requests: 100,
    openExchange: openVirtualExchange,
    onProgress: () => {},
  };
  const { cells, capacityPerSecond } = await study(options);
  expect(capacityPerSecond).toBeGreaterThan(0);
  expect(cells.map(({ router, runs }) => [router, runs.length])).toEqual([
    ['bourse', 2],
    ['bourse:eco', 2],
    ['oracle', 2],
  ]);
  for (const { measures } of cells) expect(measures.served.mean).toBe(1);
  await expect(study({ ...options, routers: ['lodstar'] })).rejects.toThrow(
    'Did you mean lodestar?',
  );
});
