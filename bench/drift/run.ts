/**
 * How soon a silent loss of 15 points is found, and how rarely a steady model is accused.
 * `node bench/drift/run.ts [--quick] [--only=NAME]`; see README.md beside this file.
 */
import { accuracyConfig } from './world.ts';
import { delays, divergence, knownRates, LOSS, productWatch, runLength } from './streams.ts';
import type { Stream } from './streams.ts';
import { wonAfterLoss } from './traffic.ts';

const QUICK = process.argv.includes('--quick');
const RUNS = QUICK ? 60 : 200;
const STEADY_VERDICTS = QUICK ? 60_000 : 200_000;
const REFERENCES = [300, 1_000, 3_000];
const WANTED = 10_000;

const at = (...rates: number[]): number[] => rates;
const STREAMS: readonly Stream[] = [
  { name: '0.9', rates: at(0.9), reliability: 1 },
  { name: '0.8', rates: at(0.8), reliability: 1 },
  { name: '0.7', rates: at(0.7), reliability: 1 },
  { name: '0.6', rates: at(0.6), reliability: 1 },
  { name: '0.5', rates: at(0.5), reliability: 1 },
  { name: '0.7, four topics .92 .85 .65 .38', rates: at(0.92, 0.85, 0.65, 0.38), reliability: 1 },
  { name: '0.8, judge of reliability .8', rates: at(0.8), reliability: 0.8 },
];

/** The threshold at which the best detector accuses a steady model once in `WANTED` verdicts. */
function calibrated(stream: Stream): number {
  const probe = WANTED / 2;
  const length = runLength(() => knownRates(stream, probe), stream, STEADY_VERDICTS * 2);
  return (probe * WANTED) / length;
}

const figure = (value: number): string => String(Math.round(value));
const cells = (values: readonly string[]): string => `| ${values.join(' | ')} |`;

console.log(
  `A loss of ${LOSS} at one false alarm in ${WANTED} verdicts. Delays in verdicts: median / p90 (share found within 200).\n`,
);
console.log(
  cells([
    'model is right with',
    'nats per verdict',
    'ln(10 000)/nats',
    'best possible, rates known',
    ...REFERENCES.map((n) => `after ${n} verdicts`),
    'verdicts per false alarm',
  ]),
);
console.log(cells(Array.from({ length: 5 + REFERENCES.length }, () => '---')));
const only = process.argv.find((word) => word.startsWith('--only='))?.slice('--only='.length);
for (const stream of STREAMS) {
  if (only !== undefined && !stream.name.includes(only)) continue;
  const nats = divergence(stream);
  const threshold = calibrated(stream);
  const best = delays(() => knownRates(stream, threshold), stream, { steady: 300, runs: RUNS * 5 });
  const make = () => productWatch(stream, accuracyConfig());
  const shown = REFERENCES.map((steady) => {
    const runs = steady > 1_000 ? Math.ceil(RUNS / 2) : RUNS;
    const { median, p90, within200 } = delays(make, stream, { steady, runs });
    return `${median} / ${p90} (${figure(within200 * 100)} %)`;
  });
  console.log(
    cells([
      stream.name,
      nats.toFixed(3),
      figure(Math.log(WANTED) / nats),
      `${best.median} / ${best.p90} (${figure(best.within200 * 100)} %)`,
      ...shown,
      figure(runLength(make, stream, STEADY_VERDICTS)),
    ]),
  );
}

console.log(
  '\nSampled requests that it still wins after the loss, of an auction with a rival: median / p90.\n',
);
for (const rivals of [
  { drifting: 0.87, steady: 0.8, before: 1_000 },
  { drifting: 0.8, steady: 0.72, before: 1_000 },
  { drifting: 0.7, steady: 0.62, before: 1_000 },
]) {
  const won = Array.from({ length: Math.ceil(RUNS / 4) }, (_, i) => wonAfterLoss(rivals, i + 1));
  won.sort((a, b) => a - b);
  const { drifting, steady } = rivals;
  console.log(
    `${drifting} against ${steady}: ${won[Math.floor(won.length / 2)]} / ${won[Math.floor(won.length * 0.9)]}`,
  );
}
