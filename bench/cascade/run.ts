/** What asking again, and asking twice, is worth. `npm run bench:cascade -- [--only=quality|hedge|reasoning] [--seeds=N] [--save]`; see README.md beside this file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { shippedUnderstanding } from '../../src/app-understanding.ts';
import { loadTable, PRICED } from '../router/tables.ts';
import { measureHedge } from './hedge.ts';
import { costOf, measureTable, qualityAt } from './quality.ts';
import type { Curves, Point } from './quality.ts';
import { measureLadder, readParts } from './reasoning.ts';
import type { Ladder } from './reasoning.ts';

const BASELINE = new URL('./baseline.json', import.meta.url);
const AUCS = [0.65, 0.75, 0.85];
const CHEAP = 'mistralai/mistral-7b-chat';
const STRONG = 'gpt-4-1106-preview';
const LADDERS: readonly Ladder[] = [
  ['off', 'high'],
  ['off', 'medium', 'high'],
  ['off', 'low', 'medium', 'high'],
];

const args = process.argv.slice(2);
const only = args.find((arg) => arg.startsWith('--only='))?.slice(7);
const seeds = Number(args.find((arg) => arg.startsWith('--seeds='))?.slice(8) ?? 3);
const seedList = Array.from({ length: seeds }, (_, i) => i + 1);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const saved: Record<string, unknown> = {};

if (only === undefined || only === 'quality') saved['quality'] = runQuality();
if (only === undefined || only === 'hedge') saved['hedge'] = runHedge();
if (only === undefined || only === 'reasoning') saved['reasoning'] = await runReasoning();
if (args.includes('--save')) {
  const before = only === undefined ? {} : (JSON.parse(readFileSync(BASELINE, 'utf8')) as object);
  writeFileSync(BASELINE, `${JSON.stringify({ ...before, seeds, ...saved }, null, 1)}\n`);
}
process.exit();

function runQuality(): readonly object[] {
  const { encoder } = shippedUnderstanding().fast();
  const rows: object[] = [];
  for (const name of PRICED) {
    const table = loadTable(name);
    const runs = seedList.map((seed) => {
      console.error(`${name}: seed ${seed} of ${seeds}`);
      return measureTable(table, encoder, { aucs: AUCS, seed });
    });
    for (const auc of AUCS)
      rows.push(
        ...report(
          name,
          auc,
          runs.map((run) => run.get(auc)!),
        ),
      );
  }
  return rows;
}

/** Beside the strongest model alone: the money for its quality less a point, and the quality for half its money. */
function report(table: string, auc: number, runs: readonly Curves[]): readonly object[] {
  const first = runs[0]!;
  const names = Object.keys(first).filter((name) => !name.startsWith('always '));
  const singles = Object.entries(first).filter(([name]) => name.startsWith('always '));
  const strong = first[`always ${STRONG}`]![0]!;
  console.log(`\n${table}, confidence with AUC ${auc}: always ${STRONG} ${show(strong)}`);
  const rows = [`always ${CHEAP}`].map((name) => ({ table, auc, name, ...first[name]![0]! }));
  for (const row of rows) console.log(`  ${row.name.padEnd(34)} ${show(row)}`);
  const single = singles.map(([, points]) => points[0]!);
  const all: readonly (readonly [string, (run: Curves) => readonly Point[]])[] = [
    ['best mixture of single models', () => single],
    ...names.map((name) => [name, (run: Curves) => run[name]!] as const),
  ];
  const found = all.map(([name, pointsOf]) => {
    const each = runs.map(pointsOf);
    const costShare = mean(
      each.map((points) => costOf(points, strong.quality - 0.01) / strong.costUsd),
    );
    const halfQuality = mean(each.map((points) => qualityAt(points, strong.costUsd / 2)));
    const quarterQuality = mean(each.map((points) => qualityAt(points, strong.costUsd / 4)));
    const tenthQuality = mean(each.map((points) => qualityAt(points, strong.costUsd / 10)));
    return { table, auc, name, costShare, halfQuality, quarterQuality, tenthQuality };
  });
  for (const row of found) {
    console.log(
      `  ${row.name.padEnd(34)} ${percent(row.costShare)} of its cost for its quality less a point; quality for 1/2 ${percent(row.halfQuality)}, 1/4 ${percent(row.quarterQuality)}, 1/10 ${percent(row.tenthQuality)}`,
    );
  }
  return [...rows, ...found];
}

function runHedge(): readonly object[] {
  const requests = 20_000;
  const plans = [
    null,
    { afterMs: null, afterQuantile: 0.95, maxShare: 0.05, maxLoad: 0.7 },
    { afterMs: null, afterQuantile: 0.95, maxShare: 0.1, maxLoad: 0.7 },
    { afterMs: null, afterQuantile: 0.95, maxShare: 1, maxLoad: 1 },
  ] as const;
  const rows: object[] = [];
  console.log('\nhedge            load   hedged   p50 ms   p95 ms   p99 ms   extra work');
  for (const load of [0.3, 0.5, 0.7, 0.85, 0.95]) {
    let bareWork = 0;
    for (const plan of plans) {
      const runs = seedList.map((seed) => measureHedge(load, plan, { requests, seed }));
      const figure = (key: 'hedged' | 'p50Ms' | 'p95Ms' | 'p99Ms' | 'work'): number =>
        mean(runs.map((run) => run[key]));
      if (plan === null) bareWork = figure('work');
      const extra = figure('work') / bareWork - 1;
      const name = plan === null ? 'none' : `share ${plan.maxShare}, load ${plan.maxLoad}`;
      const row = {
        load,
        name,
        hedged: figure('hedged'),
        p50Ms: figure('p50Ms'),
        p95Ms: figure('p95Ms'),
        p99Ms: figure('p99Ms'),
        extra,
      };
      rows.push(row);
      const cells = [
        load.toFixed(2),
        percent(row.hedged),
        row.p50Ms.toFixed(0),
        row.p95Ms.toFixed(0),
        row.p99Ms.toFixed(0),
        percent(extra),
      ];
      console.log(name.padEnd(19) + cells.map((cell) => cell.padStart(8)).join(' '));
    }
  }
  return rows;
}

async function runReasoning(): Promise<readonly object[]> {
  const parts = await readParts();
  const rows: object[] = [];
  console.log('\nthinking, the cheapest effort first: tokens of always-high, points lost');
  for (const ladder of LADDERS) {
    for (const auc of [0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1]) {
      const runs = seedList.map((seed) => measureLadder(parts, ladder, { auc, seed }));
      const tokens = mean(runs.map((run) => run.tokens));
      const lostPoints = mean(runs.map((run) => run.lostPoints));
      rows.push({ ladder: ladder.join('>'), auc, tokens, lostPoints });
      console.log(
        `  ${ladder.join(' > ').padEnd(26)} AUC ${auc.toFixed(2)}  ${percent(tokens).padStart(8)}  ${lostPoints.toFixed(2).padStart(6)}`,
      );
    }
  }
  return rows;
}

function show({ costUsd, quality }: Point): string {
  return `${percent(quality)} right for ${(1000 * costUsd).toFixed(4)} USD per thousand`;
}

function percent(value: number): string {
  return Number.isNaN(value) ? '–' : `${(100 * value).toFixed(1)} %`;
}
