/** What the cache serves, how much of it is wrong, and how long a lookup takes. `npm run bench:cache -- [--save]`; see docs/guides/cache.md. */
import { existsSync, writeFileSync } from 'node:fs';
import { shippedUnderstanding } from '../../src/app-understanding.ts';
import { loadUtterances, runCustomerStream } from './customer-stream.ts';
import { runExchangeStream } from './exchange-stream.ts';
import { measureIndex } from './index-speed.ts';

const DATA =
  process.env['BOURSE_DATA'] ?? new URL('../../../shared/data', import.meta.url).pathname;
const SEEDS = 3;
const EXCHANGE_SEEDS = 2;
const args = process.argv.slice(2);
const { encoder } = shippedUnderstanding('off').fast();
const rows: object[] = [];

if (existsSync(DATA)) {
  const utterances = loadUtterances(DATA);
  for (const exponent of [0.8, 1]) {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const options = { seed, requests: 10_000, warmRequests: 5_000, maxErrorRate: 0.02, exponent };
      for (const share of runCustomerStream(utterances, encoder, options)) {
        add({ bench: 'customers', exponent, seed, ...share });
      }
    }
  }
  for (const prefer of ['market', 'cache'] as const) {
    for (let seed = 1; seed <= EXCHANGE_SEEDS; seed++) {
      const options = {
        seed,
        requests: 4_000,
        maxErrorRate: 0.02,
        exponent: 0.8,
        mode: 'economy',
        prefer,
      };
      add({ bench: 'exchange', prefer, seed, ...(await runExchangeStream(utterances, options)) });
    }
  }
} else {
  console.error(`${DATA} is not there: the customer stream is left out`);
}
for (const entries of [5_000, 100_000])
  add({ bench: 'index', ...measureIndex(entries, encoder.dimensions) });

if (args.includes('--save')) {
  const text = JSON.stringify({ node: process.version, rows }, null, 1);
  writeFileSync(new URL('./baseline.json', import.meta.url), `${text}\n`);
}
process.exit();

function add(row: object): void {
  rows.push(row);
  console.log(
    Object.entries(row)
      .map(
        ([name, value]) =>
          `${name} ${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`,
      )
      .join('  '),
  );
}
