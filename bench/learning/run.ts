/** What neighbours and exploration are worth. `npm run bench:learning -- [--seeds=N] [--save]`; see README.md beside this file. */
import { writeFileSync } from 'node:fs';
import { measureNeighbours, VERDICTS } from './neighbours.ts';
import { replay, RULES } from './replay.ts';
import type { Open, Rule, Run } from './replay.ts';
import { openStage } from './stage.ts';
import type { Stage } from './stage.ts';

const BASELINE = new URL('./baseline.json', import.meta.url);
const SEEDS = 5;
const NEIGHBOUR_SEEDS = 2;

const args = process.argv.slice(2);
const seeds = Number(args.find((arg) => arg.startsWith('--seeds='))?.slice(8) ?? SEEDS);
const rows: unknown[] = [];
const runs = new Map<string, Run>();

const stages = [
  {
    stage: openStage(['routerbench_mbpp', 'routerbench_arc_challenge', 'routerbench_winograde']),
    usdPerError: 0.004,
    added: 'zero-one-ai/Yi-34B-Chat',
    removed: null,
  },
  {
    stage: openStage(['mmlu_pro']),
    usdPerError: 0.004,
    added: 'DeepSeek-Coder-V2',
    removed: 'gemini-1.5-pro-002',
  },
];
for (const { stage, usdPerError, added, removed } of stages) {
  console.log(
    `\n${stage.name}: ${stage.requests.length} requests, ${stage.columns.length} models, ${usdPerError} USD per error`,
  );
  neighbours(stage);
  policies(stage, usdPerError);
  if (stage.columns.some(({ model }) => model.id === added))
    changes(stage, usdPerError, { added, removed });
}
if (args.includes('--save')) {
  writeFileSync(BASELINE, `${JSON.stringify({ node: process.version, seeds, rows }, null, 1)}\n`);
}
process.exit();

function tell(row: Readonly<Record<string, string | number>>): void {
  rows.push(row);
  const cells = Object.entries(row).map(([name, value]) =>
    typeof value === 'string' ? value : `${name} ${Number(value.toPrecision(4))}`,
  );
  console.log(`  ${cells.join('  ')}`);
}

function neighbours(stage: Stage): void {
  measureNeighbours(stage, Math.min(seeds, NEIGHBOUR_SEEDS)).forEach((scores, i) =>
    tell({
      table: stage.name,
      what: `Brier × 1000 over the true mean after ${VERDICTS[i]!} verdicts`,
      ...scores,
    }),
  );
}

interface Worth {
  readonly quality: number;
  readonly costUsd: number;
  /** Cost and errors at their price, per request. */
  readonly lossUsd: number;
}

function worthOf(
  { columns }: Stage,
  usdPerError: number,
  pick: (row: number) => number,
  order: readonly number[],
): Worth {
  let [quality, costUsd] = [0, 0];
  for (const row of order) {
    const column = columns[pick(row)]!;
    quality += column.correct[row]! / order.length;
    costUsd += column.costUsd[row]! / order.length;
  }
  return { quality, costUsd, lossUsd: costUsd + usdPerError * (1 - quality) };
}

function ofRun(stage: Stage, usdPerError: number, { served, order }: Run, from = 0): Worth {
  const place = new Map(order.map((row, i) => [row, served[i]!]));
  const part = order.slice(Math.floor(from * order.length));
  return worthOf(stage, usdPerError, (row) => place.get(row)!, part);
}

/** The quality of the best mix of two single models at that cost, chosen in hindsight: RouterBench's Zero router. */
function mixAt(stage: Stage, costUsd: number): number {
  const all = stage.requests.map((_, i) => i);
  const singles = stage.columns.map((_, c) => worthOf(stage, 0, () => c, all));
  let best = 0;
  for (const a of singles) {
    if (a.costUsd <= costUsd) best = Math.max(best, a.quality);
    for (const b of singles) {
      if (!(a.costUsd <= costUsd && b.costUsd > costUsd)) continue;
      const share = (costUsd - a.costUsd) / (b.costUsd - a.costUsd);
      best = Math.max(best, a.quality + share * (b.quality - a.quality));
    }
  }
  return best;
}

