/** The speed of signals. `npm run bench:signals -- [--save] [NAME…]`; see README.md beside this file. */
import { readFileSync } from 'node:fs';
import { shippedUnderstanding } from '../../src/app-understanding.ts';
import { createCases } from './cases.ts';
import { saveTimings, time } from './measure.ts';
import type { Timing } from './measure.ts';

const BASELINE = new URL('./baseline.json', import.meta.url);
const MODELS = new URL('../../models/', import.meta.url);

function readModel(name: string): Uint8Array | null {
  try {
    return readFileSync(new URL(name, MODELS));
  } catch {
    return null;
  }
}

function line({ name, unit, p50, p99, cpu, target }: Timing): string {
  const number = (value: number): string => value.toFixed(2).padStart(10);
  return `${name.padEnd(50)}${number(p50)}${number(p99)}${number(cpu)} ${unit}  ${target ?? ''}`;
}

const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith('--'));
const understanding = shippedUnderstanding();
const scans = understanding.scans();
if (scans === null) throw new Error('there is no thread for long scans');

console.log(`${''.padEnd(50)}${['p50', 'p99', 'CPU'].map((title) => title.padStart(10)).join('')}`);
const timings: Timing[] = [];
for (const one of createCases({ understanding, scans, files: readModel })) {
  if (wanted.length > 0 && !wanted.some((part) => one.name.includes(part))) continue;
  try {
    const timing = await time(one);
    timings.push(timing);
    console.log(line(timing));
  } catch (error) {
    console.log(`${one.name.padEnd(50)} not measured: ${(error as Error).message}`);
  }
}
if (args.includes('--save')) saveTimings(BASELINE, timings);
process.exit();
