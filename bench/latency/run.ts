/** How well times are foretold. `npm run bench:latency -- [--save]`; see README.md beside this file. */
import { writeFileSync } from 'node:fs';
import { DEMO_FLEET } from '../../src/simulate/demo-fleet.ts';
import type { EngineSpec } from '../../src/simulate/engine-spec.ts';
import { FORMULAS } from './formulas.ts';
import type { Prediction } from './formulas.ts';
import { runWorld } from './world.ts';

const REQUESTS = 6_000;
const WARM_SHARE = 0.15;
const SEEDS = [11, 12, 13];
const LOADS = [0.6, 0.8, 0.95];
const BASELINE = new URL('./baseline.json', import.meta.url);

const named = (name: string): EngineSpec => DEMO_FLEET.find(({ id }) => id === name)!.engine;
const FLEETS: Readonly<Record<string, readonly { id: string; spec: EngineSpec }[]>> = {
  homogeneous: ['a', 'b', 'c', 'd'].map((id) => ({ id, spec: named('small-a') })),
  heterogeneous: DEMO_FLEET.filter(({ answers }) => answers !== null).map(({ id, engine }) => ({
    id,
    spec: engine,
  })),
};
/** Requests per second that count as full load: more than these, and queues grow without end. */
const RATES: Readonly<Record<string, number>> = { homogeneous: 22, heterogeneous: 20 };

interface Errors {
  first: number[];
  firstShare: number[];
  later: number[];
  laterShare: number[];
  firstBelow: number;
  laterBelow: number;
  count: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

function measure(fleet: string, load: number, seed: number): Map<string, Errors> {
  const engines = FLEETS[fleet]!;
  const makers = Object.entries(FORMULAS).map(([name, make]) => [name, make()] as const);
  const formulas = engines.map(() => makers.map(([, make]) => make()));
  const errors = makers.map((): Errors => ({
    first: [],
    firstShare: [],
    later: [],
    laterShare: [],
    firstBelow: 0,
    laterBelow: 0,
    count: 0,
  }));
  let ended = 0;
  runWorld({
    engines,
    rate: RATES[fleet]! * load,
    requests: REQUESTS,
    seed,
    dispatched(at, seen) {
      const predictions: Prediction[] = formulas[at]!.map((each) => each.predict(seen));
      return (served) => {
        const isWarm = ended++ > REQUESTS * WARM_SHARE;
        formulas[at]!.forEach((each, i) => {
          each.observe(served);
          if (!isWarm) return;
          const of = errors[i]!;
          const { ttftMs, perTokenMs, ttftP90Ms, perTokenP90Ms } = predictions[i]!;
          of.count++;
          of.first.push(Math.abs(ttftMs - served.ttftMs));
          of.firstShare.push(Math.abs(ttftMs - served.ttftMs) / served.ttftMs);
          of.later.push(Math.abs(perTokenMs - served.perTokenMs));
          of.laterShare.push(Math.abs(perTokenMs - served.perTokenMs) / served.perTokenMs);
          if (ttftP90Ms !== null && served.ttftMs <= ttftP90Ms) of.firstBelow++;
          if (perTokenP90Ms !== null && served.perTokenMs <= perTokenP90Ms) of.laterBelow++;
        });
      };
    },
  });
  return new Map(makers.map(([name], i) => [name, errors[i]!]));
}

interface Row {
  readonly fleet: string;
  readonly load: number;
  readonly formula: string;
  readonly ttftErrorMs: number;
  readonly ttftErrorShare: number;
  /** Share of values that were no larger than the p90 foretold; null where none was. */
  readonly ttftBelowP90: number | null;
  readonly perTokenErrorMs: number;
  readonly perTokenErrorShare: number;
  readonly perTokenBelowP90: number | null;
}

function rowOf(runs: readonly Errors[]): Omit<Row, 'fleet' | 'load' | 'formula'> {
  const part = (pick: (errors: Errors) => number): number =>
    Number(mean(runs.map(pick)).toPrecision(3));
  const hasTail = runs[0]!.firstBelow > 0;
  return {
    ttftErrorMs: part((each) => mean(each.first)),
    ttftErrorShare: part((each) => mean(each.firstShare)),
    ttftBelowP90: hasTail ? part((each) => each.firstBelow / each.count) : null,
    perTokenErrorMs: part((each) => mean(each.later)),
    perTokenErrorShare: part((each) => mean(each.laterShare)),
    perTokenBelowP90: hasTail ? part((each) => each.laterBelow / each.count) : null,
  };
}

const percent = (share: number | null): string =>
  (share === null ? '' : `${(100 * share).toFixed(1)} %`).padStart(9);
console.log(`${''.padEnd(28)}TTFT: mean error, its share, below p90 · per token: the same`);
const rows: Row[] = [];
for (const fleet of Object.keys(FLEETS)) {
  for (const load of LOADS) {
    const runs = SEEDS.map((seed) => measure(fleet, load, seed));
    console.log(`${fleet}, load ${load}`);
    for (const formula of Object.keys(FORMULAS)) {
      const row = rowOf(runs.map((run) => run.get(formula)!));
      rows.push({ fleet, load, formula, ...row });
      console.log(
        `  ${formula.padEnd(26)}${row.ttftErrorMs.toFixed(0).padStart(7)} ms` +
          `${percent(row.ttftErrorShare)}${percent(row.ttftBelowP90)}` +
          `  ${row.perTokenErrorMs.toFixed(2).padStart(7)} ms` +
          `${percent(row.perTokenErrorShare)}${percent(row.perTokenBelowP90)}`,
      );
    }
  }
}
if (process.argv.includes('--save')) {
  const given = { requests: REQUESTS, seeds: SEEDS };
  writeFileSync(BASELINE, `${JSON.stringify({ given, rows }, null, 1)}\n`);
}
