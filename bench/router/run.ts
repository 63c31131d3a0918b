/** The quality of the trained router by cross-validation. `npm run bench:router -- [--seeds=N] [--only=TABLE] [--save]`; see README.md beside this file. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { shippedUnderstanding } from '../../src/app-understanding.ts';
import { crossValidate } from './cross-validate.ts';
import { measurePairs, measurePriced } from './measures.ts';
import type { Row } from './measures.ts';
import { GROUPS, PAIRS, PRICED, loadTable } from './tables.ts';
import { measureUnseen } from './unseen.ts';

const BASELINE = new URL('./baseline.json', import.meta.url);
const SEEDS = 3;

const args = process.argv.slice(2);
const seeds = Number(args.find((arg) => arg.startsWith('--seeds='))?.slice(8) ?? SEEDS);
const only = args.find((arg) => arg.startsWith('--only='))?.slice(7);
const { encoder } = shippedUnderstanding().fast();
const rows: Row[] = [];
function add(own: readonly Row[]): void {
  rows.push(...own);
  own.forEach(print);
}

for (const group of GROUPS.toReversed()) {
  if (only !== undefined && !group.some((name) => name === only)) continue;
  const tables = group.map(loadTable);
  const runs = Array.from({ length: seeds }, (_, seed) => {
    console.error(`${group.join(', ')}: seed ${seed + 1} of ${seeds}`);
    return crossValidate(tables, encoder, seed + 1);
  });
  group.forEach((name, t) => {
    const own = runs.map((run) => run[t]!);
    for (const pair of PAIRS[name] ?? []) add(measurePairs(name, tables[t]!, own, pair));
    if (PRICED.includes(name)) add(measurePriced(name, tables[t]!, own));
  });
  if (group[0] === 'mmlu_pro') add(measureUnseen(tables, encoder));
}
if (args.includes('--save')) {
  const fresh = rows.map((row) => ({ seeds, ...rounded(row) }));
  const kept = savedRows().filter(({ what }) => !rows.some((row) => row.what === what));
  const text = JSON.stringify({ node: process.version, rows: [...kept, ...fresh] }, null, 1);
  writeFileSync(BASELINE, `${text}\n`);
}
process.exit();

function print({ what, router, others, against }: Row): void {
  const beside = Object.entries(others).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  const spread = router.half === null ? '' : ` ± ${router.half.toFixed(4)}`;
  const gain =
    against === null
      ? ''
      : `  over ${against.name} ${signed(against.mean)} [${signed(against.low)}, ${signed(against.high)}]`;
  console.log(`${what}\n  router ${router.mean.toFixed(4)}${spread}${gain}`);
  console.log(`  ${beside.join(', ')}`);
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
}

function savedRows(): readonly Pick<Row, 'what'>[] {
  if (!existsSync(BASELINE)) return [];
  const saved = JSON.parse(readFileSync(BASELINE, 'utf8')) as { rows: Pick<Row, 'what'>[] };
  return saved.rows;
}

function rounded(row: Row): Row {
  return JSON.parse(JSON.stringify(row), (_, value: unknown) =>
    typeof value === 'number' ? Number(value.toFixed(4)) : value,
  ) as Row;
}
