/** The speed of the policy. `npm run bench:policy -- [--save] [NAME…]`; see README.md beside this file. */
import { saveTimings, time } from '../signals/measure.ts';
import type { Timing } from '../signals/measure.ts';
import { createCases } from './cases.ts';

const BASELINE = new URL('./baseline.json', import.meta.url);
const column = (value: number): string => value.toFixed(2).padStart(10);

const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith('--'));
console.log(`${''.padEnd(50)}${['p50', 'p99', 'CPU'].map((title) => title.padStart(10)).join('')}`);
const timings: Timing[] = [];
for (const one of createCases()) {
  if (wanted.length > 0 && !wanted.some((part) => one.name.includes(part))) continue;
  const timing = await time(one);
  timings.push(timing);
  const { name, p50, p99, cpu, unit, target } = timing;
  console.log(
    `${name.padEnd(50)}${column(p50)}${column(p99)}${column(cpu)} ${unit}  ${target ?? ''}`,
  );
}
if (args.includes('--save')) saveTimings(BASELINE, timings);
