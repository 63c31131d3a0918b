import { createRng, createVirtualClock } from '../../src/kernel/index.ts';
import type { InstanceId, Rng } from '../../src/kernel/index.ts';
import type { Instance, Model } from '../../src/contract/index.ts';
import { createEngineModel } from '../../src/simulate/engine-model.ts';
import type { EngineModel } from '../../src/simulate/engine-model.ts';
import type { EngineSpec } from '../../src/simulate/engine-spec.ts';
import { promptBlocks } from '../../src/simulate/prompt-blocks.ts';
import type { Seen, Served } from './formulas.ts';

const POLL_MS = 1_000;

export interface WorldOptions {
  readonly engines: readonly { readonly id: string; readonly spec: EngineSpec }[];
  /** Requests per second, to all instances together. */
  readonly rate: number;
  readonly requests: number;
  readonly seed: number;
  /** Called as a request is dispatched; what it returns, as it ends. */
  dispatched(instance: number, seen: Seen): (served: Served) => void;
}

interface Active {
  promptTokens: number;
  generated: number;
}

interface Site {
  readonly instance: Instance;
  readonly engine: EngineModel;
  readonly spec: EngineSpec;
  readonly active: Set<Active>;
  inFlight: number;
  pendingTokens: number;
  poll: Pick<Seen, 'running' | 'waiting' | 'kvUsageRatio' | 'inFlightAtPoll'>;
}

/** Arrivals in bursts, log-normal lengths; each request goes to an instance drawn by its speed. */
export function runWorld(options: WorldOptions): void {
  const rng = createRng(options.seed);
  const clock = createVirtualClock();
  const sites = options.engines.map(({ id, spec }): Site => ({
    instance: { id: id as InstanceId, maxRunning: spec.maxRunning, model: {} as Model } as Instance,
    engine: createEngineModel({ clock, rng, spec }),
    spec,
    active: new Set(),
    inFlight: 0,
    pendingTokens: 0,
    poll: { running: 0, waiting: 0, kvUsageRatio: 0, inFlightAtPoll: 0 },
  }));
  const shares = sites.map(({ spec }) => speedOf(spec));
  sites.forEach((site, i) => {
    const look = (): void => {
      const { running, waiting, kvUsageRatio } = site.engine.stats();
      site.poll = { running, waiting, kvUsageRatio, inFlightAtPoll: site.inFlight };
      clock.after(POLL_MS, look);
    };
    clock.after((i * POLL_MS) / sites.length, look);
  });
  let sent = 0;
  let over = 0;
  const next = (): void => {
    if (sent >= options.requests) return;
    sent++;
    const at = draw(rng, shares);
    submit(sites[at]!, at, { rng, options, nowMs: () => clock.monotonicMs(), onEnd: () => over++ });
    // Hyperexponential gaps: bursts with a coefficient of variation of about two.
    const rate = rng.next() < 0.8 ? options.rate * 2.6 : options.rate * 0.29;
    clock.after((-Math.log(1 - rng.next()) / rate) * 1000, next);
  };
  next();
  while (over < options.requests && clock.step());
}

/** Requests per second that an engine takes, about. */
function speedOf({ weightReadMs, perSequenceMs, maxRunning }: EngineSpec): number {
  return Math.min(maxRunning, 32) / (weightReadMs + perSequenceMs * Math.min(maxRunning, 32));
}

interface Arrival {
  readonly rng: Rng;
  readonly options: WorldOptions;
  readonly nowMs: () => number;
  readonly onEnd: () => void;
}

function submit(site: Site, at: number, { rng, options, nowMs, onEnd }: Arrival): void {
  const promptTokens = Math.min(6_000, Math.max(20, Math.round(logNormal(rng, 600, 1))));
  const outputTokens = Math.min(800, Math.max(4, Math.round(logNormal(rng, 130, 0.7))));
  const prompt = promptBlocks(idsOf(rng, promptTokens), site.spec.blockSize, 1);
  if (!site.engine.fits(promptTokens, outputTokens)) return onEnd();
  const startedMs = nowMs();
  const active: Active = { promptTokens, generated: 0 };
  let done: ((served: Served) => void) | null = null;
  let seen: Seen | null = null;
  let firstMs = 0;
  let pending = 0;
  const activeTokens = [...site.active].reduce(
    (sum, each) => sum + each.promptTokens + each.generated,
    0,
  );
  const { poll } = site;
  const own = { inFlight: site.inFlight, pendingTokens: site.pendingTokens };
  site.inFlight++;
  site.active.add(active);
  site.engine.submit({
    prompt,
    outputTokens,
    onToken: (index, atMs) => {
      active.generated = index + 1;
      if (index > 0) return;
      firstMs = atMs;
      site.pendingTokens -= pending;
    },
    onEnd: (result) => {
      site.inFlight--;
      site.active.delete(active);
      const ttftMs = firstMs - startedMs;
      const perTokenMs = outputTokens > 1 ? (result.endedAtMs - firstMs) / (outputTokens - 1) : 0;
      const totalMs = result.endedAtMs - startedMs;
      const known = { ...seen!, cachedTokens: result.cachedTokens };
      done!({ seen: known, ttftMs, perTokenMs, totalMs, outputTokens });
      onEnd();
    },
  });
  // No two prompts begin alike: what is measured is time, not the knowledge of caches.
  const cachedTokens = 0;
  pending = promptTokens - cachedTokens;
  site.pendingTokens += pending;
  seen = { instance: site.instance, ...poll, ...own, activeTokens, promptTokens, cachedTokens };
  done = options.dispatched(at, seen);
}

function idsOf(rng: Rng, tokens: number): Int32Array {
  const ids = new Int32Array(tokens);
  const own = Math.floor(rng.next() * 0x7fffffff);
  for (let i = 0; i < tokens; i++) ids[i] = own + i;
  return ids;
}

function logNormal(rng: Rng, median: number, sigma: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - rng.next()));
  return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * rng.next()));
}

function draw(rng: Rng, shares: readonly number[]): number {
  let left = rng.next() * shares.reduce((sum, each) => sum + each, 0);
  for (let i = 0; i < shares.length; i++) {
    left -= shares[i]!;
    if (left <= 0) return i;
  }
  return shares.length - 1;
}
