import { fault, nearest } from '../kernel/index.ts';
import { BASELINES } from './baselines/index.ts';
import type { FleetPlan } from './fleet-file.ts';
import { intervalOf } from './report/interval.ts';
import type { Interval } from './report/interval.ts';
import { MEASURES, measure } from './report/measures.ts';
import type { Measures } from './report/measures.ts';
import { offeredLoad } from './traces/offered-load.ts';
import type { Trace } from './traces/trace.ts';
import { baselineRouter } from './virtual/baseline-router.ts';
import { bourseRouter } from './virtual/bourse-router.ts';
import type { OpenVirtualExchange } from './virtual/bourse-router.ts';
import { measureCapacity } from './virtual/measure-capacity.ts';
import type { OpenRouter } from './virtual/router.ts';
import { runMarket } from './virtual/run-market.ts';
import { truthOf } from './virtual/truth.ts';

export interface StudyOptions {
  readonly plan: FleetPlan;
  readonly trace: Trace;
  /** `bourse`, `bourse:MODE` or the name of a baseline. */
  readonly routers: readonly string[];
  /** Shares of the fleet's measured capacity. */
  readonly loads: readonly number[];
  readonly seeds: number;
  readonly firstSeed: number;
  /** Requests of one run; null: as many as the trace has. */
  readonly requests: number | null;
  readonly openExchange: OpenVirtualExchange;
  readonly onProgress: (share: number, what: string) => void;
}

export interface StudyCell {
  readonly load: number;
  readonly router: string;
  /** Per seed, in their order: the same seed offers the same to every router. */
  readonly runs: readonly Measures[];
  readonly measures: Readonly<Record<keyof Measures, Interval>>;
}

export interface Study {
  readonly trace: string;
  readonly instances: number;
  readonly firstSeed: number;
  readonly seeds: number;
  readonly requests: number;
  readonly capacityPerSecond: number;
  readonly slo: FleetPlan['slo'];
  readonly cells: readonly StudyCell[];
}

/** As many of a trace as tell its fleet's capacity. */
const CAPACITY_REQUESTS = 3_000;

/** `bourse`, in a mode, with requests that wait at the exchange. */
const OWN_ROUTER = /^bourse(?::([^+]+))?(\+queue)?$/;

/** Throws `BRS_CONFIG` for a router that does not exist. */
export function routerOf(name: string, open: OpenVirtualExchange): OpenRouter {
  const own = OWN_ROUTER.exec(name);
  if (own !== null) return bourseRouter(own[1] ?? null, open, own[2] !== undefined);
  const baseline = BASELINES.get(name);
  if (baseline !== undefined) return baselineRouter(baseline, truthOf);
  const names = ['bourse', 'bourse:MODE', 'bourse+queue', ...BASELINES.keys()];
  const close = nearest(name, names);
  const hint = close === null ? '' : ` Did you mean ${close}?`;
  throw fault('BRS_CONFIG', {
    report: `--router: there is no router ${name}.${hint} There are ${names.join(', ')}`,
  });
}

/** Every router at every load with every seed, and what was measured of them. */
export async function study(options: StudyOptions): Promise<Study> {
  const { plan, trace, routers, loads, seeds, firstSeed, openExchange, onProgress } = options;
  const opened = routers.map((name) => ({ name, open: routerOf(name, openExchange) }));
  const count = options.requests ?? trace.requests.length;
  onProgress(0, 'capacity of the fleet');
  const capacityPerSecond = measureCapacity(plan, trace, CAPACITY_REQUESTS);
  const total = loads.length * routers.length * seeds;
  let done = 0;
  const cells: StudyCell[] = [];
  for (const load of loads) {
    const perSecond = load * capacityPerSecond;
    for (const { name, open } of opened) {
      const runs: Measures[] = [];
      for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
        const offered = offeredLoad(trace, { perSecond, count, seed });
        const what = `${name} at ${Math.round(load * 100)} %, seed ${seed}`;
        const run = await runMarket({
          plan,
          offered,
          open,
          seed,
          onProgress: (ended) => onProgress((done + ended / count) / total, what),
        });
        runs.push(measure(run, plan));
        done++;
      }
      const entries = MEASURES.map(
        (key) => [key, intervalOf(runs.map((run) => run[key]))] as const,
      );
      const measures = Object.fromEntries(entries) as Record<keyof Measures, Interval>;
      cells.push({ load, router: name, runs, measures });
    }
  }
  return {
    trace: trace.name,
    instances: plan.instances.length,
    firstSeed,
    seeds,
    requests: count,
    capacityPerSecond,
    slo: plan.slo,
    cells,
  };
}
