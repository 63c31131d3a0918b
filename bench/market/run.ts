/**
 * The exchange and the routers that people use, before simulated fleets and real traces: writes the table that is committed beside.
 *
 *   npm run bench:market            everything: five seeds
 *   npm run bench:market -- --quick one load, two seeds, short runs: prints, and writes nothing
 *   --only TEXT                     traces whose name has it
 *   --parts DIR                     keeps what each fleet and trace came to there, and does not run again what it finds
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { simulateFleet } from '../../src/app-simulate.ts';
import type { Study } from '../../src/simulate/study.ts';
import { renderFindings } from './findings.ts';

const traces = process.env['BOURSE_DATA']
  ? join(process.env['BOURSE_DATA'], 'traces')
  : fileURLToPath(new URL('../../../shared/data/traces', import.meta.url));

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    data: { type: 'string', default: traces },
    out: { type: 'string' },
    seeds: { type: 'string' },
    requests: { type: 'string' },
    loads: { type: 'string' },
    parts: { type: 'string' },
    only: { type: 'string' },
  },
});

const FLEETS = ['homogeneous', 'heterogeneous'];
const TRACES = ['azure-2023-code.csv.gz', 'mooncake-conversation-first60.jsonl.gz'];
const ROUTERS = [
  'bourse',
  'bourse+queue',
  'bourse:eco+queue',
  'round-robin',
  'least-connections',
  'power-of-two',
  'sglang-cache-aware',
  'llm-d',
  'dynamo',
  'aibrix-prefix',
  'weighted-auction',
  'lodestar',
  'oracle',
];

const loads = (values.loads ?? (values.quick ? '80' : '60,80,95')).split(',').map(Number);
const seeds = Number(values.seeds ?? (values.quick ? 2 : 5));
const requests = Number(values.requests ?? (values.quick ? 600 : 1500));

const startedMs = performance.now();
const studies: { readonly fleet: string; readonly study: Study }[] = [];
for (const trace of TRACES.filter((name) => name.includes(values.only ?? ''))) {
  for (const fleet of FLEETS) {
    const part =
      values.parts === undefined
        ? null
        : join(values.parts, `${fleet}-${trace}-${loads.join('-')}-${seeds}-${requests}.json`);
    if (part !== null && existsSync(part)) {
      studies.push({ fleet, study: JSON.parse(readFileSync(part, 'utf8')) as Study });
      continue;
    }
    const study = await simulateFleet({
      fleetFile: join(import.meta.dirname, `${fleet}.yaml`),
      traceFile: join(values.data, trace),
      routers: ROUTERS,
      loads: loads.map((load) => load / 100),
      seeds,
      firstSeed: 1,
      requests,
      onProgress: (share, what) => {
        if (!process.stderr.isTTY) return;
        process.stderr.write(
          `\r\u001b[K${fleet}, ${trace}: ${Math.floor(share * 100)} % (${what})`,
        );
      },
    });
    studies.push({ fleet, study });
    if (part !== null) {
      mkdirSync(values.parts!, { recursive: true });
      writeFileSync(part, JSON.stringify(study));
    }
    console.error(`${fleet}, ${trace}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  }
}
const text = renderFindings(studies);
console.log(text);
const out = values.out ?? (values.quick ? null : import.meta.dirname);
if (out !== null) {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'results.md'), `${text}\n`);
}