function policies(stage: Stage, usdPerError: number): void {
  const { requests, columns } = stage;
  const all = requests.map((_, i) => i);
  const show = (name: string, worth: Worth, extra: Record<string, number> = {}): void =>
    tell({
      table: stage.name,
      rule: name.padEnd(20),
      quality: worth.quality,
      milliUsd: 1000 * worth.costUsd,
      lossMilliUsd: 1000 * worth.lossUsd,
      mixAtItsCost: mixAt(stage, worth.costUsd),
      ...extra,
    });
  const least = (of: (c: number) => number): number =>
    columns.reduce((best, _, c) => (of(c) < of(best) ? c : best), 0);
  const single = least((c) => worthOf(stage, usdPerError, () => c, all).lossUsd);
  const oracle = (row: number): number =>
    least((c) => columns[c]!.costUsd[row]! + usdPerError * (1 - columns[c]!.correct[row]!));
  const groups = Map.groupBy(all, (i) => requests[i]!.category);
  const byCategory = new Map(
    [...groups].map(([name, own]) => [
      name,
      least((c) => worthOf(stage, usdPerError, () => c, own).lossUsd),
    ]),
  );
  show(
    `single ${columns[single]!.model.id}`,
    worthOf(stage, usdPerError, () => single, all),
  );
  show(
    'category, known',
    worthOf(stage, usdPerError, (row) => byCategory.get(requests[row]!.category)!, all),
  );
  show('oracle', worthOf(stage, usdPerError, oracle, all));
  for (const rule of RULES) {
    const runs = Array.from({ length: seeds }, (_, i) =>
      replay(stage, usdPerError, rule, { seed: i + 1 }),
    );
    const whole = runs.map((run) => ofRun(stage, usdPerError, run));
    const late = runs.map((run) => ofRun(stage, usdPerError, run, 0.75));
    const mean = (of: (worth: Worth) => number, from: readonly Worth[]): number =>
      from.reduce((sum, one) => sum + of(one), 0) / from.length;
    const worth = {
      quality: mean((one) => one.quality, whole),
      costUsd: mean((one) => one.costUsd, whole),
      lossUsd: mean((one) => one.lossUsd, whole),
    };
    const centre = worth.lossUsd;
    const spread = Math.sqrt(
      mean((one) => (one.lossUsd - centre) ** 2, whole) / Math.max(1, seeds - 1),
    );
    show(rule.name, worth, {
      halfMilliUsd: 2000 * 1.39 * spread,
      lateLossMilliUsd: 1000 * mean((one) => one.lossUsd, late),
    });
  }
}

/** A model comes at half of the stream, and one goes at three quarters. */
function changes(
  stage: Stage,
  usdPerError: number,
  { added, removed }: { readonly added: string; readonly removed: string | null },
): void {
  const place = (id: string | null): number =>
    stage.columns.findIndex(({ model }) => model.id === id);
  const [comes, goes] = [place(added), place(removed)];
  const isOpen: Open = (c, done) => (c !== comes || done >= 0.5) && (c !== goes || done < 0.75);
  const always: Open = (c, done) => c !== goes || done < 0.75;
  for (const rule of RULES) {
    const shares = (open: Open, from: number, to: number): number => {
      let [count, whole] = [0, 0];
      for (let seed = 1; seed <= seeds; seed++) {
        const { served } = cached(stage, usdPerError, rule, { seed, isOpen: open });
        const part = served.slice(Math.floor(from * served.length), Math.floor(to * served.length));
        whole += part.length;
        for (const one of part) if (one === comes) count++;
      }
      return count / whole;
    };
    const barred = Array.from({ length: seeds }, (_, i) =>
      cached(stage, usdPerError, rule, { seed: i + 1, isOpen }),
    ).some(({ served }) => served.some((c, i) => !isOpen(c, i / served.length)));
    tell({
      table: stage.name,
      change: `${rule.name.padEnd(20)} ${added} comes at half`,
      shareAfter2Percent: shares(isOpen, 0.5, 0.52),
      shareAfter5Percent: shares(isOpen, 0.53, 0.55),
      shareAfter10Percent: shares(isOpen, 0.58, 0.6),
      shareAtEnd: shares(isOpen, 0.9, 1),
      shareIfAlwaysThere: shares(always, 0.9, 1),
      barredServed: Number(barred),
    });
  }
}

function cached(
  stage: Stage,
  usdPerError: number,
  rule: Rule,
  stream: { readonly seed: number; readonly isOpen: Open },
): Run {
  const key = `${stage.name}|${rule.name}|${stream.seed}|${String(stream.isOpen)}`;
  let run = runs.get(key);
  if (run === undefined) runs.set(key, (run = replay(stage, usdPerError, rule, stream)));
  return run;
}
